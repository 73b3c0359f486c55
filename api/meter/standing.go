package meter

import (
	"github.com/hivellm/nexus/tenancy"
	"github.com/hivellm/nexus/tenancy/ledger"
)

// Standing is where a tenant stands on this node now: for the headers of an answer.
type Standing struct {
	// Rated says that a rate limits; Burst and PerSecond are the whole cluster's, Level is what this node's part of it holds.
	Rated                   bool
	Burst, PerSecond, Level uint64
	// FullInNs is when this node's part is full again if nothing comes.
	FullInNs int64
	// Requests and Writes are the period's.
	Requests, Writes Quota
	Period           ledger.Period
}

// Quota is a limit of a period with what is known to be used of it; where Limited is not set, nothing limits.
type Quota struct {
	Limited     bool
	Limit, Used uint64
}

// Left is what is not used.
func (q Quota) Left() uint64 { return minus(q.Limit, q.Used) }

// Limited reports whether anything limits the tenant's requests.
func (t *Tenant) Limited() bool { return t.limited.Load() != 0 || t.pace.Load().limited }

// Standing tells of a tenant with these limits.
func (t *Tenant) Standing(limits tenancy.Limits) Standing {
	p := t.pace.Load()
	var s Standing
	if p.limited {
		now := t.meter.now()
		s.Rated, s.Burst, s.PerSecond = true, p.whole.Burst, p.whole.PerSecond/ledger.Micro
		s.Level, s.FullInNs = p.allowance.Level(ledger.Bucket(p.word.Load()), now)
	}
	m := t.enter()
	defer m.leave()
	s.Period = m.period
	s.Requests = quotaOf(limits.RequestsPerMonth, t.elsewhereRequests.Load()+m.slot.requests.Load())
	s.Writes = quotaOf(limits.WritesPerMonth, t.elsewhereWrites.Load()+m.slot.writes.Load())
	return s
}

func quotaOf(limit tenancy.Limit, used uint64) Quota {
	number, limited := limit.Number()
	return Quota{limited, number, used}
}

// Unreported is what this process spent of a tenant's running period and the machine does not show yet.
func (m *Meter) Unreported(id tenancy.ID) ledger.Totals {
	t := (*m.shard(id).Load())[id]
	if t == nil {
		return ledger.Totals{}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	view, running := m.config.View(), t.month.Load()
	node, _ := view.Cluster().NodeByID(m.header.node)
	known := view.Book(id).Known(node.Number, m.header.incarnation, running.period).Spent
	return running.slot.spent().Minus(known)
}

// Figures are what a meter counted since it was opened.
type Figures struct {
	// Reports went to the leader, Failed of them did not arrive.
	Reports, Failed uint64
	// RateRefused and PeriodRefused count requests.
	RateRefused, PeriodRefused uint64
	// Tenants are counted here now; Past are the files of earlier processes that wait to be settled.
	Tenants, Past int
}

// Figures returns them, for metrics.
func (m *Meter) Figures() Figures {
	m.mu.Lock()
	defer m.mu.Unlock()
	return Figures{
		Reports: m.counts.reports.Load(), Failed: m.counts.failed.Load(), RateRefused: m.counts.rateRefused.Load(),
		PeriodRefused: m.counts.periodRefused.Load(), Tenants: len(m.tenants), Past: len(m.pasts),
	}
}

// Unsettled counts the tenants of whom the machine does not show yet all that this node spent, or who hold something here:
// a node that is drained waits for none.
func (m *Meter) Unsettled() (count int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	view := m.config.View()
	node, _ := view.Cluster().NodeByID(m.header.node)
	for _, t := range m.tenants {
		c, book := &t.control, view.Book(t.id)
		running := t.month.Load()
		known := book.Known(node.Number, m.header.incarnation, c.slot.Period)
		if len(c.closing) > 0 || !c.over && (known.Spent != running.slot.spent() || running.rooms.Load() != 0 || known.Outstanding() != ledger.Units{}) {
			count++
		}
	}
	return count
}
