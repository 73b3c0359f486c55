package hivehub

import "time"

// unixMs is a time as Unix milliseconds; 0 for none and for the zero time.
func unixMs(at *time.Time) int64 {
	if at == nil || at.IsZero() {
		return 0
	}
	return at.UnixMilli()
}
