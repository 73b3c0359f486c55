package ledger

import (
	"cmp"
	"slices"

	"github.com/tidwall/btree"

	"github.com/hivellm/nexus/tenancy"
)

const (
	// maxWishes bounds the tenants that a planner remembers demand and unused tokens of.
	maxWishes = 1 << 16
	// sweepEach is how many of them are looked at, with every plan, for being over.
	sweepEach = 64
	// steady is by which part of the shared rate a target must differ from a share to be worth a step.
	steady = 50
)

// wishes is what a leader remembers, beside the machine, of the tenants whose rate is asked for.
type wishes struct {
	tenants *btree.Map[uint64, *wish]
	cursor  uint64
	// since is the moment from which on the unused part of a tenant that is not among them has certainly filled.
	since int64
}

// wish is one tenant's.
type wish struct {
	nodes []nodeWish
	// pool is the bucket of what neither floors nor shares hold, under pace.
	pool Bucket
	pace Pace
}

// nodeWish is what a node asked for.
type nodeWish struct {
	node    NodeNumber
	demand  uint64
	starved bool
	at      int64
}

func newWishes(now int64) *wishes {
	return &wishes{tenants: &btree.Map[uint64, *wish]{}, since: now}
}

// of finds or begins a tenant's wish. Of one that nobody had a share of, what is free has lain unused; else all that is
// known is that it is free now. Beyond the bound a tenant is not remembered, and then nothing counts as unused.
func (w *wishes) of(id tenancy.ID, free Rate, shared bool, now int64) *wish {
	if old, ok := w.tenants.Get(id.Number()); ok {
		old.pool, old.pace = old.pace.Switch(old.pool, now, PaceOf(free), 0), PaceOf(free)
		return old
	}
	pace := PaceOf(free)
	next := &wish{pool: pace.Empty(w.since), pace: pace}
	if shared {
		next.pool = pace.Empty(now)
	}
	if w.tenants.Len() >= maxWishes {
		w.since, next.pool = now, pace.Empty(now)
		return next
	}
	w.tenants.Set(id.Number(), next)
	return next
}

// sweep forgets tenants of whom nobody has asked for a lease's time and whose unused part is full.
func (w *wishes) sweep(now int64) {
	var over []uint64
	seen := 0
	w.tenants.Ascend(w.cursor, func(number uint64, x *wish) bool {
		w.cursor = number + 1
		seen++
		quiet := !slices.ContainsFunc(x.nodes, func(n nodeWish) bool { return now-n.at < int64(LeaseWait) })
		if quiet && x.pool <= Bucket(now) {
			over = append(over, number)
		}
		return seen < sweepEach
	})
	if seen < sweepEach {
		w.cursor = 0
	}
	for _, number := range over {
		w.tenants.Delete(number)
	}
}

// heard notes a node's demand; nobody's stays longer than a lease.
func (x *wish) heard(e heard, now int64) {
	x.nodes = slices.DeleteFunc(x.nodes, func(n nodeWish) bool { return n.node == e.node || now-n.at >= int64(LeaseDuration) })
	if e.Demand > 0 || e.Starved {
		x.nodes = append(x.nodes, nodeWish{e.node, max(1, e.Demand), e.Starved, now})
	}
	slices.SortFunc(x.nodes, func(a, b nodeWish) int { return cmp.Compare(a.node, b.node) })
}

// shares decides shares for the tenants that were heard of.
func (p *Planner) shares(view *overlay, tick *Tick, entries []heard, now int64) {
	for i := 0; i < len(entries); {
		id, first := entries[i].Tenant, i
		for i < len(entries) && entries[i].Tenant == id {
			i++
		}
		account, ok := view.Account(id)
		book := view.Book(id)
		if !ok || book == nil {
			continue
		}
		bucket, limited := RateOf(account.Limits)
		if !limited {
			continue
		}
		before := view.View.Book(id)
		x := p.wishes.of(id, view.Cluster().Free(book, bucket), before != nil && len(before.Shares) > 0, now)
		if account.Status != tenancy.StatusActive || len(tick.Shares)+MaxNodes > MaxTickItems {
			continue
		}
		for _, e := range entries[first:i] {
			if n, ok := view.Cluster().Node(e.node); ok && n.Incarnation == e.incarnation && e.Entry.Incarnation == e.incarnation {
				x.heard(e, now)
			}
		}
		d := division{cluster: view.Cluster(), book: book, bucket: bucket, wish: x, tenant: id}
		tick.Shares = append(tick.Shares, d.steps(now)...)
	}
	p.wishes.sweep(now)
}

// division divides one tenant's bucket.
type division struct {
	cluster *Cluster
	book    *Book
	bucket  Rate
	wish    *wish
	tenant  tenancy.ID
}

// steps are the shares to set: none while nobody is starved.
func (d division) steps(now int64) []SetShare {
	if !slices.ContainsFunc(d.wish.nodes, func(n nodeWish) bool { return n.starved }) {
		return nil
	}
	floor := d.cluster.checkedFloor(d.book, d.bucket)
	nodes := d.cluster.Size()
	shared := d.bucket.minus(d.cluster.floors(d.bucket, floor))
	free := d.bucket.minus(d.cluster.reserved(d.book, d.bucket, floor))
	var steps []SetShare
	for _, n := range d.cluster.Nodes {
		if n.Departed {
			continue
		}
		have := d.share(n.Number)
		target := d.first(d.target(n.Number, shared), have, shared, nodes)
		if d.near(have, target, shared) {
			continue
		}
		set := d.step(n.Number, have, target, &free, now)
		if set.Rate != have {
			steps = append(steps, set)
		}
	}
	d.wish.pool, d.wish.pace = d.wish.pace.Switch(d.wish.pool, now, PaceOf(free), 0), PaceOf(free)
	return steps
}

func (d division) share(node NodeNumber) Rate {
	share, ok := d.book.Share(node)
	if !ok {
		return Rate{}
	}
	return d.cluster.live(share)
}

// step moves a share towards its target: down at once, up by what is free.
func (d division) step(node NodeNumber, have, target Rate, free *Rate, now int64) SetShare {
	rate := have.min(target)
	share, _ := d.book.Share(node)
	force := d.cluster.inForce(share).max(have)
	gain := target.minus(rate).min(free.plus(force.minus(rate)))
	if rate.Burst+gain.Burst == 0 && d.bucket.Burst < 2*d.cluster.Size() {
		gain = Rate{} // a rate without a burst admits nothing
	}
	rate = rate.plus(gain)
	grows := rate.max(force).minus(force)
	*free = free.minus(grows)
	set := SetShare{Tenant: d.tenant, Node: node, Rate: rate}
	d.wish.pool, set.Fill = d.wish.pace.Take(d.wish.pool, now, grows.Burst)
	return set
}

// first keeps the first share of a node small, so that those who ask a moment later find theirs.
func (d division) first(target, have, shared Rate, nodes uint64) Rate {
	if have != (Rate{}) {
		return target
	}
	return target.min(Rate{shared.PerSecond / nodes, max(1, shared.Burst/nodes)})
}

// near reports whether a share is as good as its target.
func (d division) near(have, target, shared Rate) bool {
	if have == (Rate{}) || target == (Rate{}) || have.Burst != target.Burst && shared.Burst < steady {
		return have == target
	}
	far := func(a, b, whole uint64) bool { return max(a, b)-min(a, b) > whole/steady }
	return !far(have.PerSecond, target.PerSecond, shared.PerSecond) && !far(have.Burst, target.Burst, shared.Burst)
}

// target is a node's part of what is shared, by demand. Where there are fewer bursts than nodes that ask, those with the
// greatest demand have them.
func (d division) target(node NodeNumber, shared Rate) Rate {
	i := slices.IndexFunc(d.wish.nodes, func(n nodeWish) bool { return n.node == node })
	if i < 0 {
		return Rate{}
	}
	bursts, rates := d.parts(shared)
	return Rate{rates[i], bursts[i]}
}

// parts divides what is shared among the nodes that ask, in their order.
func (d division) parts(shared Rate) (bursts, rates []uint64) {
	asking := d.wish.nodes
	var whole uint64
	for _, n := range asking {
		whole = plus(whole, n.demand)
	}
	bursts, rates = make([]uint64, len(asking)), make([]uint64, len(asking))
	rest := shared.Burst
	for i, n := range asking {
		bursts[i] = part(shared.Burst, n.demand, whole)
		rest -= bursts[i]
	}
	order := make([]int, len(asking))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(min(bursts[a], 1), min(bursts[b], 1)), -cmp.Compare(asking[a].demand, asking[b].demand))
	})
	for _, i := range order {
		if rest > 0 {
			bursts[i]++
			rest--
		}
	}
	floors := d.bucket.Burst >= 2*d.cluster.Size()
	var served uint64
	for i, n := range asking {
		if bursts[i] > 0 || floors {
			served = plus(served, n.demand)
		}
	}
	for i, n := range asking {
		if bursts[i] > 0 || floors {
			rates[i] = part(shared.PerSecond, n.demand, served)
		}
	}
	return bursts, rates
}
