package fsm

import (
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/scripts/planted"
	"github.com/hivellm/nexus/tenancy"
)

// maxOffers bounds the rehearsed outcomes that wait for their command.
const maxOffers = 1 << 14

// Rehearsal is the outcome of a command that was applied to the version it was made on, before it was proposed. It is
// immutable; nothing was written.
type Rehearsal struct {
	place place
	base  graph.Stamp
	stamp graph.Stamp
	out   *graph.Output
}

// Meta returns the figures of the version that the command makes.
func (r *Rehearsal) Meta() graph.Meta { return r.out.Meta }

// Rehearse applies a command to the version it was made on, whether that is applied yet or not, and keeps the outcome
// (R12). built is the version that the command's draft made, or nil. A panic becomes an error.
func (m *Machine) Rehearse(c *GraphWrite, base, built *graph.Graph) (r *Rehearsal, err error) {
	defer func() {
		if p := recover(); p != nil {
			r, err = nil, fmt.Errorf("rehearse a write: panic: %v\n%s", p, debug.Stack())
		}
	}()
	out, err := graph.Apply(graph.Input{Meta: base.Meta(), Graph: base, Built: built, Changes: c.Changes})
	if err != nil {
		return nil, fmt.Errorf("rehearse a write: %w", err)
	}
	return &Rehearsal{
		place: place{c.Tenant, c.Database},
		base:  c.Changes.Base,
		stamp: c.Changes.Stamp,
		out:   out,
	}, nil
}

// offerKey names a version to be: a stamp means nothing without its database.
type offerKey struct {
	place place
	stamp graph.Stamp
}

func keyOf(p place, stamp graph.Stamp) offerKey {
	if planted.On("install-by-stamp") {
		p = place{}
	}
	return offerKey{p, stamp}
}

// offers holds rehearsals until their command comes out of the log.
type offers struct {
	mu    sync.Mutex // guards byKey
	byKey map[offerKey]*Rehearsal
}

func newOffers() *offers { return &offers{byKey: map[offerKey]*Rehearsal{}} }

// Offer lets Apply take a rehearsal's outcome instead of computing it again, for exactly that database, base and stamp.
// When as many are offered as may be, it is left out: Apply then computes.
func (m *Machine) Offer(r *Rehearsal) {
	m.offers.mu.Lock()
	defer m.offers.mu.Unlock()
	if len(m.offers.byKey) < maxOffers {
		m.offers.byKey[keyOf(r.place, r.stamp)] = r
	}
}

// Withdraw takes an offer back.
func (m *Machine) Withdraw(t tenancy.ID, db tenancy.DatabaseID, stamp graph.Stamp) {
	m.offers.take(place{t, db}, stamp)
}

// take removes and returns an offer, nil where there is none.
func (o *offers) take(p place, stamp graph.Stamp) *Rehearsal {
	o.mu.Lock()
	defer o.mu.Unlock()
	key := keyOf(p, stamp)
	r := o.byKey[key]
	delete(o.byKey, key)
	return r
}

// drop forgets all: their term is over, or the store was replaced.
func (o *offers) drop() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.byKey = map[offerKey]*Rehearsal{}
}
