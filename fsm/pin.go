package fsm

import (
	"context"
	"errors"
	"fmt"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/tenancy"
)

// Pinned is a version of a database whose tenant stays in memory until Release.
type Pinned struct {
	Graph *graph.Graph
	// Index is that of the entry that made the version, or of a later one that did not change it: a bookmark of at
	// least that index is true of what is read in it.
	Index uint64

	machine *Machine
	home    *residence
}

// Release lets the tenant be evicted again. The graph may be used on: it is whole for as long as somebody holds it, but
// nobody accounts for it any more. A second call does nothing; calls must not be concurrent.
func (p *Pinned) Release() {
	if p.home != nil {
		p.machine.unpin(p.home)
		p.home = nil
	}
}

// Pin returns the applied version of a database and keeps its tenant in memory until Release. A cold database is loaded
// first; while there is no room for it because all tenants in memory are in use, Pin waits, to the context's end. Errors:
// ErrDatabaseUnknown, ErrDamaged, a *TooBigError, ErrMemoryFull when the wait was in vain, and what loading finds wrong.
func (m *Machine) Pin(ctx context.Context, t tenancy.ID, db tenancy.DatabaseID) (Pinned, error) {
	if p, ok := m.pinResident(place{t, db}); ok {
		return p, nil
	}
	p, err := m.load(place{t, db})
	if !errors.Is(err, errNoRoom) {
		return p, err
	}
	m.residency.waiting.Add(1)
	defer m.residency.waiting.Add(-1)
	for {
		changed := m.residency.freed.next()
		if p, err = m.load(place{t, db}); !errors.Is(err, errNoRoom) {
			return p, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Pinned{}, fmt.Errorf("%w (%w)", ErrMemoryFull, context.Cause(ctx))
		}
	}
}

// pinResident pins a database that is in memory.
func (m *Machine) pinResident(at place) (Pinned, bool) {
	t, ok := m.Registry().tenant(at.tenant)
	if !ok {
		return Pinned{}, false
	}
	d := t.numbered(at.database)
	if d == nil || d.refusal() != nil || d.published.Load().graph == nil {
		return Pinned{}, false
	}
	m.residency.pin(t.home)
	v := d.published.Load() // after the pin: see evict
	if v.graph == nil {
		m.unpin(t.home)
		return Pinned{}, false
	}
	return Pinned{v.graph, v.index, m, t.home}, true
}

// Budget returns memory.budget in bytes, 0 for none.
func (m *Machine) Budget() uint64 { return m.config.MemoryBudgetBytes }

// ResidentBytes returns what the databases in memory take, with what is reserved for those that are being loaded.
func (m *Machine) ResidentBytes() uint64 { return m.residency.bytes.Load() }

// Resident tells whether a database is in memory.
func (m *Machine) Resident(t tenancy.ID, db tenancy.DatabaseID) bool {
	d := m.Registry().find(place{t, db})
	return d != nil && d.published.Load().graph != nil
}

// growthShare is the part of the budget, in eighths, that a tenant may grow to: what is left lets it be loaded and emptied.
const growthShare = 7

// CheckRoom refuses with a *TooBigError what makes a tenant so large that this node could not hold it: a write that
// turns base into built, two versions of a database. What adds no bytes to the database is never refused. A leader asks
// before it proposes; Apply never does (LAW 4).
func (m *Machine) CheckRoom(id tenancy.ID, db tenancy.DatabaseID, base, built *graph.Graph) error {
	most := m.residency.budgetBytes / 8 * growthShare
	if built.Meta().Bytes <= base.Meta().Bytes || built.MemoryBytes() <= base.MemoryBytes() {
		return nil
	}
	t, ok := m.Registry().tenant(id)
	if !ok {
		return nil
	}
	d := t.numbered(db)
	if d == nil {
		return nil
	}
	if size := built.MemoryBytes() + m.othersBytes(d); size > most {
		return &TooBigError{SizeBytes: size, BudgetBytes: m.residency.budgetBytes, Growth: true}
	}
	return nil
}
