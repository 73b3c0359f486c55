package load

import (
	"math/bits"
	"time"
)

// Histogram counts durations in buckets of about 3 % width, from a microsecond up. The zero value is empty.
type Histogram struct {
	counts [64 * subBuckets]uint64
	total  uint64
}

// subBuckets is how many buckets a doubling has.
const subBuckets = 32

func bucketOf(us uint64) int {
	if us < subBuckets {
		return int(us)
	}
	shift := bits.Len64(us) - 6 // leaves subBuckets..2*subBuckets-1
	return (shift+1)*subBuckets + int(us>>shift) - subBuckets
}

// topOf is the largest number of microseconds that a bucket holds.
func topOf(bucket int) uint64 {
	if bucket < subBuckets {
		return uint64(bucket)
	}
	shift := bucket/subBuckets - 1
	return (uint64(bucket%subBuckets+subBuckets+1) << shift) - 1
}

// Add counts one duration.
func (h *Histogram) Add(d time.Duration) {
	h.counts[bucketOf(uint64(max(0, d.Microseconds())))]++
	h.total++
}

// Merge adds another's counts.
func (h *Histogram) Merge(o *Histogram) {
	for i, n := range o.counts {
		h.counts[i] += n
	}
	h.total += o.total
}

// Count is how many durations were added.
func (h *Histogram) Count() uint64 { return h.total }

// Quantile is the duration that this part (0 to 1) of all do not exceed, within a bucket's width.
func (h *Histogram) Quantile(part float64) time.Duration {
	wanted, seen := uint64(part*float64(h.total)), uint64(0)
	for i, n := range h.counts {
		if seen += n; n > 0 && seen > wanted || seen == h.total && seen > 0 {
			return time.Duration(topOf(i)) * time.Microsecond
		}
	}
	return 0
}
