package ledger

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/hivellm/nexus/tenancy"
)

// MaxTickItems bounds each list of a tick.
const MaxTickItems = 4096

// Tick is one command of the ledger: what the leader heard from nodes, and what it decided. Facts and decisions both
// stand in it, so that Apply has no policy: it checks the decisions by the invariants and takes what fits. Each list is
// strictly ascending by its key, in which tenant comes first.
type Tick struct {
	// Period turns the cluster's period; 0 leaves it.
	Period Period
	// Opens bring nodes and their new incarnations in.
	Opens []Open
	// Renews answer reports: they renew leases.
	Renews []Renew
	// Expires end leases that time ended.
	Expires []Expire
	// Turns begin a tenant's period, by the hub's word.
	Turns []Turn
	// Settles are what nodes reported of their leases.
	Settles []Settle
	// GiveUps are shares that their nodes use no more.
	GiveUps []GiveUp
	// Grants are slices of running periods.
	Grants []Grant
	// Shares set nodes' shares of rates.
	Shares []SetShare
	// Acks are usage rows that the hub has.
	Acks []Ack
}

// Open begins an incarnation of a node. The process before it is dead: its shares end, and no lease of it spends.
type Open struct {
	// ID is the member's.
	ID          string
	Incarnation uint64
}

// Renew renews a node's lease: it lasts [LeaseDuration] from the moment the node sent the report.
type Renew struct {
	Node        NodeNumber
	Incarnation uint64
	// Report is the sequence number of the report that is answered.
	Report uint64
	// Applied is the tick that the node had applied when it reported.
	Applied uint64
}

// Expire ends a node's lease that was last renewed in tick RenewedSeq: the leader waited for its end by its own clock.
type Expire struct {
	Node       NodeNumber
	RenewedSeq uint64
}

// Turn begins a period for a tenant.
type Turn struct {
	Tenant tenancy.ID
	Period Period
}

// Settle is one lease as its node reports it. All counts are cumulative, so a report that comes late, twice or out of
// order changes nothing.
type Settle struct {
	Tenant      tenancy.ID
	Node        NodeNumber
	Incarnation uint64
	Period      Period
	Returned    Units
	Drawn       Units
	Spent       Totals
	// Closed says that the incarnation spends nothing more in this period.
	Closed bool
	// Unknown says, of a closed lease, that what it spent beyond its earlier reports is not known: a power loss. The counts
	// of this report are not looked at.
	Unknown bool
}

// GiveUp is a node's word that it uses the share of tick Seq no more.
type GiveUp struct {
	Tenant tenancy.ID
	Node   NodeNumber
	Seq    uint64
}

// Grant gives a node units of a tenant's running period.
type Grant struct {
	Tenant      tenancy.ID
	Node        NodeNumber
	Incarnation uint64
	Period      Period
	Units       Units
}

// SetShare sets a node's share of a tenant's rate. What it takes away is free again when the node is known to have
// stopped using it.
type SetShare struct {
	Tenant tenancy.ID
	Node   NodeNumber
	Rate   Rate
	// Fill is how many requests the node finds in the part by which its burst grows.
	Fill uint64
}

// Ack is a usage row that the hub has.
type Ack struct {
	Tenant tenancy.ID
	Period Period
	Seq    uint64
}

// Empty reports whether the tick says nothing.
func (t *Tick) Empty() bool {
	return t.Period == 0 && len(t.Opens)+len(t.Renews)+len(t.Expires)+len(t.Turns)+len(t.Settles)+len(t.GiveUps)+len(t.Grants)+len(t.Shares)+len(t.Acks) == 0
}

// Check refuses a tick that is not well formed: lists out of order or beyond their bound, numbers out of range.
func (t *Tick) Check() error {
	if t.Period != 0 && !t.Period.Valid() {
		return fmt.Errorf("tick: period %d", t.Period)
	}
	for _, err := range []error{
		checkList("opens", t.Opens, compareOpens, Open.check), checkList("renews", t.Renews, compareRenews, Renew.check),
		checkList("expires", t.Expires, compareExpires, Expire.check), checkList("turns", t.Turns, compareTurns, Turn.check),
		checkList("settles", t.Settles, compareSettles, Settle.check), checkList("give-ups", t.GiveUps, compareGiveUps, GiveUp.check),
		checkList("grants", t.Grants, compareGrants, Grant.check), checkList("shares", t.Shares, compareShares, SetShare.check),
		checkList("acks", t.Acks, compareAcks, Ack.check),
	} {
		if err != nil {
			return fmt.Errorf("tick: %w", err)
		}
	}
	return nil
}

// checkList checks a list's length, order and items.
func checkList[T any](name string, list []T, compare func(a, b T) int, check func(T) bool) error {
	if len(list) > MaxTickItems {
		return fmt.Errorf("%d %s, at most %d", len(list), name, MaxTickItems)
	}
	for i, item := range list {
		if !check(item) {
			return fmt.Errorf("%s %d: a number is out of range", name, i)
		}
		if i > 0 && compare(list[i-1], item) >= 0 {
			return fmt.Errorf("%s %d: out of order", name, i)
		}
	}
	return nil
}

// The keys that the lists are ordered by.
func compareOpens(a, b Open) int { return cmp.Compare(a.ID, b.ID) }

func compareRenews(a, b Renew) int { return cmp.Compare(a.Node, b.Node) }

func compareExpires(a, b Expire) int { return cmp.Compare(a.Node, b.Node) }

func compareTurns(a, b Turn) int { return a.Tenant.Compare(b.Tenant) }

func compareSettles(a, b Settle) int {
	return cmp.Or(a.Tenant.Compare(b.Tenant), cmp.Compare(a.Period, b.Period), cmp.Compare(a.Node, b.Node), cmp.Compare(a.Incarnation, b.Incarnation))
}

func compareGiveUps(a, b GiveUp) int {
	return cmp.Or(a.Tenant.Compare(b.Tenant), cmp.Compare(a.Node, b.Node))
}

func compareGrants(a, b Grant) int {
	return cmp.Or(a.Tenant.Compare(b.Tenant), cmp.Compare(a.Node, b.Node))
}

func compareShares(a, b SetShare) int {
	return cmp.Or(a.Tenant.Compare(b.Tenant), cmp.Compare(a.Node, b.Node))
}

func compareAcks(a, b Ack) int {
	return cmp.Or(a.Tenant.Compare(b.Tenant), cmp.Compare(a.Period, b.Period))
}

// sort puts the lists into order.
func (t *Tick) sort() {
	slices.SortFunc(t.Opens, compareOpens)
	slices.SortFunc(t.Renews, compareRenews)
	slices.SortFunc(t.Expires, compareExpires)
	slices.SortFunc(t.Turns, compareTurns)
	slices.SortFunc(t.Settles, compareSettles)
	slices.SortFunc(t.GiveUps, compareGiveUps)
	slices.SortFunc(t.Grants, compareGrants)
	slices.SortFunc(t.Shares, compareShares)
	slices.SortFunc(t.Acks, compareAcks)
}

// The ranges of the items.
func (o Open) check() bool { return checkNodeID(o.ID) && o.Incarnation != 0 }

func (r Renew) check() bool { return r.Node != 0 && r.Incarnation != 0 && r.Report != 0 }

func (e Expire) check() bool { return e.Node != 0 }

func (t Turn) check() bool { return !t.Tenant.IsZero() && t.Period.Valid() }

func (s Settle) check() bool {
	return !s.Tenant.IsZero() && s.Node != 0 && s.Incarnation != 0 && s.Period.Valid() && s.Returned.check() && s.Drawn.check() &&
		s.Spent.check() && (s.Closed || !s.Unknown)
}

func (g GiveUp) check() bool { return !g.Tenant.IsZero() && g.Node != 0 && g.Seq != 0 }

func (g Grant) check() bool {
	return !g.Tenant.IsZero() && g.Node != 0 && g.Incarnation != 0 && g.Period.Valid() && g.Units.Requests <= MaxRoom && g.Units.Writes <= MaxRoom
}

func (s SetShare) check() bool {
	return !s.Tenant.IsZero() && s.Node != 0 && s.Rate.PerSecond <= MaxRate*Micro && s.Rate.Burst <= MaxBurst && s.Fill <= s.Rate.Burst
}

func (a Ack) check() bool { return !a.Tenant.IsZero() && a.Period.Valid() }

func (u Units) check() bool { return u.Requests <= maxCount && u.Writes <= maxCount }

func (t Totals) check() bool {
	return t.Requests <= maxCount && t.Writes <= maxCount && t.Reads <= maxCount && t.RowsOut <= maxCount && t.BytesIn <= maxCount &&
		t.BytesOut <= maxCount && t.ComputeMs <= maxCount
}

func checkNodeID(id string) bool {
	if id == "" || len(id) > MaxNodeID {
		return false
	}
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return false
		}
	}
	return true
}
