package meter

import (
	"cmp"
	"slices"

	"github.com/hivellm/nexus/tenancy/ledger"
)

// How often a tenant may be reported at once: more often while a request waits for the answer.
const (
	atOnceWaiting = int64(ledger.TickEvery / 50)
	atOnceElse    = int64(ledger.TickEvery / 2)
)

// gather makes the reports of what there is to say now; none while others are on their way. It needs mu.
func (m *Meter) gather(view View, now int64, all bool) (encoded [][]byte) {
	m.allDue = m.allDue || all
	if m.sending {
		return nil
	}
	all, m.allDue = m.allDue, false
	node, _ := view.Cluster().NodeByID(m.header.node)
	var entries []ledger.Entry
	for _, t := range m.tenants {
		if all || t.waits.asking.Load() {
			entries = append(entries, m.say(t, view, node, now, all)...)
		}
	}
	if (all || len(entries) > 0) && !node.Departed { // what is past goes first: a later process's word closes the book on it
		entries = append(entries, m.settle(view, node)...)
	}
	if len(entries) == 0 && !(all && view.Cluster().Awaits(m.header.node, m.header.incarnation)) {
		return nil
	}
	slices.SortFunc(entries, func(a, b ledger.Entry) int {
		return cmp.Or(a.Tenant.Compare(b.Tenant), cmp.Compare(a.Period, b.Period), cmp.Compare(a.Incarnation, b.Incarnation))
	})
	for first := true; first || len(entries) > 0; first = false {
		n := fitting(entries)
		if raw := m.encode(view, entries[:n], now); raw != nil {
			encoded = append(encoded, raw)
		}
		entries = entries[n:]
	}
	m.sending = len(encoded) > 0
	return encoded
}

// fitting is how many entries go into one report: those of one tenant stay together, where they fit at all.
func fitting(entries []ledger.Entry) int {
	if len(entries) <= ledger.MaxReportEntries {
		return len(entries)
	}
	n := ledger.MaxReportEntries
	for n > 1 && entries[n-1].Tenant == entries[n].Tenant {
		n--
	}
	return n
}

// say is what there is to say of a tenant: of the slots that are closed, and of the running one.
func (m *Meter) say(t *Tenant, view View, node ledger.Node, now int64, all bool) (entries []ledger.Entry) {
	c := &t.control
	if !all && now-c.sentNs < m.gap(t) {
		return nil // asking stays set: the next round says it
	}
	t.waits.asking.Store(false)
	book := view.Book(t.id)
	one := func(s *ledger.Slot, u ledger.Use) {
		urgency := s.Urgency(u, c.holding, book.Known(node.Number, m.header.incarnation, s.Period))
		if urgency == ledger.AtOnce || all && urgency == ledger.NextTick {
			entries = append(entries, s.Report(u, c.holding, now))
		}
	}
	for _, closed := range c.closing {
		u := ledger.Use{Drawn: closed.use.drawn(), Spent: closed.use.spent()}
		one(closed.slot, u)
	}
	if !c.over {
		one(c.slot, t.use(t.month.Load().slot))
	}
	if len(entries) > 0 {
		c.sentNs = now
	}
	return entries
}

func (m *Meter) gap(t *Tenant) int64 {
	if t.waits.count.Load() > 0 {
		return atOnceWaiting
	}
	return atOnceElse
}

// encode makes a report that leaves now.
func (m *Meter) encode(view View, entries []ledger.Entry, now int64) []byte {
	r := &ledger.Report{Node: m.header.node, Incarnation: m.header.incarnation, Seq: m.seq + 1, Entries: entries}
	if c := view.Cluster(); c != nil {
		r.Applied = c.Seq
	}
	raw, err := ledger.EncodeReport(r)
	if err != nil {
		m.config.Logger.Error("a report could not be encoded", "error", err)
		return nil
	}
	m.seq++
	m.clock.Sent(m.seq, now)
	return raw
}
