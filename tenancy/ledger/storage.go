package ledger

import "math/bits"

// Storage is a period's peak and mean of a tenant's storage, from samples: one with each tick that names the tenant,
// and one when the period turns. Between two samples the earlier one's size is taken.
type Storage struct {
	// PeakBytes is the greatest sample.
	PeakBytes uint64
	// LastBytes is the newest sample, at LastMs, log time in Unix milliseconds.
	LastBytes uint64
	LastMs    int64
	// SinceMs is the time of the first sample; 0 before it.
	SinceMs int64
	// high and low are the integral of bytes over milliseconds, 128 bits.
	high, low uint64
}

// observed is the storage after a sample. A time before the last one counts as the last one.
func (s Storage) observed(bytes uint64, atMs int64) Storage {
	atMs = max(atMs, 1)
	if s.SinceMs == 0 {
		return Storage{PeakBytes: bytes, LastBytes: bytes, LastMs: atMs, SinceMs: atMs}
	}
	s = s.until(atMs)
	s.PeakBytes, s.LastBytes = max(s.PeakBytes, bytes), bytes
	return s
}

// until extends the integral with the last sample's size.
func (s Storage) until(atMs int64) Storage {
	if s.SinceMs == 0 || atMs <= s.LastMs {
		return s
	}
	high, low := bits.Mul64(s.LastBytes, uint64(atMs-s.LastMs))
	var carry uint64
	s.low, carry = bits.Add64(s.low, low, 0)
	s.high, _ = bits.Add64(s.high, high, carry)
	s.LastMs = atMs
	return s
}

// MeanBytes is the mean size from the first sample until a moment of log time, in Unix milliseconds.
func (s Storage) MeanBytes(atMs int64) uint64 {
	s = s.until(atMs)
	span := uint64(s.LastMs - s.SinceMs)
	if s.SinceMs == 0 || span == 0 {
		return s.LastBytes
	}
	if s.high >= span {
		return s.PeakBytes // cannot be: a mean is no greater than the peak
	}
	mean, _ := bits.Div64(s.high, s.low, span)
	return mean
}
