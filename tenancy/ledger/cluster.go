package ledger

import "slices"

// Bounds of the table of nodes.
const (
	// MaxNodes is how many nodes the ledger knows at once, departed ones whose lease has not ended among them.
	MaxNodes = 64
	// MaxNodeID is the longest id of a node in bytes.
	MaxNodeID = 128
)

// NodeNumber is a node's number in the ledger, from 1; never used again. 0 is none.
type NodeNumber uint32

// Cluster is the part of the ledger that is one for all tenants: its nodes and how far each of them is. A Cluster is
// immutable once it was given out; the nil Cluster is the empty one.
type Cluster struct {
	// Seq counts the ticks applied. A tick is named by its Seq.
	Seq uint64
	// Period is the running period of tenants that no hub looks after, by the capped clock; 0 before the first tick.
	Period Period
	// LastNode is the greatest number ever given.
	LastNode NodeNumber
	// Nodes by number.
	Nodes []Node
}

// Node is a member: voter or learner, since its first tick, until its lease has ended after it was removed.
type Node struct {
	Number NodeNumber
	// ID is the member's id.
	ID string
	// Incarnation is that of the process that reports: it rises with every start.
	Incarnation uint64
	// Renewed is the report that the newest renewal answered, RenewedSeq the tick of that renewal.
	Renewed, RenewedSeq uint64
	// Confirmed is a tick that the node is known to have applied.
	Confirmed uint64
	// ExpiredSeq voids every share set in that tick or before it: the lease under which they were held is over.
	ExpiredSeq uint64
	// JoinedSeq is the tick in which the node came; FlooredSeq that from which on it has a floor, 0 before: when all
	// others are known to have applied JoinedSeq, and so have made room.
	JoinedSeq, FlooredSeq uint64
	// Departed is a node that was removed.
	Departed bool
}

// Node finds a node by number.
func (c *Cluster) Node(number NodeNumber) (Node, bool) {
	if n := c.node(number); n != nil {
		return *n, true
	}
	return Node{}, false
}

// NodeByID finds a node by its member's id.
func (c *Cluster) NodeByID(id string) (Node, bool) {
	if c == nil {
		return Node{}, false
	}
	for _, n := range c.Nodes {
		if n.ID == id {
			return n, true
		}
	}
	return Node{}, false
}

// Size is N of the rules: how many nodes the floors are reserved for.
func (c *Cluster) Size() uint64 {
	if c == nil {
		return 0
	}
	return uint64(len(c.Nodes))
}

// node returns a node to look at or, in a clone, to change; nil where there is none.
func (c *Cluster) node(number NodeNumber) *Node {
	if c == nil {
		return nil
	}
	i, found := slices.BinarySearchFunc(c.Nodes, number, func(n Node, number NodeNumber) int { return int(n.Number) - int(number) })
	if !found {
		return nil
	}
	return &c.Nodes[i]
}

func (c *Cluster) clone() *Cluster {
	if c == nil {
		return &Cluster{}
	}
	next := *c
	next.Nodes = slices.Clone(c.Nodes)
	return &next
}

// Remove marks a member as departed: it is answered no more, what its leases leave open counts as spent and unknown,
// and its floor and shares stay reserved until its lease has ended. A member that the ledger does not know changes
// nothing; the cluster is then the same one.
func (c *Cluster) Remove(id string) *Cluster {
	found, ok := c.NodeByID(id)
	if !ok || found.Departed {
		return c
	}
	next := c.clone()
	next.node(found.Number).Departed = true
	return next
}

// floorReady gives floors to the nodes for whom all others have made room.
func (c *Cluster) floorReady() {
	for i := range c.Nodes {
		n := &c.Nodes[i]
		if n.FlooredSeq == 0 && !n.Departed && c.confirmedByOthers(n.Number, n.JoinedSeq) {
			n.FlooredSeq = c.Seq
		}
	}
}

// confirmedByOthers asks those who were there before: whoever came later reserves for the node from its first tick on.
func (c *Cluster) confirmedByOthers(number NodeNumber, seq uint64) bool {
	for _, n := range c.Nodes {
		if n.Number < number && n.Confirmed < seq {
			return false
		}
	}
	return true
}
