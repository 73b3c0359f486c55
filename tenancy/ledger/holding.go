package ledger

import "github.com/hivellm/nexus/tenancy"

// Holding is what a node's own machine says that it holds of a tenant. The control path compares it with the one
// before: rooms grow by what Granted grew, the bucket follows Floor, Share and Fill.
type Holding struct {
	// Period is the running one. A node that sees another one than it spends begins a new slot and closes the old.
	Period Period
	// Granted is cumulative, for this incarnation and period.
	Granted Units
	// Unsettled says that the lease is an earlier incarnation's: it is to be settled before anything is granted.
	Unsettled uint64
	// Requests and Writes say which units have a limit.
	Requests, Writes bool
	// Recalled says that more is committed than the limits allow, since they were lowered: what is unspent is given back.
	Recalled bool
	// Limited says whether a rate holds; Whole is the whole bucket, Floor and Share the node's part of it.
	Limited             bool
	Whole, Floor, Share Rate
	// ShareSeq is the tick that set the share, Fill what it put in; both 0 without a share.
	ShareSeq, Fill uint64
	// FloorSeq is the tick that reserved the floor.
	FloorSeq uint64
}

// HoldingOf is what the node with an incarnation holds. Before a tick has renewed its lease, it holds nothing: what its
// machine shows was another process's.
func HoldingOf(view View, id string, incarnation uint64, tenant tenancy.ID) (Holding, bool) {
	account, ok := view.Account(tenant)
	if !ok {
		return Holding{}, false
	}
	cluster, book := view.Cluster(), view.Book(tenant)
	if book == nil {
		book = Birth(account)
	}
	h := Holding{
		Period:   book.Running(cluster, account),
		Requests: !account.Limits.RequestsPerMonth.None(),
		Writes:   !account.Limits.WritesPerMonth.None(),
	}
	h.Whole, h.Limited = RateOf(account.Limits)
	node, found := cluster.NodeByID(id)
	if !found || node.Departed || node.Incarnation != incarnation || node.Renewed == 0 {
		return h, true
	}
	h.units(book, node, account.Limits)
	h.rates(cluster, book, node)
	return h, true
}

func (h *Holding) units(book *Book, node Node, limits tenancy.Limits) {
	month, ok := book.Month(h.Period)
	if !ok {
		return
	}
	h.Recalled = month.over(limits)
	lease, ok := month.Lease(node.Number)
	switch {
	case !ok:
	case lease.Incarnation == node.Incarnation:
		h.Granted = lease.Granted
	case !lease.Closed:
		h.Unsettled = lease.Incarnation
	}
}

func (h *Holding) rates(cluster *Cluster, book *Book, node Node) {
	if !h.Limited {
		return
	}
	h.Floor, h.FloorSeq = cluster.floorOf(book, &node, h.Whole), book.Floor.Seq
	share, ok := book.Share(node.Number)
	if !ok {
		return
	}
	if live := cluster.live(share); live != (Rate{}) {
		h.Share, h.ShareSeq, h.Fill = live.min(h.Whole), share.Seq, share.Fill
	}
}
