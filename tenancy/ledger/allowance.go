package ledger

import (
	"math"

	"github.com/hivellm/nexus/scripts/planted"
)

// Verdict is what a decider says.
type Verdict uint8

// The verdicts.
const (
	// Admitted lets the request on.
	Admitted Verdict = iota
	// RateExceeded says that the node's part of the rate is used up: 429, or a short wait for a greater part.
	RateExceeded
	// LeaseOver says that the lease has ended: the control path replaces the allowance ([Allowance.Lapse]) or asks, then
	// the request is judged again.
	LeaseOver
	// BucketReplaced says that the word belongs to no allowance any more: load the new one.
	BucketReplaced
	// RequestsDry and WritesDry say that the node has no units of the period left: it asks at once, and the request may
	// wait a moment for the answer.
	RequestsDry
	WritesDry
)

// Allowance is a node's part of a tenant's rate, from one change of it to the next: immutable, shared by all requests.
// Beside it stands one Bucket word, which belongs to it alone.
type Allowance struct {
	pace  Pace
	floor Pace
	// ends is when the lease ends, on the node's monotonic clock in nanoseconds; math.MaxInt64 where there is none.
	ends      int64
	unlimited bool
}

// forever is the end of what does not end.
const forever = int64(math.MaxInt64)

// Unlimited is the allowance of a tenant whose rate nothing limits.
func Unlimited() Allowance { return Allowance{unlimited: true, ends: forever} }

// AllowanceOf is the allowance of a node that holds floor and share until ends, and the floor alone after it. Without
// a share there is no end.
func AllowanceOf(floor, share Rate, ends int64) Allowance {
	if share == (Rate{}) {
		return Allowance{pace: PaceOf(floor), floor: PaceOf(floor), ends: forever}
	}
	return Allowance{pace: PaceOf(floor.plus(share)), floor: PaceOf(floor), ends: ends}
}

// Admit judges a request at a moment: its bucket's next word, to be swapped in for the one that was given, and the
// verdict. If the swap fails, load and judge again. No clock, no lock, no allocation.
func (a Allowance) Admit(b Bucket, now int64) (Bucket, Verdict) {
	switch {
	case a.unlimited:
		return b, Admitted
	case b == BucketClosed:
		return b, BucketReplaced
	case now >= a.ends && !planted.On("ledger-ended-share-used"):
		return b, LeaseOver
	}
	next, ok := a.pace.Admit(b, now)
	if !ok {
		return b, RateExceeded
	}
	return next, Admitted
}

// Wait is how long, in nanoseconds, until the bucket admits a request if nothing else changes.
func (a Allowance) Wait(b Bucket, now int64) int64 {
	if a.unlimited {
		return 0
	}
	return a.pace.Wait(b, now)
}

// Level is how many requests the bucket admits now, and in how many nanoseconds it is full; both 0 where nothing limits.
func (a Allowance) Level(b Bucket, now int64) (requests uint64, fullIn int64) {
	if a.unlimited || b == BucketClosed {
		return 0, 0
	}
	return a.pace.level(b, now) / Micro, max(0, int64(b)-now)
}

// Start is the bucket's word for the first allowance of a tenant in this process: empty at the moment from which the
// node has had this floor ([Clock.FloorSince]), for whatever was before may have taken everything; the floor has grown
// since.
func (a Allowance) Start(floorSince, now int64) Bucket {
	if a.unlimited {
		return 0
	}
	if planted.On("ledger-bucket-starts-full") {
		return Bucket(now)
	}
	return a.floor.Switch(a.floor.Empty(floorSince), now, a.pace, 0)
}

// Lapse is what an allowance and its bucket become when the lease has ended: the floor. Up to the end the bucket grew
// by the share, after it by the floor.
func (a Allowance) Lapse(b Bucket, now int64) (Allowance, Bucket) {
	if now < a.ends {
		return a, b
	}
	next := Allowance{pace: a.floor, floor: a.floor, ends: forever}
	return next, a.pace.Switch(b, a.ends, a.floor, 0)
}

// Replace is the bucket's word under another allowance, with fill requests put in. A lease that has ended meanwhile
// ends first.
func (a Allowance) Replace(b Bucket, now int64, to Allowance, fill uint64) Bucket {
	if to.unlimited {
		return 0
	}
	if a.unlimited {
		return to.pace.Empty(now)
	}
	if now >= a.ends {
		a, b = a.Lapse(b, now)
	}
	return a.pace.Switch(b, now, to.pace, fill)
}
