package ledger

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/hivellm/nexus/tenancy"
)

// MaxReportEntries bounds a report. A node that has more to say sends several.
const MaxReportEntries = 1024

// Report is what a node tells the leader, once a tick and at once when it runs dry. All of it is cumulative or names
// what it speaks of, so that a report may be lost, late, doubled or out of order.
type Report struct {
	// Node is the member's id, Incarnation its process.
	Node        string
	Incarnation uint64
	// Seq numbers the incarnation's reports from 1.
	Seq uint64
	// Applied is the tick (Cluster.Seq) that the node's machine had applied, and whose shares it used, when it reported.
	Applied uint64
	// Entries by tenant, period and incarnation, strictly ascending.
	Entries []Entry
}

// Entry is one tenant's period in a report.
type Entry struct {
	Tenant tenancy.ID
	Period Period
	// Incarnation is the report's own, or an earlier one that is settled now.
	Incarnation uint64
	Returned    Units
	Drawn       Units
	Spent       Totals
	// Closed and Unknown as in [Settle].
	Closed, Unknown bool
	// AskRequests and AskWrites ask for units.
	AskRequests, AskWrites bool
	// Demand is how many requests came in the last second, refused ones too.
	Demand uint64
	// Starved says that the node's part of the rate refused some of them.
	Starved bool
	// GaveUp is the tick of the share that the node uses no more; 0 for none.
	GaveUp uint64
}

// Check refuses a report that is not well formed.
func (r *Report) Check() error {
	switch {
	case !checkNodeID(r.Node):
		return errors.New("report: not a node's id")
	case r.Incarnation == 0 || r.Seq == 0:
		return errors.New("report: no incarnation, or no number")
	case len(r.Entries) > MaxReportEntries:
		return fmt.Errorf("report: %d entries, at most %d", len(r.Entries), MaxReportEntries)
	}
	for i, e := range r.Entries {
		if e.Tenant.IsZero() || !e.Period.Valid() || e.Incarnation == 0 || e.Incarnation > r.Incarnation || !e.Returned.check() || !e.Drawn.check() ||
			!e.Spent.check() || e.Demand > maxCount || e.Unknown && !e.Closed {
			return fmt.Errorf("report: entry %d: a number is out of range", i)
		}
		if i > 0 && compareEntries(r.Entries[i-1], e) >= 0 {
			return fmt.Errorf("report: entry %d: out of order", i)
		}
	}
	return nil
}

func compareEntries(a, b Entry) int {
	return cmp.Or(a.Tenant.Compare(b.Tenant), cmp.Compare(a.Period, b.Period), cmp.Compare(a.Incarnation, b.Incarnation))
}
