package meter

import (
	"slices"

	"github.com/hivellm/nexus/tenancy"
	"github.com/hivellm/nexus/tenancy/ledger"
)

// control is what the control path keeps of one tenant; guarded by Meter.mu.
type control struct {
	slot    *ledger.Slot
	started bool // the bucket's word means something
	holding ledger.Holding
	// closing are the slots of earlier periods, until the machine shows them settled.
	closing []closing
	// over says that the tenant is deleted: its slot is closed, and nothing is spent any more.
	over bool
	// sentNs is when it was last reported at once.
	sentNs int64
	// followed is what the last look was at: while it is the same and nothing is held, there is nothing to follow.
	followed followed
}

type followed struct {
	book    *ledger.Book
	account *tenancy.Account
	period  ledger.Period
}

// closing is a closed slot with its place in the file.
type closing struct {
	slot *ledger.Slot
	use  *slot
}

// round is one round of the control path: follow the machine, then say what there is to say. all asks for everything,
// else only what is wanted at once.
func (m *Meter) round(all bool) (reports [][]byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	view, now := m.config.View(), m.now()
	m.clock.Saw(view.Cluster(), m.header.node, m.header.incarnation, now)
	renewed := m.endsNs.Swap(m.clock.EndsNs()) != m.clock.EndsNs()
	m.tenants = slices.DeleteFunc(m.tenants, func(t *Tenant) bool { return !m.follow(t, view, now) })
	if renewed {
		for _, t := range m.tenants {
			t.waits.tell()
		}
	}
	return m.gather(view, now, all)
}

// follow does what the machine's state asks of a tenant; false says that the tenant is gone.
func (m *Meter) follow(t *Tenant, view View, now int64) bool {
	account, ok := view.Account(t.id)
	if !ok {
		m.forget(t)
		return false
	}
	c := &t.control
	seen := followed{view.Book(t.id), account, periodOf(view)}
	if c.followed == seen && t.idle() {
		return true
	}
	h, _ := ledger.HoldingOf(view, m.header.node, m.header.incarnation, t.id)
	c.followed, c.holding = seen, h
	m.forgetSettled(t, view)
	switch {
	case c.over:
		return true
	case account.Status == tenancy.StatusDeleted:
		m.end(t)
		return true
	case h.Period != c.slot.Period:
		if !m.turn(t, h.Period) {
			c.followed = followed{} // again with the next round
			return true
		}
	}
	t.remember(h, seen.book, m.header.incarnation, view)
	m.units(t, h, now)
	m.pace(t, h, now)
	return true
}

func periodOf(view View) ledger.Period {
	if c := view.Cluster(); c != nil {
		return c.Period
	}
	return 0
}

// idle reports whether nothing is held that time or another node's step could end.
func (t *Tenant) idle() bool {
	p := t.pace.Load()
	return p != nil && !p.limited && t.limited.Load() == 0 && len(t.control.closing) == 0
}

// remember notes for the hot path what has a limit, and what was used elsewhere.
func (t *Tenant) remember(h ledger.Holding, book *ledger.Book, incarnation uint64, view View) {
	var limited uint32
	if h.Requests {
		limited |= limitsRequests
	}
	if h.Writes {
		limited |= limitsWrites
	}
	t.limited.Store(limited)
	if limited == 0 || book == nil {
		return
	}
	running, _ := book.Month(h.Period)
	node, _ := view.Cluster().NodeByID(t.meter.header.node)
	known := book.Known(node.Number, incarnation, h.Period).Spent
	t.elsewhereRequests.Store(minus(running.Totals.Requests+running.Lost.Requests, known.Requests))
	t.elsewhereWrites.Store(minus(running.Totals.Writes+running.Lost.Writes, known.Writes))
}

func minus(a, b uint64) uint64 {
	if a < b {
		return 0
	}
	return a - b
}

// units moves the rooms: up by what was granted, to none where they are given back.
func (m *Meter) units(t *Tenant, h ledger.Holding, now int64) {
	c, running := &t.control, t.month.Load()
	grown := c.slot.Rooms(h)
	if grown != (ledger.Units{}) {
		running.add(grown)
	}
	if h.Recalled && running.rooms.Load() != 0 {
		c.slot.Recall(ledger.Rooms(running.rooms.Swap(0)))
	}
	use := t.use(running.slot)
	if c.slot.Holds(use) && (c.slot.Idle(use, &m.clock, now) || m.config.Draining()) {
		c.slot.GiveBack(ledger.Rooms(running.rooms.Swap(0)))
		t.waits.asking.Store(true)
		m.wake()
	}
	if grown != (ledger.Units{}) {
		t.waits.tell()
	}
}

func (m *month) add(u ledger.Units) {
	for {
		old := m.rooms.Load()
		if m.rooms.CompareAndSwap(old, uint64(ledger.Rooms(old).Add(u))) {
			return
		}
	}
}

// pace swaps in another allowance where the machine says so. The word is closed first, so that its last value is exact.
func (m *Meter) pace(t *Tenant, h ledger.Holding, now int64) {
	c := &t.control
	next, fill, changed := c.slot.Allowance(h, &m.clock, now)
	if !changed {
		return
	}
	p := &pace{allowance: next, limited: h.Limited, whole: h.Whole, hopeful: h.Share == ledger.Rate{} && h.Whole != ledger.Rate{}}
	var word ledger.Bucket
	if old := t.pace.Load(); c.started {
		last := ledger.Bucket(old.word.Swap(int64(ledger.BucketClosed)))
		word = old.allowance.Replace(last, now, next, fill)
	} else {
		word = next.Start(m.clock.FloorSince(h.FloorSeq, now), now)
		word = next.Replace(word, now, next, fill)
	}
	c.started = true
	p.word.Store(int64(word))
	t.pace.Store(p)
	t.waits.tell()
}

// lapse ends an allowance whose lease is over: the floor is left.
func (m *Meter) lapse(t *Tenant, over *pace) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if t.pace.Load() != over {
		return // somebody was faster
	}
	last := ledger.Bucket(over.word.Swap(int64(ledger.BucketClosed)))
	next, word := over.allowance.Lapse(last, m.now())
	p := &pace{allowance: next, limited: over.limited, whole: over.whole, hopeful: over.whole != ledger.Rate{}}
	p.word.Store(int64(word))
	t.pace.Store(p)
	t.waits.asking.Store(true)
	m.wake()
}

// turn begins a period: a new slot, and the old one closed. False: there is no room for it yet, and the old one goes on.
func (m *Meter) turn(t *Tenant, period ledger.Period) bool {
	next, err := m.month(t.id, period)
	if err != nil {
		m.config.Logger.Warn("a tenant's period could not begin on this node", "tenant", t.id.String(), "error", err)
		return false
	}
	old := t.month.Swap(next)
	old.drained()
	c := &t.control
	slot := c.slot.Turn(period, ledger.Rooms(old.rooms.Swap(0)))
	c.closing = append(c.closing, closing{c.slot, old.slot})
	c.slot = slot
	t.dryRequests.Store(0)
	t.dryWrites.Store(0)
	t.waits.asking.Store(true)
	m.wake()
	return true
}

// end closes the slot of a deleted tenant: what it spent is reported to the end.
func (m *Meter) end(t *Tenant) {
	old := t.month.Swap(deadMonth(t.control.slot.Period))
	old.drained()
	c := &t.control
	c.slot.Close(ledger.Rooms(old.rooms.Swap(0)))
	c.closing = append(c.closing, closing{c.slot, old.slot})
	c.over = true
	t.waits.asking.Store(true)
	m.wake()
}

// forgetSettled frees the slots that the machine shows settled.
func (m *Meter) forgetSettled(t *Tenant, view View) {
	node, ok := view.Cluster().NodeByID(m.header.node)
	if !ok {
		return
	}
	book := view.Book(t.id)
	t.control.closing = slices.DeleteFunc(t.control.closing, func(c closing) bool {
		if !c.slot.Settled(book, node.Number) {
			return false
		}
		m.file.giveBack(c.use)
		return true
	})
}

// forget ends a tenant that the ledger knows no more.
func (m *Meter) forget(t *Tenant) {
	old := t.month.Swap(deadMonth(0))
	old.drained()
	if !t.control.over {
		m.file.giveBack(old.slot)
	}
	for _, c := range t.control.closing {
		m.file.giveBack(c.use)
	}
	t.control.closing = nil
	m.reshape(m.shard(t.id), func(next map[tenancy.ID]*Tenant) { delete(next, t.id) })
	t.waits.tell()
}

// use is what the hot path counted in a slot, in the order that ledger.Use asks for.
func (t *Tenant) use(s *slot) ledger.Use {
	u := ledger.Use{Rooms: ledger.Rooms(t.month.Load().rooms.Load()), Drawn: s.drawn(), Spent: s.spent()}
	u.Arrived, u.Starved = t.arrived.Load(), t.starved.Load()
	u.Dry = ledger.Units{Requests: t.dryRequests.Load(), Writes: t.dryWrites.Load()}
	u.LastNs = t.lastNs.Load()
	return u
}
