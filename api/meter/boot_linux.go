package meter

import (
	"os"
	"strings"
)

// bootID names this run of the machine, "" where it is not known. What a process wrote into mapped memory outlives the
// process as long as the machine runs.
func bootID() string {
	raw, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(raw))
}
