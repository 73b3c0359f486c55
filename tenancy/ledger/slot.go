package ledger

import (
	"slices"

	"github.com/hivellm/nexus/tenancy"
)

// Slot is what the control path of a node keeps of one tenant in one period: plain data beside the atomics of the hot
// path, which it tells what to do. One goroutine drives it, after each change of the machine and once a tick.
type Slot struct {
	Tenant      tenancy.ID
	Period      Period
	Incarnation uint64

	granted, returned Units
	floor, share      Rate
	unlimited, rated  bool
	ends              int64
	filled            uint64 // the tick whose fill was put in
	gaveUp            uint64 // the tick whose share is not used any more
	sharing           uint64 // the tick of the share in use; 0 for none
	closed            bool
	sent              Entry
	reduced           bool   // the share became smaller since the last report
	arrived, starved  uint64 // as of the last report
	dry               Units  // as of the last report
	window            window
}

// window measures how many requests come in a second.
type window struct {
	since, base, rate uint64
}

// demand is the greater of the last whole second's requests and those of the second that runs.
func (w *window) demand(arrived uint64, now int64) uint64 {
	if w.since == 0 {
		w.since = uint64(max(now, 1))
	}
	if span := uint64(now) - w.since; span >= uint64(TickEvery) {
		w.rate = part(arrived-w.base, uint64(TickEvery), span)
		w.since, w.base = uint64(now), arrived
	}
	return max(w.rate, arrived-w.base)
}

// Use is what the hot path counted for a slot, read in this order: Drawn, then Spent.
type Use struct {
	Rooms Rooms
	Drawn Units
	Spent Totals
	// Arrived counts the requests that were judged by the rate, Starved those of them that the node's part refused.
	Arrived, Starved uint64
	// Dry counts refusals for want of units, by kind.
	Dry Units
	// LastNs is when the last request came, on the node's monotonic clock.
	LastNs int64
}

// NewSlot begins a slot: nothing is held until Follow says so.
func NewSlot(tenant tenancy.ID, period Period, incarnation uint64) *Slot {
	return &Slot{Tenant: tenant, Period: period, Incarnation: incarnation}
}

// Turn is the slot of the period that follows: the rate's part goes over to it, with the hot path's bucket and counts of
// arrivals; this slot is closed, as by Close.
func (s *Slot) Turn(period Period, rooms Rooms) *Slot {
	next := *s
	next.Period, next.granted, next.returned, next.sent, next.dry = period, Units{}, Units{}, Entry{}, Units{}
	s.Close(rooms)
	s.gaveUp, s.sharing, s.reduced, s.window = 0, 0, false, window{}
	return &next
}

// Rooms is what the hot path's rooms grow by, since the machine shows more granted. Once for each grant.
func (s *Slot) Rooms(h Holding) Units {
	if h.Period != s.Period {
		return Units{}
	}
	grown := h.Granted.minus(s.granted)
	s.granted = s.granted.max(h.Granted)
	return grown
}

// Allowance is the tenant's allowance by what the node holds, and what to put into its bucket with it; false where the
// one in use still holds. The hot path's word is closed, replaced ([Allowance.Replace]) and shown with the new one.
func (s *Slot) Allowance(h Holding, clock *Clock, now int64) (next Allowance, fill uint64, changed bool) {
	if !h.Limited {
		changed = !s.rated || !s.unlimited
		s.rated, s.unlimited, s.sharing = true, true, 0
		return Unlimited(), 0, changed
	}
	share, seq := h.Share, h.ShareSeq
	if seq == s.gaveUp {
		share, seq = Rate{}, 0
	}
	ends := int64(0)
	if share != (Rate{}) {
		ends = clock.EndsNs()
	}
	if s.rated && !s.unlimited && s.floor == h.Floor && s.share == share && s.ends == ends && s.sharing == seq {
		return Allowance{}, 0, false
	}
	s.reduced = s.reduced || !s.share.within(share)
	if seq > s.filled {
		fill, s.filled = h.Fill, seq
	}
	s.rated, s.unlimited, s.floor, s.share, s.ends, s.sharing = true, false, h.Floor, share, ends, seq
	return AllowanceOf(h.Floor, share, ends), fill, true
}

// Idle reports whether the slot's rooms and share are to be given back: nobody asked for a lease's time, or the lease
// is over.
func (s *Slot) Idle(u Use, clock *Clock, now int64) bool {
	return now-u.LastNs >= int64(LeaseDuration) || now >= clock.EndsNs()
}

// Holds reports whether there is anything to give back.
func (s *Slot) Holds(u Use) bool { return u.Rooms != 0 || s.sharing != 0 }

// GiveBack notes what the hot path's rooms held when they were swapped for none, and that the share is used no more:
// the caller then asks for the Allowance again.
func (s *Slot) GiveBack(rooms Rooms) {
	s.returned = s.returned.plus(rooms.Units())
	if s.sharing != 0 {
		s.gaveUp = s.sharing
	}
}

// Recall notes what the hot path's rooms held when they were swapped for none because the limits were lowered.
func (s *Slot) Recall(rooms Rooms) { s.returned = s.returned.plus(rooms.Units()) }

// Close says that the slot spends nothing more: its rooms were swapped for none, and no request counts in it any more.
func (s *Slot) Close(rooms Rooms) {
	s.Recall(rooms)
	s.closed = true
}

// Urgency is when a slot wants to be reported.
type Urgency uint8

// The urgencies.
const (
	// Quiet has nothing to say.
	Quiet Urgency = iota
	// NextTick is said with the next tick.
	NextTick
	// AtOnce is said as soon as no report of the node is on its way.
	AtOnce
)

// Urgency says when the slot is to be reported: at once where it ran dry or its share is too small, or where others wait
// for its word; with the next tick as long as the machine does not show all that there is to say (known is the lease that
// it shows, [Book.Known]), for reports get lost; else not at all.
func (s *Slot) Urgency(u Use, h Holding, known Lease) Urgency {
	e := s.entry(u, h)
	switch {
	case s.reduced, u.Dry != s.dry, u.Starved != s.starved, e.Closed != s.sent.Closed, e.GaveUp != s.sent.GaveUp, e.Returned != s.sent.Returned:
		return AtOnce
	case e.Spent != known.Spent, e.Drawn != known.Drawn, e.Returned != known.Returned, e.Closed != known.Closed:
		return NextTick
	case e.GaveUp != 0 && e.GaveUp == h.ShareSeq, u.Arrived != s.arrived, s.sent.Demand != 0 && !s.closed:
		return NextTick
	default:
		return Quiet
	}
}

// Report is the slot's entry in a report that leaves now.
func (s *Slot) Report(u Use, h Holding, now int64) Entry {
	e := s.entry(u, h)
	if e.Demand = s.window.demand(u.Arrived, now); e.Starved {
		e.Demand = max(1, e.Demand)
	}
	s.reduced = false
	s.sent, s.arrived, s.starved, s.dry = e, u.Arrived, u.Starved, u.Dry
	return e
}

// entry is what there is to say but for demand.
func (s *Slot) entry(u Use, h Holding) Entry {
	e := Entry{
		Tenant: s.Tenant, Period: s.Period, Incarnation: s.Incarnation, Returned: s.returned, Drawn: u.Drawn, Spent: u.Spent,
		Closed: s.closed, GaveUp: s.gaveUp, Starved: u.Starved != s.starved,
	}
	if !s.closed {
		had := s.granted.minus(s.returned).minus(u.Drawn)
		last := u.Drawn.minus(s.sent.Drawn)
		e.AskRequests = h.Requests && (u.Dry.Requests != s.dry.Requests || last.Requests > 0 && had.Requests <= last.Requests)
		e.AskWrites = h.Writes && (u.Dry.Writes != s.dry.Writes || last.Writes > 0 && had.Writes <= last.Writes)
	}
	return e
}

// Awaits reports whether the ledger waits for a word of a node, whatever its slots have to say: it has not joined with
// this incarnation, or a newcomer's floor waits for it. Then it reports with the next tick, if need be without entries.
func (c *Cluster) Awaits(id string, incarnation uint64) bool {
	node, ok := c.NodeByID(id)
	if !ok || node.Incarnation != incarnation || node.Renewed == 0 {
		return !node.Departed
	}
	return slices.ContainsFunc(c.Nodes, func(n Node) bool {
		return n.FlooredSeq == 0 && n.Number > node.Number && n.JoinedSeq > node.Confirmed
	})
}

// Settled reports whether the machine shows that the ledger has all of a closed slot, so that it can be forgotten.
func (s *Slot) Settled(book *Book, node NodeNumber) bool {
	return book.Closed(node, s.Incarnation, s.Period)
}

// Known is the lease of an incarnation as a book shows it; empty where it shows none.
func (b *Book) Known(node NodeNumber, incarnation uint64, period Period) Lease {
	if b == nil {
		return Lease{}
	}
	m, _ := b.Month(period)
	if l, ok := m.Lease(node); ok && l.Incarnation == incarnation {
		return l
	}
	return Lease{}
}

// Past lists what incarnations of a node before the given one left open in a book. A node that starts settles each,
// Closed, with the counts of its spending file (Unknown where the file is not to be trusted), and so it does with whatever
// else its file holds, until the machine shows it settled ([Book.Closed]). Until then it is granted nothing of that
// tenant, and whatever it reports of its own incarnation goes in the same report: a later incarnation closes the book
// on those before it.
func Past(book *Book, node NodeNumber, incarnation uint64) []Entry {
	var open []Entry
	for _, m := range book.Months {
		if l, ok := m.Lease(node); ok && !l.Closed && l.Incarnation < incarnation {
			open = append(open, Entry{Tenant: book.Tenant, Period: m.Period, Incarnation: l.Incarnation, Spent: l.Spent, Drawn: l.Drawn, Returned: l.Returned, Closed: true, Unknown: true})
		}
	}
	return open
}

// Closed reports whether nothing more is wanted of an incarnation's lease: it is settled, or its month is gone.
func (b *Book) Closed(node NodeNumber, incarnation uint64, period Period) bool {
	if b == nil {
		return false
	}
	m, ok := b.Month(period)
	if !ok {
		return period < b.last().Period
	}
	l, ok := m.Lease(node)
	return ok && (l.Incarnation > incarnation || l.Incarnation == incarnation && l.Closed)
}
