package rest

import (
	"context"
	"hash/maphash"
	"sync/atomic"
	"time"

	"github.com/hivellm/nexus/tenancy"
)

const (
	// freeFailures is how many refused credentials at once cost nobody time; failureEvery is how fast that fills up again.
	freeFailures = 100
	failureEvery = 50 * time.Millisecond
	// damped is how long the answer to a refused credential is held back beyond that.
	damped = 100 * time.Millisecond
	// maxDamped bounds the answers that are held back at once; one more is given at once.
	maxDamped = 512
	// dampingSlots bounds what is remembered: two moments for each failure, in slots that others may share.
	dampingSlots = 1 << 13
)

// damping slows down whoever shows wrong credentials, by his address and by the id of the key that he tries. It only ever
// holds a refusal back: status, body and work stay the same, and a good key is never made to wait, whoever guesses beside
// it (decision 0022). It may be used from many goroutines.
type damping struct {
	seed  maphash.Seed
	slots [dampingSlots]atomic.Int64 // nanoseconds since begin at which the slot's failures are worn off
	begin time.Time
	held  chan struct{} // one element for each answer that is held back
}

func newDamping() *damping {
	return &damping{seed: maphash.MakeSeed(), begin: time.Now(), held: make(chan struct{}, maxDamped)}
}

// failed notes a refused credential and tells whether its answer is to be held back.
func (d *damping) failed(now time.Time, address, credential string) bool {
	slow := d.count(now, "a"+address)
	if key, err := tenancy.ParseKey(credential); err == nil {
		slow = d.count(now, "k"+key.ID) || slow
	}
	return slow
}

// count adds a failure to a slot, and tells whether there were too many.
func (d *damping) count(now time.Time, who string) bool {
	slot := &d.slots[maphash.String(d.seed, who)%dampingSlots]
	at := int64(now.Sub(d.begin))
	for {
		was := slot.Load()
		next := max(was, at) + int64(failureEvery)
		if next-at > int64(freeFailures*failureEvery) {
			return true // worn off no later for it: who stops is free again soon
		}
		if slot.CompareAndSwap(was, next) {
			return false
		}
	}
}

// hold waits, where a place is left and the caller does.
func (d *damping) hold(ctx context.Context) {
	select {
	case d.held <- struct{}{}:
		defer func() { <-d.held }()
	default:
		return
	}
	timer := time.NewTimer(damped)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
