//go:build planted

package planted

import (
	"os"
	"strings"
	"sync"
)

// Built tells whether this binary can hold planted bugs at all.
const Built = true

var names = sync.OnceValue(func() map[string]bool {
	set := map[string]bool{}
	for _, name := range strings.Split(os.Getenv("NEXUS_PLANT"), ",") {
		set[name] = true
	}
	return set
})

// On tells whether the named bug is planted in this process.
func On(name string) bool { return names()[name] }
