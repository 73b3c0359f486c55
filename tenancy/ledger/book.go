package ledger

import (
	"slices"

	"github.com/hivellm/nexus/tenancy"
)

const (
	// MaxMonths is how many periods a book keeps: the running one, and closed ones until they are settled and the hub has
	// them. When another begins, the oldest goes, whatever is still open in it.
	MaxMonths = 4
	// MaxRoom is the most units of a kind that a node may hold unspent, so that two kinds fit into one word ([Rooms]).
	MaxRoom = uint64(1)<<31 - 1
)

// Book is what the ledger keeps of one tenant. A book is immutable once it was given out.
type Book struct {
	Tenant tenancy.ID
	// Months by period; the last is the running one. Never empty.
	Months []Month
	// Floor is that which the nodes' floors were last checked against, together with Shares.
	Floor Floor
	// Shares of the rate beyond the floors, by node.
	Shares []Share
}

// Month is one period of a tenant.
type Month struct {
	Period Period
	// Seq rises with every change of Totals: the sequence number of the usage row that is pushed to the hub. Acked is the
	// greatest one that the hub acknowledged.
	Seq, Acked uint64
	// Totals is settled use: what is billed.
	Totals Totals
	// Lost is what may have been spent and nobody knows: it counts for enforcement, never for billing.
	Lost    Units
	Storage Storage
	// Leases by node, one each.
	Leases []Lease
}

// Lease is a node's part of a period: cumulative counts of one incarnation of the node. It stays, closed, until the
// incarnation after it takes its place or the month goes, so that whatever is reported twice changes nothing.
type Lease struct {
	Node        NodeNumber
	Incarnation uint64
	// Granted is what the node was given, Returned what it gave back, Drawn what it took from what it was given: each
	// only grows. The rest, [Lease.Outstanding], the node may be spending right now.
	Granted, Returned, Drawn Units
	// Spent is what the node reported of all it did, drawn from a lease or not. It is in the month's Totals.
	Spent Totals
	// Closed says that this incarnation spends nothing more in this period.
	Closed bool
}

// Outstanding is what the node may still spend, or has spent and not reported.
func (l Lease) Outstanding() Units {
	if l.Closed {
		return Units{}
	}
	return l.Granted.minus(l.Returned).minus(l.Drawn)
}

// Birth is the book of a tenant that has none yet: nothing is stored for a tenant that did nothing.
func Birth(account *tenancy.Account) *Book {
	return &Book{Tenant: account.ID, Months: []Month{{Period: max(PeriodOf(account.CreatedAtMs), firstPeriod)}}}
}

// firstPeriod stands in for a time of creation that is no time.
const firstPeriod = Period(197001)

// Running is the period that is spent from now. A tenant that a hub looks after turns when its book does; any other
// with the cluster.
func (b *Book) Running(cluster *Cluster, account *tenancy.Account) Period {
	last := b.last().Period
	if account.UserID == "" && cluster != nil {
		return max(last, cluster.Period)
	}
	return last
}

// Month finds a period.
func (b *Book) Month(period Period) (Month, bool) {
	if m := b.month(period); m != nil {
		return *m, true
	}
	return Month{}, false
}

// Lease finds a node's lease.
func (m Month) Lease(node NodeNumber) (Lease, bool) {
	i, found := slices.BinarySearchFunc(m.Leases, node, compareLease)
	if !found {
		return Lease{}, false
	}
	return m.Leases[i], true
}

// Committed is settled + lost + Σ outstanding: what counts against the limits.
func (m Month) Committed() Units {
	sum := m.Totals.Units().plus(m.Lost)
	for _, l := range m.Leases {
		sum = sum.plus(l.Outstanding())
	}
	return sum
}

// Settled reports whether no lease of the month is open: its totals are final.
func (m Month) Settled() bool {
	return !slices.ContainsFunc(m.Leases, func(l Lease) bool { return !l.Closed })
}

// Left is what the limits leave to grant in a running month; without a limit, MaxRoom.
func (m Month) Left(limits tenancy.Limits) Units {
	used := m.Committed()
	return Units{left(limits.RequestsPerMonth, used.Requests), left(limits.WritesPerMonth, used.Writes)}
}

func left(limit tenancy.Limit, used uint64) uint64 {
	if limit.None() {
		return MaxRoom
	}
	number, _ := limit.Number()
	return minus(number, used)
}

// over reports whether more is committed than a limit allows: it was lowered.
func (m Month) over(limits tenancy.Limits) bool {
	used := m.Committed()
	return !limits.RequestsPerMonth.Allows(used.Requests) || !limits.WritesPerMonth.Allows(used.Writes)
}

// Slice is how much of what is left a node is given at once: a quarter of its part, but never less than its part of a
// thousandth of the limit, so that slices shrink towards the end and yet come to an end. nodes is N, at least 1.
func Slice(left, limit, nodes uint64) uint64 {
	nodes = max(nodes, 1)
	thousandth := max(1, limit/1000)
	least := (thousandth + nodes - 1) / nodes
	return min(left, max(left/(4*nodes), least))
}

func compareLease(l Lease, node NodeNumber) int { return int(l.Node) - int(node) }

func (b *Book) last() *Month { return &b.Months[len(b.Months)-1] }

func (b *Book) month(period Period) *Month {
	for i := range b.Months {
		if b.Months[i].Period == period {
			return &b.Months[i]
		}
	}
	return nil
}

// clone is a copy to change; months and their leases are copied.
func (b *Book) clone() *Book {
	next := *b
	next.Months = slices.Clone(b.Months)
	for i := range next.Months {
		next.Months[i].Leases = slices.Clone(next.Months[i].Leases)
	}
	next.Shares = slices.Clone(b.Shares)
	return &next
}

// lease finds a node's lease to change, or makes room for one; nil in found says that it is new.
func (m *Month) lease(node NodeNumber) (lease *Lease, found bool) {
	i, found := slices.BinarySearchFunc(m.Leases, node, compareLease)
	if !found {
		return nil, false
	}
	return &m.Leases[i], true
}

func (m *Month) insert(l Lease) *Lease {
	i, _ := slices.BinarySearchFunc(m.Leases, l.Node, compareLease)
	m.Leases = slices.Insert(m.Leases, i, l)
	return &m.Leases[i]
}
