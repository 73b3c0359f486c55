package ledger

import (
	"slices"

	"github.com/hivellm/nexus/scripts/planted"
	"github.com/hivellm/nexus/tenancy"
)

// turn begins a tenant's period by the hub's word: forward only, and at most into the month after log time's, so that
// a hub with a broken clock cannot take all months away.
func (s *step) turn(t Turn) {
	b := s.book(t.Tenant)
	switch {
	case b == nil:
		s.refuse("turn", t.Tenant, 0, ErrTenant)
	case t.Period <= b.last().Period || t.Period > max(firstPeriod, PeriodOf(s.view.LogTimeMs())).Next():
		s.refuse("turn", t.Tenant, 0, ErrPeriod)
	default:
		s.begin(b, t.Period)
	}
}

// begin closes the running month and opens another. Leases of the closed one stay until they are settled.
func (s *step) begin(b *Book, period Period) {
	old := b.last()
	bytes := s.view.StorageBytes(b.Tenant)
	if old.Storage.SinceMs != 0 {
		old.Storage = old.Storage.observed(bytes, s.view.LogTimeMs())
	}
	b.Months = append(b.Months, Month{Period: period})
	b.dropDone()
	if extra := len(b.Months) - MaxMonths; extra > 0 {
		b.Months = slices.Delete(b.Months, 0, extra)
	}
}

// dropDone forgets closed months that nobody will ask for.
func (b *Book) dropDone() {
	running := b.last().Period
	b.Months = slices.DeleteFunc(b.Months, func(m Month) bool { return m.Period != running && m.done() })
}

// done reports whether nobody will ask for a closed month again: nothing was used, or all is settled and the hub has it.
func (m Month) done() bool {
	return m.Settled() && m.Acked == m.Seq
}

func (s *step) settle(t Settle) {
	n := s.member("settle", t.Tenant, t.Node)
	if n == nil {
		return
	}
	b := s.book(t.Tenant)
	if b == nil {
		s.refuse("settle", t.Tenant, t.Node, ErrTenant)
		return
	}
	m := b.month(t.Period)
	if m == nil {
		s.refuse("settle", t.Tenant, t.Node, ErrPeriod)
		return
	}
	if t.Incarnation > n.Incarnation {
		s.refuse("settle", t.Tenant, t.Node, ErrIncarnation)
		return
	}
	l, err := m.open(t.Node, t.Incarnation)
	if err != nil {
		s.refuse("settle", t.Tenant, t.Node, err)
		return
	}
	m.take(l, t)
}

// open finds the lease of an incarnation, or puts it in the place of the closed one before it.
func (m *Month) open(node NodeNumber, incarnation uint64) (*Lease, error) {
	l, found := m.lease(node)
	switch {
	case !found:
		return m.insert(Lease{Node: node, Incarnation: incarnation}), nil
	case incarnation < l.Incarnation && !planted.On("ledger-late-report-counted"):
		return nil, ErrIncarnation
	case incarnation == l.Incarnation:
		return l, nil
	case !l.Closed && !planted.On("ledger-unsettled-replaced"):
		return nil, ErrUnsettled
	}
	*l = Lease{Node: node, Incarnation: incarnation}
	return l, nil
}

// take merges a report into its lease. Counts only grow; what they grew by goes into the totals, once.
func (m *Month) take(l *Lease, t Settle) {
	if l.Closed {
		return
	}
	if !t.Unknown {
		spent := l.Spent.max(t.Spent)
		grown := spent.minus(l.Spent)
		if planted.On("ledger-settled-twice") {
			grown = t.Spent
		}
		if grown != (Totals{}) {
			m.Totals = m.Totals.plus(grown)
			m.Seq++
		}
		l.Spent = spent
		l.Drawn = l.Drawn.max(t.Drawn).min(l.Granted)
		l.Returned = l.Returned.max(t.Returned).min(l.Granted.minus(l.Drawn))
	}
	if t.Closed {
		if t.Unknown && !planted.On("ledger-lost-forgotten") {
			m.Lost = m.Lost.plus(l.Outstanding())
		}
		l.Closed = true
	}
}

// grant gives what was decided, as far as the limits leave it.
func (s *step) grant(g Grant) {
	n := s.member("grant", g.Tenant, g.Node)
	if n == nil {
		return
	}
	account, ok := s.view.Account(g.Tenant)
	b := s.book(g.Tenant)
	if !ok || b == nil {
		s.refuse("grant", g.Tenant, g.Node, ErrTenant)
		return
	}
	m := b.last()
	if m.Period != g.Period {
		s.refuse("grant", g.Tenant, g.Node, ErrPeriod)
		return
	}
	if n.Incarnation != g.Incarnation {
		s.refuse("grant", g.Tenant, g.Node, ErrIncarnation)
		return
	}
	l, err := m.open(g.Node, g.Incarnation)
	if err == nil && l.Closed {
		err = ErrStale
	}
	if err != nil {
		s.refuse("grant", g.Tenant, g.Node, err)
		return
	}
	units := g.Units.min(m.grantable(l, account.Limits))
	if planted.On("ledger-grant-unchecked") {
		units = g.Units
	}
	if units != g.Units {
		s.refuse("grant", g.Tenant, g.Node, ErrNothingLeft)
	}
	l.Granted = l.Granted.plus(units)
}

// grantable is the most that a lease may be given: what is left, no more than a node can hold, and nothing of what has
// no limit.
func (m *Month) grantable(l *Lease, limits tenancy.Limits) Units {
	most := m.Left(limits).min(Units{MaxRoom, MaxRoom}.minus(l.Outstanding()))
	if limits.RequestsPerMonth.None() {
		most.Requests = 0
	}
	if limits.WritesPerMonth.None() {
		most.Writes = 0
	}
	return most
}

func (s *step) ack(a Ack) {
	b := s.book(a.Tenant)
	if b == nil {
		s.refuse("ack", a.Tenant, 0, ErrTenant)
		return
	}
	m := b.month(a.Period)
	if m == nil || a.Seq > m.Seq {
		s.refuse("ack", a.Tenant, 0, ErrPeriod)
		return
	}
	m.Acked = max(m.Acked, a.Seq)
	b.dropDone()
}
