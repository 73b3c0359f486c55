package running

import (
	"sync"
	"time"

	"github.com/hivellm/nexus/tenancy"
)

const (
	// credit is how much of the processors a tenant may use at once before all of its queries need turns.
	credit = 100 * time.Millisecond
	// regain is how much of it comes back in a second: a quarter of one processor.
	regain = 250 * time.Millisecond
)

// tenant is what a node knows of a tenant that has queries under way, or had some just now.
type tenant struct {
	id tenancy.ID

	// Guarded by the table:
	running int
	held    int64 // bytes of its queries
	waiting []*ticket

	// Guarded by the turns:
	served uint64 // when it got a turn last, in turns

	mu      sync.Mutex // guards both below
	spent   time.Duration
	counted time.Time
}

// use counts time that a query of the tenant ran, and tells whether the tenant is beyond its credit.
func (t *tenant) use(now time.Time, step time.Duration) (heavy bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.recover(now)
	t.spent += step
	return t.spent > credit
}

// recover needs mu. What is spent is bounded, so that a tenant is light again soon after its last long query.
func (t *tenant) recover(now time.Time) {
	if past := now.Sub(t.counted); past > 0 {
		back := time.Duration(float64(past) * float64(regain) / float64(time.Second))
		t.spent = max(0, min(t.spent, 2*credit)-back)
		t.counted = now
	}
}

// rested tells whether nothing is left to remember.
func (t *tenant) rested(now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.recover(now)
	return t.spent == 0
}
