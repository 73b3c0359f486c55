package fsm

import (
	"errors"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/scripts/planted"
	"github.com/hivellm/nexus/tenancy"
)

// graphWrite applies a GraphWrite in the order of R8: tenant, database, kept id, term and base, quotas.
func (b *batch) graphWrite(c *GraphWrite) Result {
	t, d, err := b.find(c.Tenant, c.Database)
	if err != nil {
		return Result{Err: err}
	}
	if d.lost {
		return b.passOver(d, c)
	}
	late := planted.On("kept-after-base")
	if c.Kept != nil && !late {
		if answer := b.lookUp(t, c); answer != nil {
			return *answer
		}
	}
	if planted.On("ddl-beside-lane") && c.Changes.Stamp.Sequence == 0 {
		c.Changes.Base, c.Changes.Stamp = d.current().meta.Stamp, d.current().meta.Stamp
	} else if err := b.checkBase(c, d); err != nil {
		b.machine.offers.take(d.place, c.Changes.Stamp)
		return Result{Err: err}
	}
	if c.Kept != nil && late {
		if answer := b.lookUp(t, c); answer != nil {
			return *answer
		}
	}
	return b.write(t, d, c)
}

// find finds a living tenant and its database.
func (b *batch) find(id tenancy.ID, number tenancy.DatabaseID) (*tenant, *database, error) {
	t, ok := b.state.tenants.Get(id.Number())
	switch {
	case !ok || t.account.Status == tenancy.StatusDeleted:
		return nil, nil, ErrTenantUnknown
	case t.account.Status == tenancy.StatusSuspended:
		return nil, nil, ErrTenantSuspended
	}
	d := t.numbered(number)
	if d == nil {
		return nil, nil, ErrDatabaseUnknown
	}
	return t, d, nil
}

// checkBase refuses what was made in another term than its entry's, or on another version than the current one.
func (b *batch) checkBase(c *GraphWrite, d *database) error {
	current := d.current().meta.Stamp
	switch {
	case c.Term != b.term && !planted.On("term-check-skipped"):
		return ErrConflict
	case c.Changes.Base != current && !planted.On("base-check-skipped"):
		return ErrConflict
	case !after(c.Changes.Stamp, current) && !planted.On("base-check-skipped"):
		return ErrConflict // a stamp is never rewound and never used again
	}
	return nil
}

func after(a, b graph.Stamp) bool {
	return a.Term > b.Term || a.Term == b.Term && a.Sequence > b.Sequence
}

// write computes the next version, checks quotas on exact figures, and writes.
func (b *batch) write(t *tenant, d *database, c *GraphWrite) Result {
	out, resident, err := b.compute(d, c)
	var limit *graph.LimitError
	if errors.As(err, &limit) {
		return Result{Err: limit}
	}
	if err != nil && b.lose(d, c, err) {
		return Result{Err: ErrDamaged}
	}
	b.must(err)
	before := d.current().meta
	used := t.usage.working
	next := replaced(used, usageOf(before), usageOf(out.Meta))
	if refused := b.checkQuota(t, used, next, before.Bytes, out.Meta.Bytes); refused != nil {
		if c.Kept != nil {
			b.keep(t, c, KeptRecord{Hash: c.Kept.Hash, Index: b.entry, ArrivedMs: c.Kept.ArrivedMs, Err: refused})
		}
		return Result{Err: refused, Usage: used}
	}
	b.must(out.WriteTo(b.records.Space(c.Tenant, c.Database)))
	b.install(d, out, resident)
	if d.loading != nil {
		d.loading.add(c.Changes)
	}
	t.usage.working = next
	b.used = append(b.used, t.usage)
	if c.Kept != nil {
		b.keep(t, c, KeptRecord{
			Hash: c.Kept.Hash, Index: b.entry, Stamp: out.Meta.Stamp, ArrivedMs: c.Kept.ArrivedMs,
			Stats: c.Stats, Rows: c.Rows, Refusal: c.Refusal,
		})
	}
	return Result{Stamp: out.Meta.Stamp, Stats: c.Stats, Usage: next}
}

// compute takes the rehearsed outcome where this node's lane left one, else applies the changes to the version in
// memory, or to the stored records of a cold database. resident says whether the outcome's version may be kept.
func (b *batch) compute(d *database, c *GraphWrite) (out *graph.Output, resident bool, err error) {
	current := d.current()
	if offer := b.machine.offers.take(d.place, c.Changes.Stamp); offer != nil {
		if offer.base == current.meta.Stamp || planted.On("install-by-stamp") {
			return offer.out, current.graph != nil || planted.On("install-cold"), nil
		}
	}
	changes := c.Changes
	if planted.On("base-check-skipped") {
		changes.Base = current.meta.Stamp
	}
	out, err = graph.Apply(graph.Input{
		Reader: b.records.Space(c.Tenant, c.Database), Meta: current.meta, Graph: current.graph, Changes: changes,
	})
	return out, current.graph != nil, err
}

// checkQuota refuses growth beyond the tenant's limits, or of one database beyond the cluster's bound.
func (b *batch) checkQuota(t *tenant, used, next tenancy.Usage, bytes, nextBytes uint64) error {
	if refused := tenancy.CheckGrowth(t.account.Limits, used, next); refused != nil {
		return refused
	}
	limit := t.account.MaxDatabaseBytes.Or(tenancy.LimitOf(b.maxDatabaseBytes()))
	if refused := tenancy.CheckDatabaseGrowth(limit, bytes, nextBytes); refused != nil {
		return refused
	}
	return nil
}

func (b *batch) maxDatabaseBytes() uint64 {
	if b.state.cluster.maxDatabaseBytes == 0 {
		return DefaultMaxDatabaseBytes
	}
	return b.state.cluster.maxDatabaseBytes
}

// install makes an outcome the database's newest version of the batch.
func (b *batch) install(d *database, out *graph.Output, resident bool) {
	if d.pending == nil {
		b.touched = append(b.touched, d)
	}
	built := d.current().graph
	d.pending = &version{meta: out.Meta, index: b.entry}
	if resident {
		d.pending.graph = out.Graph
	}
	if d.pending.graph != nil && built != nil && !planted.On("built-index-lost") {
		d.pending.graph = graph.CarryIndexes(built, d.pending.graph)
	}
}
