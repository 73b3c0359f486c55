package fsm

import (
	"errors"
	"fmt"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/scripts/planted"
)

// A cold database may hold a record that cannot be read, and a write need it. Every other node applies that write; this
// one cannot, and there is nothing about the entry or the other databases that would have to stop for it. So the database
// is lost here: its writes are passed over until the node has another store (R18). Only its stamp goes on, so that it
// stays told apart from what a majority holds; its figures do not, and marks name it. What became of a write that was
// passed over this node does not know, and says so (OutcomeDamaged).

// lose passes over a write that a damaged record keeps from being applied; false where the error is no damage of a cold
// database: then it is the entry's, or the disk's, and the node stops.
func (b *batch) lose(d *database, c *GraphWrite, err error) bool {
	found := damageOf(err)
	if found == nil || d.current().graph != nil || planted.On("damage-stops-node") {
		return false
	}
	b.machine.noteDamage(d, &damage{reason: fmt.Sprintf("entry %d: %s", b.entry, found.reason), off: unreadable})
	d.lost = true
	b.machine.lost.Store(true)
	b.passOver(d, c)
	return true
}

// passOver notes a write of a database that is lost.
func (b *batch) passOver(d *database, c *GraphWrite) Result {
	b.machine.offers.take(d.place, c.Changes.Stamp)
	meta := d.current().meta
	if after(c.Changes.Stamp, meta.Stamp) {
		meta.Stamp = c.Changes.Stamp
		graph.WriteMeta(b.records.Space(c.Tenant, c.Database), meta)
		if d.pending == nil {
			b.touched = append(b.touched, d)
		}
		d.pending = &version{meta: meta, index: b.entry}
	}
	return Result{Err: ErrDamaged}
}

// Lost tells whether this node has passed over writes since its store was opened: what it has kept of requests is not all.
func (m *Machine) Lost() bool { return m.lost.Load() }

// passedOver tells whether a write's result is that this node does not know it.
func passedOver(r Result) bool { return errors.Is(r.Err, ErrDamaged) }
