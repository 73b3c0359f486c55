//go:build !planted

package planted

// Built tells whether this binary can hold planted bugs at all.
const Built = false

// On tells whether the named bug is planted: never, in this build.
func On(string) bool { return false }
