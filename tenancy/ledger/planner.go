package ledger

import (
	"errors"
	"slices"
	"time"

	"github.com/hivellm/nexus/tenancy"
)

const (
	// maxPending bounds the reports that wait for the next tick.
	maxPending = 4 * MaxNodes
	// maxTurns and maxAcks bound what waits from the hub.
	maxTurns = MaxTickItems / 2
	maxAcks  = MaxTickItems / 2
	// gather is how long a report that asks for nothing waits for others, so that they share an entry.
	gather = int64(TickEvery / 4)
)

// ErrBusy says that so many reports or words of the hub wait already; the sender repeats it. Nothing is lost: all of
// it is cumulative.
var ErrBusy = errors.New("the ledger's leader has too much waiting")

// Planner makes a leader's ticks: it gathers reports, and decides slices and shares. All policy is here; Apply has
// none. One planner lives as long as a term, from the moment its TermStart is applied here; what it remembers
// beside the machine (demand, what lies unused, when leases end) begins anew with it, on the careful side. It is not
// safe for concurrent use. Moments are nanoseconds of the leader's own monotonic clock.
type Planner struct {
	departedWait int64
	reports      []pending
	turns        []Turn
	acks         []Ack
	watched      []watched
	wishes       *wishes
	seen         uint64 // the Seq of the newest cluster observed
}

// pending is a report that waits.
type pending struct {
	*Report
	at     int64
	urgent bool
}

// watched is a node's lease as this leader saw it.
type watched struct {
	node       NodeNumber
	renewedSeq uint64
	departed   bool
	// at is when the leader's own machine was seen to have applied that.
	at int64
}

// NewPlanner begins a term. maxStaleness is auth.max_staleness, after which a node that was removed admits nothing, on
// no floor either.
func NewPlanner(maxStaleness time.Duration, now int64) *Planner {
	return &Planner{departedWait: int64(max(LeaseWait, maxStaleness+maxStaleness/10)), wishes: newWishes(now)}
}

// Report takes a node's report in. One that is not well formed is refused; so is one too many (ErrBusy).
func (p *Planner) Report(r *Report, now int64) error {
	if err := r.Check(); err != nil {
		return err
	}
	if len(p.reports) >= maxPending {
		return ErrBusy
	}
	urgent := slices.ContainsFunc(r.Entries, func(e Entry) bool { return e.AskRequests || e.AskWrites || e.Starved || e.GaveUp != 0 })
	p.reports = append(p.reports, pending{r, now, urgent || len(r.Entries) == 0})
	return nil
}

// Turn passes a hub's word on that a tenant's period begins.
func (p *Planner) Turn(t Turn) error {
	if len(p.turns) >= maxTurns {
		return ErrBusy
	}
	p.turns = append(p.turns, t)
	return nil
}

// Ack passes a hub's word on that it has a usage row.
func (p *Planner) Ack(a Ack) error {
	if len(p.acks) >= maxAcks {
		return ErrBusy
	}
	p.acks = append(p.acks, a)
	return nil
}

// Observe notes what the leader's machine has applied, after every tick and every removal of a member.
func (p *Planner) Observe(cluster *Cluster, now int64) {
	if cluster == nil {
		return
	}
	next := make([]watched, 0, len(cluster.Nodes))
	for _, n := range cluster.Nodes {
		w := watched{n.Number, n.RenewedSeq, n.Departed, now}
		if i := slices.IndexFunc(p.watched, func(o watched) bool { return o.node == n.Number }); i >= 0 {
			if old := p.watched[i]; old.renewedSeq == w.renewedSeq && old.departed == w.departed {
				w.at = old.at
			}
		}
		next = append(next, w)
		if n.ExpiredSeq > p.seen || n.FlooredSeq > p.seen {
			p.wishes.since = now // shares ended or floors moved: nobody knows how much of them was used
		}
	}
	if len(next) != len(p.watched) {
		p.wishes.since = now
	}
	p.watched, p.seen = next, cluster.Seq
}

// Due is the moment at which a tick has something to say; false when nothing is known to come. One tick is on its way
// at a time: the next is planned when its machine has applied the one before, or knows that it never will.
func (p *Planner) Due(view View, now int64) (int64, bool) {
	at, due := forever, false
	soon := func(moment int64) { at, due = min(at, moment), true }
	for _, r := range p.reports {
		if r.urgent {
			soon(now)
		}
		soon(r.at + gather)
	}
	if len(p.turns)+len(p.acks) > 0 || view.Cluster() != nil && p.period(view) != 0 {
		soon(now)
	}
	for _, w := range p.watched {
		if n, ok := view.Cluster().Node(w.node); ok && lapses(n) {
			soon(w.at + p.patience(n))
		}
	}
	return at, due
}

// lapses reports whether a node's lease has an end that somebody must name.
func lapses(n Node) bool { return n.Departed || n.RenewedSeq != 0 && n.ExpiredSeq <= n.RenewedSeq }

func (p *Planner) patience(n Node) int64 {
	if n.Departed {
		return p.departedWait
	}
	return int64(LeaseWait)
}

// period is the cluster's next period, 0 where it need not turn.
func (p *Planner) period(view View) Period {
	var running Period
	if c := view.Cluster(); c != nil {
		running = c.Period
	}
	if next := PeriodOf(view.LogTimeMs()); next.Valid() && next > running {
		return next
	}
	return 0
}

// Plan is the next tick; nil where there is nothing to say.
func (p *Planner) Plan(view View, now int64) *Tick {
	tick := &Tick{Period: p.period(view)}
	entries := p.facts(view, tick, now)
	tick.sort()
	if tick.Empty() {
		return nil
	}
	change, err := Apply(view, tick)
	if err != nil {
		return nil // not reached: facts are made of checked reports
	}
	after := &overlay{View: view, change: change}
	p.grants(after, tick, entries)
	p.shares(after, tick, entries, now)
	tick.sort()
	return tick
}

// overlay shows what a tick makes of a view.
type overlay struct {
	View
	change Change
}

func (o *overlay) Cluster() *Cluster { return o.change.Cluster }

func (o *overlay) Book(id tenancy.ID) *Book {
	i, found := slices.BinarySearchFunc(o.change.Books, id, func(b *Book, id tenancy.ID) int { return b.Tenant.Compare(id) })
	if found {
		return o.change.Books[i]
	}
	return o.View.Book(id)
}
