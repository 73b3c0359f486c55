package exec

import (
	"syscall"
	"time"
)

// leaveCore gives the core away for about so long. The system's own call keeps to it; time.Sleep rounds up to a
// millisecond on an idle process.
func leaveCore(d time.Duration) {
	pause := syscall.NsecToTimespec(int64(d))
	_ = syscall.Nanosleep(&pause, nil) // cut short by a signal: then it was a shorter rest
}
