package ledger

import (
	"fmt"
	"slices"

	"github.com/hivellm/nexus/tenancy"
)

// world is a cluster for model tests: a log of what is applied, nodes that apply it late, a leader or none, a network that
// loses, delays and doubles reports, and a count of what was truly admitted.
type world struct {
	now      int64 // true time
	states   []*machineState
	nodes    []*rigNode
	leader   *rigNode
	planner  *Planner
	inFlight []*Report
	wallMs   int64
	tenants  []*truth
	fail     func(format string, args ...any)
	skew     bool
	entries  int
}

// machineState is the machine after an entry of the log.
type machineState struct {
	cluster  *Cluster
	books    map[tenancy.ID]*Book
	accounts map[tenancy.ID]*tenancy.Account
	timeMs   int64
}

func (m *machineState) Cluster() *Cluster                 { return m.cluster }
func (m *machineState) Book(id tenancy.ID) *Book          { return m.books[id] }
func (m *machineState) LogTimeMs() int64                  { return m.timeMs }
func (m *machineState) StorageBytes(id tenancy.ID) uint64 { return id.Number() * 1000 }
func (m *machineState) Account(id tenancy.ID) (*tenancy.Account, bool) {
	a, ok := m.accounts[id]
	return a, ok
}

// with is the next state, with copies of the maps.
func (m *machineState) with(timeMs int64, change func(*machineState)) *machineState {
	next := *m
	next.timeMs = max(m.timeMs, timeMs)
	next.books, next.accounts = map[tenancy.ID]*Book{}, map[tenancy.ID]*tenancy.Account{}
	for id, b := range m.books {
		next.books[id] = b
	}
	for id, a := range m.accounts {
		next.accounts[id] = a
	}
	change(&next)
	return &next
}

// truth is what a tenant was really admitted.
type truth struct {
	id       tenancy.ID
	admitted map[Period]*Units
	// bucket is the one bucket that the whole cluster may not overdraw, in true time.
	bucket Bucket
	pace   Pace
	paced  bool
	most   map[Period]Units // the greatest limits that held in a period
	rated  int
	denied int
	lossy  bool // some power loss, or a removed node: the ledger may not know all
}

func newWorld(limits []tenancy.Limits, nodes int, skew bool, fail func(string, ...any)) *world {
	w := &world{now: 1_000_000, wallMs: 1_790_000_000_000, fail: fail, skew: skew}
	first := &machineState{books: map[tenancy.ID]*Book{}, accounts: map[tenancy.ID]*tenancy.Account{}, timeMs: w.wallMs}
	for i, l := range limits {
		id := tenancy.IDFromNumber(uint64(i + 1))
		first.accounts[id] = &tenancy.Account{ID: id, Name: fmt.Sprint("t", i), Plan: "p", Status: tenancy.StatusActive, Limits: l, CreatedAtMs: w.wallMs}
		t := &truth{id: id, admitted: map[Period]*Units{}, most: map[Period]Units{}}
		if bucket, limited := RateOf(l); limited {
			if skew { // a node's clock may run up to 4 % fast
				bucket.PerSecond += bucket.PerSecond / 20
			}
			t.pace, t.paced = PaceOf(bucket), true
			t.bucket = Bucket(w.now)
		}
		w.tenants = append(w.tenants, t)
	}
	w.states = []*machineState{first}
	for range nodes {
		w.addNode()
	}
	w.elect(w.nodes[0])
	return w
}

func (w *world) top() *machineState { return w.states[len(w.states)-1] }

// append applies an entry.
func (w *world) append(change func(*machineState)) {
	before := w.top()
	w.states = append(w.states, before.with(w.wallMs, change))
	w.checkState(before, w.top())
}

// checkState holds the invariants of the ledger after an entry.
func (w *world) checkState(before, after *machineState) {
	for _, t := range w.tenants {
		account, book := after.accounts[t.id], after.books[t.id]
		if book == nil {
			continue
		}
		if err := book.check(); err != nil {
			w.fail("%v", err)
		}
		for _, m := range book.Months {
			w.checkMonth(t, before.books[t.id], account, m)
		}
		w.checkShares(after.cluster, book, account)
	}
}

func (w *world) checkMonth(t *truth, before *Book, account *tenancy.Account, m Month) {
	var had Units
	if before != nil {
		if old, ok := before.Month(m.Period); ok {
			had = old.Committed()
		}
	}
	most := t.most[m.Period].max(limitUnits(account.Limits))
	t.most[m.Period] = most
	have := m.Committed()
	bound := limitUnits(account.Limits).max(had)
	if have.minus(bound) != (Units{}) || have.minus(most) != (Units{}) {
		w.fail("tenant %s %s: committed %+v beyond %+v (was %+v)\n%+v", t.id, m.Period, have, limitUnits(account.Limits), had, m)
	}
	if a := t.admitted[m.Period]; a != nil && limited(*a, account.Limits).minus(have) != (Units{}) {
		w.fail("tenant %s %s: admitted %+v, committed only %+v\n%+v", t.id, m.Period, *a, have, m)
	}
}

// limited leaves out what has no limit: it is spent without a lease, and known when it is reported.
func limited(u Units, l tenancy.Limits) Units {
	if l.RequestsPerMonth.None() {
		u.Requests = 0
	}
	if l.WritesPerMonth.None() {
		u.Writes = 0
	}
	return u
}

func limitUnits(l tenancy.Limits) Units {
	one := func(l tenancy.Limit) uint64 {
		if l.None() {
			return maxCount
		}
		n, _ := l.Number()
		return n
	}
	return Units{one(l.RequestsPerMonth), one(l.WritesPerMonth)}
}

func (w *world) checkShares(c *Cluster, b *Book, account *tenancy.Account) {
	bucket, rated := RateOf(account.Limits)
	if !rated {
		return
	}
	var sum Rate
	for i := range c.Nodes {
		sum = sum.plus(c.floorOf(b, &c.Nodes[i], bucket))
	}
	for _, s := range b.Shares {
		sum = sum.plus(c.inForce(s))
	}
	if !sum.within(bucket) {
		w.fail("tenant %s: floors and shares %+v beyond %+v\n%+v\n%+v", b.Tenant, sum, bucket, b, c)
	}
}

// elect makes a node the leader, whose machine is whole.
func (w *world) elect(n *rigNode) {
	w.leader = n
	w.planner = nil
	if n != nil {
		n.applied = len(w.states) - 1
		w.planner = NewPlanner(LeaseDuration, n.clock(w.now))
		w.planner.Observe(w.top().cluster, n.clock(w.now))
	}
}

// plan makes and applies the leader's next tick, where there is one.
func (w *world) plan() {
	if w.planner == nil || w.leader.dead {
		return
	}
	now := w.leader.clock(w.now)
	w.leader.applied = len(w.states) - 1
	w.planner.Observe(w.top().cluster, now)
	if at, due := w.planner.Due(w.top(), now); !due || at > now {
		return
	}
	tick := w.planner.Plan(w.top(), now)
	if tick == nil {
		return
	}
	data, err := EncodeTick(tick)
	if err != nil {
		w.fail("encode: %v", err)
	}
	if tick, err = DecodeTick(data); err != nil {
		w.fail("decode: %v", err)
	}
	w.entries++
	w.append(func(m *machineState) {
		change, err := Apply(w.top(), tick)
		if err != nil {
			w.fail("apply: %v", err)
		}
		m.cluster = change.Cluster
		for _, b := range change.Books {
			data, err := EncodeBook(b)
			if err != nil {
				w.fail("encode: %v", err)
			}
			if m.books[b.Tenant], err = DecodeBook(data); err != nil {
				w.fail("decode: %v", err)
			}
		}
	})
	w.leader.applied = len(w.states) - 1
	w.planner.Observe(w.top().cluster, now)
}

// deliver hands a report to the leader; keep leaves a copy under way.
func (w *world) deliver(i int, keep bool) {
	r := w.inFlight[i]
	if !keep {
		w.inFlight = slices.Delete(w.inFlight, i, i+1)
	}
	if w.planner != nil && !w.leader.dead {
		_ = w.planner.Report(r, w.leader.clock(w.now))
	}
}

// remove takes a member away.
func (w *world) remove(n *rigNode) {
	n.removed = true
	for _, t := range w.tenants {
		t.lossy = true
	}
	w.append(func(m *machineState) { m.cluster = m.cluster.Remove(n.id) })
}

// admit notes what was truly admitted, and when.
func (w *world) admit(t *truth, period Period, write bool) {
	a := t.admitted[period]
	if a == nil {
		a = &Units{}
		t.admitted[period] = a
	}
	a.Requests++
	if write {
		a.Writes++
	}
	if most, ok := t.most[period]; ok && a.minus(most) != (Units{}) {
		w.fail("tenant %s %s: %+v admitted, the limit is %+v", t.id, period, *a, most)
	}
}

// rate notes a request that the rate let through.
func (w *world) rate(t *truth) {
	t.rated++
	if !t.paced {
		return
	}
	next, ok := t.pace.Admit(t.bucket, w.now)
	if !ok {
		w.fail("tenant %s: more than burst + rate·w in a window that ends now (%d ns)", t.id, w.now)
	}
	t.bucket = next
}
