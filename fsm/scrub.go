package fsm

import (
	"errors"
	"fmt"
	"sync"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/store"
)

// scrubStepBytes is about how much one step of the scrub reads.
const scrubStepBytes = 256 << 10

// scrub recounts cold databases from the store, one at a time (R18). Its view of the store ends before the store does.
type scrub struct {
	mu      sync.Mutex
	after   place           // guarded by mu: the database looked at last
	view    *store.Snapshot // guarded by mu: nil between two databases
	recount *graph.Recount  // guarded by mu
}

// ScrubStep does a bounded piece of the scrub: it recounts some more records of the cold database under way, or finds
// the next one. It tells whether it has gone round all of them. What it finds damaged counts from then on as a failed
// load does. The caller paces it.
func (m *Machine) ScrubStep() (round bool, err error) {
	m.handles.RLock()
	defer m.handles.RUnlock()
	s := &m.scrub
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.store == nil {
		return true, errClosed
	}
	if s.view == nil {
		return m.scrubNext()
	}
	done, err := s.recount.Step(scrubStepBytes)
	if err == nil && done {
		err = s.recount.Check()
	}
	if err == nil && !done {
		return false, nil
	}
	return false, errors.Join(m.scrubbed(err), s.end())
}

// scrubNext begins the next cold database. It needs handles and the scrub's lock.
func (m *Machine) scrubNext() (round bool, err error) {
	m.apply.Lock()
	d := m.nextCold(m.scrub.after)
	if d == nil {
		m.apply.Unlock()
		m.scrub.after = place{}
		return true, nil
	}
	view := m.store.Snapshot()
	m.apply.Unlock()
	m.scrub.after, m.scrub.view = d.place, view
	m.scrub.recount, err = graph.NewRecount(view.Space(d.place.tenant, d.place.database))
	if err != nil {
		return false, errors.Join(m.scrubbed(err), m.scrub.end())
	}
	return false, nil
}

// nextCold finds the first database behind a place that is in the store alone and not known to be damaged. It needs apply.
func (m *Machine) nextCold(after place) (found *database) {
	m.Registry().tenants.Ascend(after.tenant.Number(), func(_ uint64, t *tenant) bool {
		for _, d := range t.databases {
			behind := d.place.tenant != after.tenant || d.place.database > after.database
			if behind && d.published.Load().graph == nil && d.standing().damage == nil {
				found = d
				return false
			}
		}
		return true
	})
	return found
}

// scrubbed notes what was found of the database under way. It needs the scrub's lock.
func (m *Machine) scrubbed(err error) error {
	if err == nil {
		return nil
	}
	found, at := damageOf(err), m.scrub.after
	if found == nil {
		return fmt.Errorf("scrub database %d of tenant %s: %w", at.database, at.tenant, err)
	}
	m.apply.Lock()
	defer m.apply.Unlock()
	if d := m.Registry().find(at); d != nil {
		m.noteDamage(d, found)
	}
	return nil
}

// end ends the database under way. It needs mu, or handles alone.
func (s *scrub) end() error {
	if s.view == nil {
		return nil
	}
	err := s.view.Close()
	s.view, s.recount = nil, nil
	return err
}
