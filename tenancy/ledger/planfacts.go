package ledger

import (
	"cmp"
	"slices"

	"github.com/hivellm/nexus/tenancy"
)

// heard is one entry of a report, with who said it.
type heard struct {
	Entry
	node        NodeNumber
	incarnation uint64
	report      uint64
}

// facts writes into the tick what reports, the hub and the clock say, and gives the entries to decide on: of each
// tenant, period, node and incarnation the newest.
func (p *Planner) facts(view View, tick *Tick, now int64) []heard {
	var entries []heard
	cluster := view.Cluster()
	taken := 0
	for _, r := range p.reports {
		if len(entries)+len(r.Entries) > MaxTickItems {
			break
		}
		taken++
		entries = append(entries, reportFacts(cluster, tick, r.Report)...)
	}
	p.reports = slices.Delete(p.reports, 0, taken)
	entries = newest(entries)
	for _, e := range entries {
		tick.Settles = append(tick.Settles, Settle{
			Tenant: e.Tenant, Node: e.node, Incarnation: e.Entry.Incarnation, Period: e.Period, Returned: e.Returned, Drawn: e.Drawn,
			Spent: e.Spent, Closed: e.Closed, Unknown: e.Unknown,
		})
		if e.GaveUp != 0 {
			tick.GiveUps = append(tick.GiveUps, GiveUp{Tenant: e.Tenant, Node: e.node, Seq: e.GaveUp})
		}
	}
	tick.GiveUps = lastOf(tick.GiveUps, compareGiveUps, func(a, b GiveUp) int { return cmp.Compare(a.Seq, b.Seq) })
	tick.Turns, p.turns = lastOf(p.turns, compareTurns, func(a, b Turn) int { return cmp.Compare(a.Period, b.Period) }), nil
	tick.Acks, p.acks = lastOf(p.acks, compareAcks, func(a, b Ack) int { return cmp.Compare(a.Seq, b.Seq) }), nil
	for _, w := range p.watched {
		if n, ok := cluster.Node(w.node); ok && lapses(n) && now >= w.at+p.patience(n) && n.RenewedSeq == w.renewedSeq && !answered(tick, w.node) {
			tick.Expires = append(tick.Expires, Expire{Node: w.node, RenewedSeq: w.renewedSeq})
		}
	}
	return entries
}

// answered reports whether the tick renews a node's lease.
func answered(tick *Tick, node NodeNumber) bool {
	return slices.ContainsFunc(tick.Renews, func(r Renew) bool { return r.Node == node })
}

// reportFacts opens and renews what a report speaks for. A node that the ledger does not know is let in first; it has
// nothing to settle.
func reportFacts(cluster *Cluster, tick *Tick, r *Report) []heard {
	node, known := cluster.NodeByID(r.Node)
	if known && (node.Departed || r.Incarnation < node.Incarnation) {
		return nil
	}
	if !known || r.Incarnation > node.Incarnation {
		i := slices.IndexFunc(tick.Opens, func(o Open) bool { return o.ID == r.Node })
		if i < 0 {
			tick.Opens = append(tick.Opens, Open{r.Node, r.Incarnation})
		} else {
			tick.Opens[i].Incarnation = max(tick.Opens[i].Incarnation, r.Incarnation)
		}
	}
	if !known {
		return nil
	}
	renew := Renew{Node: node.Number, Incarnation: r.Incarnation, Report: r.Seq, Applied: r.Applied}
	i := slices.IndexFunc(tick.Renews, func(o Renew) bool { return o.Node == node.Number })
	switch {
	case i < 0:
		tick.Renews = append(tick.Renews, renew)
	case cmp.Or(cmp.Compare(renew.Incarnation, tick.Renews[i].Incarnation), cmp.Compare(renew.Report, tick.Renews[i].Report)) > 0:
		tick.Renews[i] = renew
	}
	list := make([]heard, len(r.Entries))
	for i, e := range r.Entries {
		list[i] = heard{e, node.Number, r.Incarnation, r.Seq}
	}
	return list
}

// newest keeps, of each lease, what was said last.
func newest(entries []heard) []heard {
	key := func(a, b heard) int {
		return cmp.Or(a.Tenant.Compare(b.Tenant), cmp.Compare(a.Period, b.Period), cmp.Compare(a.node, b.node), cmp.Compare(a.Entry.Incarnation, b.Entry.Incarnation))
	}
	return lastOf(entries, key, func(a, b heard) int {
		return cmp.Or(cmp.Compare(a.incarnation, b.incarnation), cmp.Compare(a.report, b.report))
	})
}

// lastOf sorts a list by key and keeps of each key the greatest by order.
func lastOf[T any](list []T, key, order func(a, b T) int) []T {
	slices.SortStableFunc(list, func(a, b T) int { return cmp.Or(key(a, b), -order(a, b)) })
	return slices.CompactFunc(list, func(a, b T) bool { return key(a, b) == 0 })
}

// grants decides slices for those who asked.
func (p *Planner) grants(view View, tick *Tick, entries []heard) {
	cluster := view.Cluster()
	given := map[tenancy.ID]Units{}
	for _, e := range entries {
		node, ok := cluster.Node(e.node)
		account, living := view.Account(e.Tenant)
		if !e.AskRequests && !e.AskWrites || !ok || node.Incarnation != e.incarnation || !living || account.Status != tenancy.StatusActive || len(tick.Grants) >= MaxTickItems {
			continue
		}
		if i := len(tick.Grants) - 1; i >= 0 && tick.Grants[i].Tenant == e.Tenant && tick.Grants[i].Node == e.node {
			continue
		}
		units := p.slice(view, account, e, given[e.Tenant])
		if units == (Units{}) {
			continue
		}
		given[e.Tenant] = given[e.Tenant].plus(units)
		tick.Grants = append(tick.Grants, Grant{
			Tenant: e.Tenant, Node: e.node, Incarnation: e.incarnation, Period: view.Book(e.Tenant).Running(cluster, account), Units: units,
		})
	}
	slices.SortFunc(tick.Grants, compareGrants)
	tick.Grants = slices.CompactFunc(tick.Grants, func(a, b Grant) bool { return compareGrants(a, b) == 0 })
}

// slice is what a node is given of a tenant's running period.
func (p *Planner) slice(view View, account *tenancy.Account, e heard, given Units) Units {
	month, ok := view.Book(e.Tenant).Month(view.Book(e.Tenant).Running(view.Cluster(), account))
	if !ok {
		return Units{}
	}
	lease, has := month.Lease(e.node)
	if has && lease.Incarnation != e.incarnation && !lease.Closed {
		return Units{} // settled first
	}
	left, have := month.Left(account.Limits).minus(given), lease.Outstanding()
	nodes := view.Cluster().Size()
	one := func(asked bool, limit tenancy.Limit, left, have uint64) uint64 {
		number, limited := limit.Number()
		if !asked || !limited {
			return 0
		}
		slice := min(Slice(left, number, nodes), MaxRoom/2)
		if have >= 2*slice {
			return 0
		}
		return slice
	}
	return Units{
		one(e.AskRequests, account.Limits.RequestsPerMonth, left.Requests, have.Requests),
		one(e.AskWrites, account.Limits.WritesPerMonth, left.Writes, have.Writes),
	}
}
