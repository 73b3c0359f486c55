package ledger

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/hivellm/nexus/tenancy"
)

// rigNode is a node as api/meter will be one: a hot path over words, a control path over Slots, a spending file.
type rigNode struct {
	world       *world
	id          string
	incarnation uint64
	offset      int64
	percent     int64 // how fast its clock runs
	applied     int   // index of the machine's state
	dead        bool
	removed     bool
	cut         bool
	lossy       uint64 // incarnations up to this one have no file
	ticker      Clock
	seq         uint64
	sentAt      int64
	freshAt     int64
	slots       []*rigSlot
	file        map[fileKey]Totals // survives a kill
}

type fileKey struct {
	tenant      tenancy.ID
	period      Period
	incarnation uint64
}

// rigSlot is a Slot with its words.
type rigSlot struct {
	*Slot
	use       Use
	allowance Allowance
	bucket    Bucket
	started   bool
}

func (w *world) addNode() *rigNode {
	n := &rigNode{world: w, id: fmt.Sprintf("node-%02d", len(w.nodes)+1), incarnation: 1, offset: int64(len(w.nodes)) * 7_000_000_000, percent: 100, file: map[fileKey]Totals{}, freshAt: -1 << 60}
	if w.skew {
		n.percent = []int64{100, 104, 96, 103}[len(w.nodes)%4]
	}
	w.nodes = append(w.nodes, n)
	return n
}

func (n *rigNode) clock(now int64) int64 { return n.offset + now/100*n.percent }

func (n *rigNode) now() int64 { return n.clock(n.world.now) }

func (n *rigNode) state() *machineState { return n.world.states[n.applied] }

// contact is R5's call: the machine catches up with the leader's.
func (n *rigNode) contact() {
	w := n.world
	if n.dead || n.cut || n.removed || w.leader == nil || w.leader.dead || w.leader.cut && w.leader != n {
		return
	}
	n.freshAt = n.now()
	n.applied = len(w.states) - 1
}

// catchUp applies up to some entries.
func (n *rigNode) catchUp(entries int) {
	if !n.cut && !n.removed && !n.dead {
		n.applied = min(n.applied+entries, len(n.world.states)-1)
	}
}

// control is the control path: follow the machine, then report what there is to say.
func (n *rigNode) control() {
	if n.dead {
		return
	}
	view, now := n.state(), n.now()
	n.ticker.Saw(view.cluster, n.id, n.incarnation, now)
	urgency := Quiet
	var holdings []Holding
	for _, s := range slices.Clone(n.slots) {
		h, ok := HoldingOf(view, n.id, n.incarnation, s.Tenant)
		if !ok {
			n.world.fail("no holding")
		}
		n.follow(s, h, now)
	}
	self, _ := view.cluster.NodeByID(n.id)
	for _, s := range n.slots {
		h, _ := HoldingOf(view, n.id, n.incarnation, s.Tenant)
		holdings = append(holdings, h)
		urgency = max(urgency, s.Urgency(s.use, h, view.books[s.Tenant].Known(self.Number, n.incarnation, s.Period)))
	}
	past := n.past(view, self)
	if view.cluster.Awaits(n.id, n.incarnation) || len(past) > 0 {
		urgency = max(urgency, NextTick)
	}
	wait := int64(TickEvery)
	if urgency == AtOnce {
		wait = int64(TickEvery) / 100
	}
	if urgency == Quiet || now-n.sentAt < wait {
		return
	}
	n.send(view, holdings, past, now)
}

// send sends a report. Closed slots and what is past are said until the machine shows them settled.
func (n *rigNode) send(view *machineState, holdings []Holding, past []Entry, now int64) {
	n.seq++
	r := &Report{Node: n.id, Incarnation: n.incarnation, Seq: n.seq, Entries: past}
	if view.cluster != nil {
		r.Applied = view.cluster.Seq
	}
	for i, s := range n.slots {
		r.Entries = append(r.Entries, s.Report(s.use, holdings[i], now))
	}
	slices.SortFunc(r.Entries, compareEntries)
	data, err := EncodeReport(r)
	if err != nil {
		n.world.fail("%v", err)
	}
	if r, err = DecodeReport(data); err != nil {
		n.world.fail("%v", err)
	}
	n.ticker.Sent(n.seq, now)
	n.sentAt = now
	if node, ok := view.cluster.NodeByID(n.id); ok {
		n.slots = slices.DeleteFunc(n.slots, func(s *rigSlot) bool { return s.closed && s.Settled(view.books[s.Tenant], node.Number) })
	}
	if !n.cut && !n.removed {
		n.world.inFlight = append(n.world.inFlight, r)
	}
}

// past is what earlier incarnations left, by the machine and by the file.
func (n *rigNode) past(view *machineState, node Node) []Entry {
	var list []Entry
	for _, t := range n.world.tenants {
		if b := view.books[t.id]; b != nil {
			for _, e := range Past(b, node.Number, n.incarnation) {
				if e.Incarnation > n.lossy {
					e.Unknown, e.Spent = false, n.file[fileKey{e.Tenant, e.Period, e.Incarnation}]
				}
				list = append(list, e)
			}
		}
	}
	for key, spent := range n.file {
		same := func(e Entry) bool {
			return e.Tenant == key.tenant && e.Period == key.period && e.Incarnation == key.incarnation
		}
		if key.incarnation < n.incarnation && !view.books[key.tenant].Closed(node.Number, key.incarnation, key.period) && !slices.ContainsFunc(list, same) {
			list = append(list, Entry{Tenant: key.tenant, Period: key.period, Incarnation: key.incarnation, Spent: spent, Closed: true})
		}
	}
	slices.SortFunc(list, func(a, b Entry) int {
		return cmp.Or(compareEntries(a, b), cmp.Compare(a.Incarnation, b.Incarnation))
	})
	return list
}

// follow does what the machine's state asks of a slot.
func (n *rigNode) follow(s *rigSlot, h Holding, now int64) {
	take := func() Rooms { r := s.use.Rooms; s.use.Rooms = 0; return r }
	switch {
	case s.closed:
		return
	case h.Period != s.Period:
		next := &rigSlot{Slot: s.Turn(h.Period, take()), allowance: s.allowance, bucket: s.bucket, started: s.started}
		next.use = Use{Arrived: s.use.Arrived, Starved: s.use.Starved, LastNs: s.use.LastNs}
		s.use.Arrived, s.use.Starved, s.use.Dry = 0, 0, Units{}
		n.slots = append(n.slots, next)
		n.follow(next, h, now)
		return
	}
	s.use.Rooms = s.use.Rooms.Add(s.Slot.Rooms(h))
	if h.Recalled && s.use.Rooms != 0 {
		s.Recall(take())
	}
	if s.Idle(s.use, &n.ticker, now) && s.Holds(s.use) {
		s.GiveBack(take())
	}
	n.pace(s, h, now)
}

func (n *rigNode) pace(s *rigSlot, h Holding, now int64) {
	next, fill, changed := s.Slot.Allowance(h, &n.ticker, now)
	if !changed {
		return
	}
	if s.started {
		s.bucket = s.allowance.Replace(s.bucket, now, next, fill)
	} else {
		s.bucket = next.Start(n.ticker.FloorSince(h.FloorSeq, now), now)
		s.bucket = next.Replace(s.bucket, now, next, fill)
	}
	s.allowance, s.started = next, true
}

// slot finds the slot that a tenant's requests go to.
func (n *rigNode) slot(t *truth, now int64) *rigSlot {
	view := n.state()
	h, _ := HoldingOf(view, n.id, n.incarnation, t.id)
	for _, s := range n.slots {
		if s.Tenant == t.id && !s.closed {
			n.follow(s, h, now)
		}
	}
	for _, s := range n.slots {
		if s.Tenant == t.id && !s.closed {
			return s
		}
	}
	s := &rigSlot{Slot: NewSlot(t.id, h.Period, n.incarnation)}
	s.use.LastNs = now
	n.slots = append(n.slots, s)
	n.follow(s, h, now)
	return s
}

// request is one request of a tenant at the door.
func (n *rigNode) request(t *truth, write bool) {
	now := n.now()
	if n.dead || now-n.freshAt > int64(LeaseDuration) {
		return // AUTH_STALE
	}
	s := n.slot(t, now)
	s.use.LastNs = now
	s.use.Arrived++
	word, verdict := s.allowance.Admit(s.bucket, now)
	if verdict == LeaseOver {
		s.allowance, s.bucket = s.allowance.Lapse(s.bucket, now)
		word, verdict = s.allowance.Admit(s.bucket, now)
	}
	if verdict != Admitted {
		s.use.Starved++
		t.denied++
		return
	}
	s.bucket = word
	n.world.rate(t)
	limits := n.state().accounts[t.id].Limits
	meter := Meter{!limits.RequestsPerMonth.None(), !limits.WritesPerMonth.None(), n.ticker.EndsNs()}
	rooms, drawn, verdict := meter.Spend(s.use.Rooms, write, now)
	switch verdict {
	case Admitted:
	case WritesDry:
		s.use.Dry.Writes++
		return
	default:
		s.use.Dry.Requests++
		return
	}
	s.use.Rooms = rooms
	n.spend(s, write)
	s.use.Drawn = s.use.Drawn.plus(drawn)
	n.world.admit(t, s.Period, write)
}

// spend counts a request in the file, before it runs.
func (n *rigNode) spend(s *rigSlot, write bool) {
	s.use.Spent.Requests++
	if write {
		s.use.Spent.Writes++
	} else {
		s.use.Spent.Reads++
	}
	s.use.Spent.BytesOut += 10
	n.file[fileKey{s.Tenant, s.Period, s.Incarnation}] = s.use.Spent
}

// stop kills the process; powerLoss takes the spending file's truth with it.
func (n *rigNode) stop(powerLoss bool) {
	n.dead = true
	n.slots, n.ticker = nil, Clock{}
	if powerLoss {
		n.lossy = n.incarnation
		n.file = map[fileKey]Totals{}
		for _, t := range n.world.tenants {
			t.lossy = true
		}
	}
}

// start begins the next incarnation; its machine may have lost what it had not flushed.
func (n *rigNode) start(lag int) {
	n.dead = false
	n.incarnation++
	n.seq, n.sentAt, n.freshAt = 0, 0, -1<<60
	n.applied = max(0, n.applied-lag)
}
