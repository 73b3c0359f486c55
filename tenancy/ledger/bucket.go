package ledger

import (
	"math"
	"math/bits"
)

// Bucket is one node's token bucket of one tenant in a word, so that it can be moved by a compare-and-swap: the moment,
// in nanoseconds of the node's monotonic clock, at which it would be full again (the generic cell rate algorithm). It
// means something only together with its [Pace].
type Bucket int64

// BucketClosed is the word of a bucket whose pace was replaced: whoever meets it looks for the new one. The control
// path swaps it in, and so gets the final word exactly, whoever races.
const BucketClosed Bucket = math.MaxInt64

// maxTolerance keeps every moment far from overflow, in nanoseconds (36 years).
const maxTolerance = int64(1) << 60

// Pace is a [Rate] made ready for the hot path.
type Pace struct {
	// interval is the nanoseconds that one request takes to grow back, rounded up: never faster than the rate.
	interval int64
	// tolerance is interval × burst: how far ahead of now a bucket may be. 0 admits nothing.
	tolerance int64
}

// PaceOf makes a rate ready. A rate or burst of 0 admits nothing.
func PaceOf(r Rate) Pace {
	const nanosMicro = uint64(1_000_000_000) * Micro
	if r.PerSecond == 0 || r.Burst == 0 {
		return Pace{}
	}
	interval := int64((nanosMicro + r.PerSecond - 1) / r.PerSecond)
	burst := min(int64(min(r.Burst, MaxBurst)), maxTolerance/interval)
	return Pace{interval: interval, tolerance: interval * burst}
}

// Empty is the word of a bucket with nothing in it at a moment.
func (p Pace) Empty(now int64) Bucket { return Bucket(now + p.tolerance) }

// Admit takes one request out of a bucket: its next word, or false and what it was.
func (p Pace) Admit(b Bucket, now int64) (Bucket, bool) {
	next := max(int64(b), now) + p.interval
	if next-now > p.tolerance || p.tolerance == 0 {
		return b, false
	}
	return Bucket(next), true
}

// Wait is how long, in nanoseconds, a bucket takes until it admits one request; math.MaxInt64 for never.
func (p Pace) Wait(b Bucket, now int64) int64 {
	if p.tolerance == 0 {
		return math.MaxInt64
	}
	return max(0, max(int64(b), now)+p.interval-p.tolerance-now)
}

// level is what is in a bucket, in millionths of a request, rounded down.
func (p Pace) level(b Bucket, now int64) uint64 {
	if p.tolerance == 0 {
		return 0
	}
	debt := min(max(int64(b)-now, 0), p.tolerance)
	high, low := bits.Mul64(uint64(p.tolerance-debt), Micro)
	level, _ := bits.Div64(high, low, uint64(p.interval))
	return level
}

// at is the word of a bucket with a level, in millionths of a request, rounded down and cut to what fits.
func (p Pace) at(level uint64, now int64) Bucket {
	if p.tolerance == 0 {
		return Bucket(now)
	}
	if level >= uint64(p.tolerance/p.interval)*Micro {
		return Bucket(now)
	}
	high, low := bits.Mul64(level, uint64(p.interval))
	full, _ := bits.Div64(high, low, Micro)
	return Bucket(now + p.tolerance - int64(full))
}

// Switch is a bucket's word under another pace, with fill requests put in. What is in it stays, as far as it fits: a
// greater burst makes room and nothing to fill it.
func (p Pace) Switch(b Bucket, now int64, to Pace, fill uint64) Bucket {
	return to.at(plus(p.level(b, now), min(fill, MaxBurst)*Micro), now)
}

// Take takes up to n whole requests out of a bucket: its next word and how many.
func (p Pace) Take(b Bucket, now int64, n uint64) (Bucket, uint64) {
	n = min(n, p.level(b, now)/Micro)
	if n == 0 {
		return b, 0
	}
	return Bucket(max(int64(b), now) + int64(n)*p.interval), n
}
