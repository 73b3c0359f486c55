package api

import (
	"context"
	"sync/atomic"

	"github.com/hivellm/nexus/api/wire"
	"github.com/hivellm/nexus/scripts/planted"
	"github.com/hivellm/nexus/tenancy"
)

// methodWork asks a node what it still has to do.
const methodWork = "api.work"

// work counts what this node is doing for callers.
type work struct{ requests atomic.Int64 }

// begin counts a request in until its end is called.
func (w *work) begin() (end func()) {
	w.requests.Add(1)
	return func() { w.requests.Add(-1) }
}

// Work is what a node still has to do, as it says itself.
type Work struct {
	// Draining says that the node's own machine has its mark: it takes nothing new, and the figures only fall.
	Draining bool
	// Requests are under way, from clients and from other nodes. Transactions are open.
	Requests, Transactions int64
	// Removed says that the node knows that it was removed.
	Removed bool
	// Unsettled are tenants of whom the ledger does not have yet all that this node spent, or lets it spend.
	Unsettled int64
}

// idle tells whether nothing is left and nothing can come.
func (w Work) idle() bool {
	return w.Draining && w.Requests == 0 && w.Transactions == 0 && w.Unsettled == 0
}

// steering are the functions that a node serves while it is drained: to look at it and to steer the cluster.
var steering = map[tenancy.Function]bool{
	tenancy.FunctionClusterRead: true, tenancy.FunctionClusterWrite: true,
	tenancy.FunctionHealthRead: true, tenancy.FunctionMetricsRead: true, tenancy.FunctionQueryAdmin: true,
}

// Enter counts a request of a door in, until leave is called. A node that is drained refuses it with DRAINING, which
// another node may take. Errors are *Error.
func (s *Service) Enter(f tenancy.Function) (leave func(), err error) {
	if steering[f] {
		return func() {}, nil
	}
	leave = s.work.begin() // first: whoever sees no request after the mark misses none
	if s.draining() && !planted.On("draining-takes-work") {
		leave()
		return nil, Refuse(CodeDraining, "This node is being drained: ask another one")
	}
	return leave, nil
}

// draining tells whether this node's machine says that it is being drained, or that it was removed.
func (s *Service) draining() bool {
	own := s.node.Self().ID
	return s.machine.DrainingMember(own) || s.machine.RemovedMember(own)
}

func (s *Service) ownWork() Work {
	w := Work{Draining: s.draining(), Removed: s.machine.RemovedMember(s.node.Self().ID)} // the mark first, then what is left
	w.Requests, w.Transactions = s.work.requests.Load(), int64(s.txs.Count())
	if w.Draining {
		w.Unsettled = int64(s.meter.Unsettled())
	}
	return w
}

// workOf asks a node; an error says that it does not answer.
func (s *Service) workOf(ctx context.Context, nodeID string) (Work, error) {
	if nodeID == s.node.Self().ID {
		return s.ownWork(), nil
	}
	ctx, cancel := context.WithTimeout(ctx, workTimeout)
	defer cancel()
	answer, err := s.node.Call(ctx, nodeID, methodWork, nil)
	if err != nil {
		return Work{}, err
	}
	var w Work
	return w, wire.Unmarshal(answer, &w)
}

func (s *Service) serveWork(context.Context, string, []byte) ([]byte, error) {
	own := s.ownWork()
	return wire.Marshal(&own)
}
