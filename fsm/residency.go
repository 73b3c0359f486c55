package fsm

import (
	"math"
	"sync/atomic"

	"github.com/tidwall/btree"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/scripts/planted"
)

// Which databases are in memory (R21). Databases are loaded on first use; tenants are evicted whole, the least recently
// used first, so that the sum stays within the budget. Nothing here is seen by what apply decides or writes: a cold
// database and a resident one take a command to the same bytes (LAW 4).

// residence is what the databases of one tenant take in memory, and who uses them.
type residence struct {
	// used is the moment of the last use, by residency.clock.
	used atomic.Uint64
	// pins counts those who use it now: while there are any it is not evicted.
	pins atomic.Int64
	// bytes is what its databases take, and what loads of it have reserved; guarded by the machine's apply lock.
	bytes uint64
}

// residency is what all tenants take in memory.
type residency struct {
	budgetBytes uint64 // math.MaxUint64 for no bound

	clock atomic.Uint64 // counts uses of a tenant other than the last one
	// bytes is the sum over tenants. Written under the machine's apply lock.
	bytes atomic.Uint64
	// tenants are those with bytes, by number; guarded by the machine's apply lock.
	tenants btree.Map[uint64, *residence]

	// freed tells those who wait for room that a pin or bytes went; waiting counts them.
	freed   progress
	waiting atomic.Int64
}

// setBudget bounds what databases may take in memory; 0 is no bound.
func (r *residency) setBudget(bytes uint64) {
	if bytes == 0 {
		bytes = math.MaxUint64
	}
	r.budgetBytes = bytes
	r.clock.Store(1) // 0 is a tenant that was never used
}

// pin keeps a tenant in memory until unpin, and makes it the last one used. The clock moves only where another tenant
// was used meanwhile, so that readers of one tenant do not write to a shared line.
func (r *residency) pin(home *residence) {
	home.pins.Add(1)
	if home.used.Load() != r.clock.Load() {
		home.used.Store(r.clock.Add(1))
	}
}

func (r *residency) wake() {
	if r.waiting.Load() > 0 {
		r.freed.broadcast()
	}
}

// account sets what a database takes in memory. It needs apply.
func (r *residency) account(d *database, bytes uint64) {
	if d.dropped {
		bytes = 0
	}
	before, had := d.accounted, d.home.bytes
	d.accounted = bytes
	d.home.bytes += bytes - before
	r.bytes.Add(bytes - before)
	switch {
	case d.home.bytes == 0:
		r.tenants.Delete(d.place.tenant.Number())
	case had == 0:
		r.tenants.Set(d.place.tenant.Number(), d.home)
	}
	if bytes < before {
		r.wake()
	}
}

// clear forgets all: the store was replaced. It needs apply.
func (r *residency) clear() {
	r.tenants.Clear()
	r.bytes.Store(0)
	r.wake()
}

// oldest finds the tenant that was used longest ago among those that nobody uses now.
func (r *residency) oldest() (number uint64, home *residence) {
	r.tenants.Scan(func(n uint64, one *residence) bool {
		free := one.pins.Load() == 0 || planted.On("evict-pinned")
		if free && (home == nil || one.used.Load() < home.used.Load()) {
			number, home = n, one
		}
		return true
	})
	return number, home
}

// fits tells whether so many bytes more stay within the budget.
func (r *residency) fits(more uint64) bool {
	return more <= r.budgetBytes && r.bytes.Load() <= r.budgetBytes-more
}

// makeRoom evicts tenants until so many bytes more fit, and tells whether they do. It needs apply, between batches.
func (m *Machine) makeRoom(more uint64) bool {
	for range m.residency.tenants.Len() {
		if m.residency.fits(more) || planted.On("never-evicted") {
			return true
		}
		number, home := m.residency.oldest()
		if home == nil {
			return false
		}
		m.evict(number, home)
	}
	return m.residency.fits(more)
}

// evict makes a tenant cold, unless somebody pins it at this very moment: who pins first and looks then, and who takes
// away first and looks then, cannot both see nothing. It needs apply, between batches.
func (m *Machine) evict(number uint64, home *residence) {
	t, ok := m.state.tenants.Get(number)
	if !ok || t.home != home {
		panic("fsm: memory is accounted to a tenant that is not there")
	}
	were := make([]*version, len(t.databases))
	for i, d := range t.databases {
		were[i] = d.published.Load()
		d.published.Store(were[i].cold())
	}
	if home.pins.Load() > 0 && !planted.On("evict-pinned") {
		for i, d := range t.databases {
			d.published.Store(were[i])
		}
		return
	}
	freed := home.bytes
	for _, d := range t.databases {
		m.residency.account(d, 0)
	}
	m.config.Logger.Debug("tenant evicted from memory", "tenant", t.account.ID.String(), "bytes", freed)
}

// unpin ends a pin. Where the last one kept memory above the budget, its tenant or another goes now.
func (m *Machine) unpin(home *residence) {
	if home.pins.Add(-1) > 0 {
		return
	}
	m.residency.wake()
	if !m.residency.fits(0) {
		m.apply.Lock()
		defer m.apply.Unlock()
		m.makeRoom(0)
	}
}

// setVersion publishes a version of a database and accounts what it takes. It needs apply.
func (m *Machine) setVersion(d *database, v *version) {
	switch {
	case v.graph != nil:
		v.memoryBytes = v.graph.MemoryBytes()
		m.residency.account(d, v.memoryBytes)
	default:
		v.memoryBytes = d.published.Load().coldBytes(v.meta)
		if d.loading == nil { // else it is the load's reservation that counts
			m.residency.account(d, 0)
		}
	}
	d.published.Store(v)
}

// cold is the version without its graph.
func (v *version) cold() *version {
	return &version{meta: v.meta, index: v.index, memoryBytes: v.memoryBytes}
}

// coldBytes guesses what a database with new figures takes in memory, from what it took before.
func (v *version) coldBytes(meta graph.Meta) uint64 {
	before, after := graph.EstimateMemory(v.meta), graph.EstimateMemory(meta)
	if after >= before {
		return v.memoryBytes + (after - before)
	}
	return v.memoryBytes - min(v.memoryBytes, before-after)
}

// reserve takes the room for a load, evicting others, or says why there is none: a *TooBigError, or errNoRoom while
// those in memory are in use. It needs apply, between batches.
func (m *Machine) reserve(d *database) error {
	v, most := d.published.Load(), m.mostFor(d)
	if d.refusedBytes > 0 && v.meta.Bytes >= d.refusedAt.Bytes {
		return m.tooBig(d, d.refusedBytes)
	}
	need := min(v.memoryBytes, most)
	if !m.makeRoom(need) {
		return errNoRoom
	}
	m.residency.account(d, need)
	return nil
}

// mostFor is what a database may take beside the tenant's others, when nobody else takes anything.
func (m *Machine) mostFor(d *database) uint64 {
	return m.residency.budgetBytes - min(m.residency.budgetBytes, m.othersBytes(d))
}

// othersBytes is what the other databases of its tenant take in memory, or would take.
func (m *Machine) othersBytes(d *database) (sum uint64) {
	t, ok := m.Registry().tenant(d.place.tenant)
	if !ok {
		return 0
	}
	for _, one := range t.databases {
		if one != d {
			sum += one.published.Load().memoryBytes
		}
	}
	return sum
}

// refuseLoad remembers how large a database was found, so that it is not loaded again before it has shrunk. It needs
// apply.
func (m *Machine) refuseLoad(d *database, found uint64) error {
	v := d.published.Load().cold()
	v.memoryBytes = max(v.memoryBytes, found)
	d.refusedAt, d.refusedBytes = v.meta, found
	d.published.Store(v)
	return m.tooBig(d, found)
}

func (m *Machine) tooBig(d *database, found uint64) error {
	return &TooBigError{SizeBytes: found + m.othersBytes(d), BudgetBytes: m.residency.budgetBytes}
}
