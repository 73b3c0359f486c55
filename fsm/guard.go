package fsm

import (
	"errors"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/store"
)

var (
	// ErrDamaged says that this node may not serve a database: its records are not what they must be, or a majority of
	// the voters has another digest. Other nodes serve it, and this one is being repaired (R18).
	ErrDamaged = errors.New("this node's copy of the database is damaged and is being repaired from another node")
	// ErrReadOnly says that no majority of the voters agrees on what a database holds: it takes no writes (R18).
	ErrReadOnly = errors.New("the database is read-only: no majority of the nodes agrees on what it holds")
)

// guard is what keeps this node from serving a database in full. It is this node's own affair: no result, record or
// index of Apply depends on it. Immutable; a nil guard is that of a database that is whole.
type guard struct {
	// damage is what a load or the scrub found.
	damage *damage
	// halted: a majority of the voters has another digest.
	halted bool
	// readOnly: there is no majority.
	readOnly bool
}

// damage is how a database's records differ from what its meta record says.
type damage struct {
	reason string
	// off is what the records' digest is above meta's. It stays so whatever is applied, since apply moves both alike.
	off graph.Digest
}

// unreadable is how far off records are that cannot be read: any way of counting them differs from meta's.
var unreadable = graph.Digest{15: 1}

// damageOf tells what the failure of a load or recount says of the records themselves; nil: nothing.
func damageOf(err error) *damage {
	var (
		mismatch *graph.MismatchError
		missing  *graph.NotFoundError
		doubled  *graph.UniqueViolation
		lacking  *graph.MissingPropertyError
	)
	switch {
	case errors.As(err, &mismatch):
		return &damage{reason: err.Error(), off: mismatch.Found.Minus(mismatch.Said)}
	case errors.Is(err, graph.ErrMalformed), errors.Is(err, store.ErrCorrupt), errors.As(err, &missing), errors.As(err, &doubled), errors.As(err, &lacking):
		return &damage{reason: err.Error(), off: unreadable}
	}
	return nil
}

// standing is the guard of now, never nil.
func (d *database) standing() *guard {
	if g := d.guard.Load(); g != nil {
		return g
	}
	return &guard{}
}

// refusal is why reads of the database stop on this node, nil while they do not.
func (d *database) refusal() error {
	if g := d.guard.Load(); g != nil && (g.damage != nil || g.halted) {
		return ErrDamaged
	}
	return nil
}

// observed is the digest that counts as this node's: meta's, moved by what was found wrong.
func (d *database) observed(meta graph.Meta) graph.Digest {
	if g := d.guard.Load(); g != nil && g.damage != nil {
		return meta.Digest.Plus(g.damage.off)
	}
	return meta.Digest
}

// judgeLoad notes what a load found wrong. It needs apply. The error that comes back says that reads stop.
func (m *Machine) judgeLoad(d *database, err error) error {
	if err == nil {
		return nil
	}
	found := damageOf(err)
	if found == nil {
		return err
	}
	m.noteDamage(d, found)
	return errors.Join(ErrDamaged, err)
}

// noteDamage stops reads of a database and tells whoever looks after repair. It needs apply.
func (m *Machine) noteDamage(d *database, found *damage) {
	if d.dropped {
		return
	}
	m.config.Logger.Error("a database's records are damaged on this node", "tenant", d.place.tenant.String(),
		"database", d.Name, "found", found.reason)
	next := *d.standing()
	next.damage = found
	d.guard.Store(&next)
	select {
	case m.damaged <- struct{}{}:
	default: // one signal waits already
	}
}

// Damaged signals that a load or the scrub found damage. It holds one signal.
func (m *Machine) Damaged() <-chan struct{} { return m.damaged }
