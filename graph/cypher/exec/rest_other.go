//go:build !linux

package exec

import "time"

// leaveCore gives the core away for at least so long.
func leaveCore(d time.Duration) { time.Sleep(d) }
