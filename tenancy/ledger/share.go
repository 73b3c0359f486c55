package ledger

import (
	"slices"

	"github.com/hivellm/nexus/tenancy"
)

// Bounds of rates. A greater limit is held at these, which no cluster reaches.
const (
	// Micro is how many parts a request per second has in a Rate.
	Micro = uint64(1_000_000)
	// MaxRate is the greatest rate, in requests per second.
	MaxRate = uint64(10_000_000)
	// MaxBurst is the greatest burst, in requests.
	MaxBurst = uint64(1_000_000_000)
)

// Rate is a part of a bucket: how fast it fills and how much it holds.
type Rate struct {
	// PerSecond is in millionths of a request per second.
	PerSecond uint64
	// Burst is in requests.
	Burst uint64
}

func (r Rate) plus(s Rate) Rate { return Rate{plus(r.PerSecond, s.PerSecond), plus(r.Burst, s.Burst)} }
func (r Rate) minus(s Rate) Rate {
	return Rate{minus(r.PerSecond, s.PerSecond), minus(r.Burst, s.Burst)}
}
func (r Rate) max(s Rate) Rate { return Rate{max(r.PerSecond, s.PerSecond), max(r.Burst, s.Burst)} }
func (r Rate) min(s Rate) Rate { return Rate{min(r.PerSecond, s.PerSecond), min(r.Burst, s.Burst)} }

// within reports whether both fields are no greater than those of s.
func (r Rate) within(s Rate) bool { return r.PerSecond <= s.PerSecond && r.Burst <= s.Burst }

// RateOf is a tenant's bucket, false where nothing limits it: a rate without limit, or a burst without limit, bounds
// nothing in any window. A rate or burst of 0 allows nothing.
func RateOf(limits tenancy.Limits) (Rate, bool) {
	if limits.RequestsPerSecond.None() || limits.Burst.None() {
		return Rate{}, false
	}
	perSecond, _ := limits.RequestsPerSecond.Number()
	burst, _ := limits.Burst.Number()
	if perSecond == 0 || burst == 0 {
		return Rate{}, true
	}
	return Rate{PerSecond: min(perSecond, MaxRate) * Micro, Burst: min(burst, MaxBurst)}, true
}

// FloorOf is what each of N nodes may take of a bucket without a lease (R31): rate/(20N), and a burst of 1 where the
// bucket has two for each.
func FloorOf(bucket Rate, nodes uint64) Rate {
	nodes = max(nodes, 1)
	floor := Rate{PerSecond: bucket.PerSecond / (20 * nodes)}
	if bucket.Burst >= 2*nodes {
		floor.Burst = 1
	}
	return floor
}

// Floor is the floor of each node that a book's shares were last checked with. Only a step of shares moves it, so that
// no node has a floor that was not reserved; a book without one has the bucket's own.
type Floor struct {
	Rate
	// Seq is the tick that reserved it for all nodes that were there then; 0 for none.
	Seq uint64
}

// Share is what a node has of the bucket beyond its floor, while its lease lasts.
type Share struct {
	Node NodeNumber
	Rate
	// Held is the most that the node may be using until it is known to have applied tick Seq.
	Held Rate
	// Seq is the tick that set the share.
	Seq uint64
	// Fill is how many requests tick Seq put into the node's bucket: they lay unused in the part that nobody had.
	Fill uint64
}

// inForce is the most of a share that its node may be using.
func (c *Cluster) inForce(s Share) Rate {
	n := c.node(s.Node)
	switch {
	case n == nil || s.Seq <= n.ExpiredSeq:
		return Rate{}
	case n.Confirmed >= s.Seq:
		return s.Rate
	default:
		return s.Rate.max(s.Held)
	}
}

// live is the share that its node may use by its own machine.
func (c *Cluster) live(s Share) Rate {
	if n := c.node(s.Node); n == nil || s.Seq <= n.ExpiredSeq {
		return Rate{}
	}
	return s.Rate
}

// floorOf is a node's floor by a book, under a bucket: what was reserved for it, and no more than the bucket's own.
func (c *Cluster) floorOf(b *Book, node *Node, bucket Rate) Rate {
	if node.FlooredSeq == 0 || node.Departed {
		return Rate{}
	}
	floor := FloorOf(bucket, c.Size())
	if b.Floor.Seq == 0 {
		return floor
	}
	if b.Floor.Seq < node.JoinedSeq {
		return Rate{}
	}
	return floor.min(b.Floor.Rate)
}

// reserved is Σ floors and Σ shares in force: what of the bucket is not free to give.
func (c *Cluster) reserved(b *Book, bucket, floor Rate) Rate {
	sum := c.floors(bucket, floor)
	for _, s := range b.Shares {
		sum = sum.plus(c.inForce(s))
	}
	return sum
}

// floors is the most that the nodes' floors come to. While a newcomer has none, a node that has not heard of it may still
// use the greater floor of before.
func (c *Cluster) floors(bucket, floor Rate) Rate {
	nodes := c.Size()
	sum := Rate{floor.PerSecond * nodes, floor.Burst * nodes}
	if before := nodes - c.newcomers(); before != nodes && before != 0 {
		old := FloorOf(bucket, before)
		sum = sum.max(Rate{old.PerSecond * before, old.Burst * before})
	}
	return sum
}

// newcomers counts the nodes for whom not all others are known to have made room.
func (c *Cluster) newcomers() (count uint64) {
	for _, n := range c.Nodes {
		if n.FlooredSeq == 0 {
			count++
		}
	}
	return count
}

// Free is the part of the bucket that neither floors nor shares hold.
func (c *Cluster) Free(b *Book, bucket Rate) Rate {
	return bucket.minus(c.reserved(b, bucket, c.checkedFloor(b, bucket)))
}

// checkedFloor is the floor that a step of shares is checked with: the bucket's own where it fits beside the shares in
// force, else the one they were checked with, as far as it still fits the bucket.
func (c *Cluster) checkedFloor(b *Book, bucket Rate) Rate {
	floor := FloorOf(bucket, c.Size())
	if c.reserved(b, bucket, floor).within(bucket) {
		return floor
	}
	return floor.min(b.Floor.Rate)
}

// checkFloor is the floor of a book after a step of shares in the newest tick.
func (c *Cluster) checkFloor(b *Book, bucket Rate) Floor {
	floor := c.checkedFloor(b, bucket)
	newcomer := b.Floor.Seq == 0 || slices.ContainsFunc(c.Nodes, func(n Node) bool { return n.JoinedSeq > b.Floor.Seq })
	seq := b.Floor.Seq
	if (newcomer || !floor.within(b.Floor.Rate)) && c.reserved(b, bucket, floor).within(bucket) {
		seq = c.Seq
	}
	return Floor{Rate: floor, Seq: seq}
}

// Share finds a node's share.
func (b *Book) Share(node NodeNumber) (Share, bool) {
	i, found := slices.BinarySearchFunc(b.Shares, node, compareShare)
	if !found {
		return Share{}, false
	}
	return b.Shares[i], true
}

func compareShare(s Share, node NodeNumber) int { return int(s.Node) - int(node) }

func (b *Book) share(node NodeNumber) *Share {
	i, found := slices.BinarySearchFunc(b.Shares, node, compareShare)
	if !found {
		b.Shares = slices.Insert(b.Shares, i, Share{Node: node})
	}
	return &b.Shares[i]
}

// dropShares forgets shares that nobody can use any more.
func (b *Book) dropShares(c *Cluster) {
	b.Shares = slices.DeleteFunc(b.Shares, func(s Share) bool { return c.inForce(s) == Rate{} })
	if len(b.Shares) == 0 {
		b.Shares = nil
	}
}
