package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hivellm/nexus/api/forward"
	"github.com/hivellm/nexus/api/wire"
	"github.com/hivellm/nexus/raft"
	"github.com/hivellm/nexus/raft/peer"
	"github.com/hivellm/nexus/scripts/planted"
)

// registerPeerMethods puts what peers may ask of this node into the peer channel's table. All methods ask for a
// member's certificate, and authorize the key again by this node's own registry before anything runs.
func (s *Service) registerPeerMethods() {
	s.node.HandleStream(methodCypher, peer.Member, s.serveCypher)
	s.node.HandleStream(methodTx, peer.Member, s.serveTx)
	s.node.HandleCall(methodOperation, peer.Member, s.serveOperation)
	s.node.HandleCall(methodWork, peer.Member, s.serveWork)
	s.node.HandleCall(methodQueries, peer.Member, s.serveQueries)
	s.node.HandleCall(methodKill, peer.Member, s.serveKill)
	s.node.HandleCall(methodSpent, peer.Member, s.serveSpent)
	s.node.HandleCall(methodAudit, peer.Member, s.serveAudit)
	s.node.HandleCall(methodAuditHead, peer.Member, s.serveAuditHead)
}

// serveCypher runs a query for a node that forwarded it.
func (s *Service) serveCypher(ctx context.Context, _ string, stream *peer.ServerStream) error {
	defer s.work.begin()()
	return forward.Serve(stream, func(encoded []byte, sink forward.Sink) (end, failure []byte, err error) {
		var request remoteRequest
		if err := wire.Unmarshal(encoded, &request); err != nil {
			return nil, nil, peer.Refuse(peer.CodeRefused, "a request that cannot be decoded: %v", err)
		}
		if term := s.lanes.Term(); term == 0 || term != request.Term && !planted.On("forward-any-term") {
			return nil, nil, peer.Refuse(refusedNotLeading, "this node leads term %d, the request is for %d", term, request.Term)
		}
		summary, err := s.runRemote(ctx, request, sink)
		if isNotTaken(err) {
			return nil, nil, peer.Refuse(refusedNotLeading, "leadership of term %d ended", request.Term)
		}
		if err != nil {
			failure, err := wire.Marshal(s.explain(err))
			return nil, failure, err
		}
		end, err = wire.Marshal(&summary)
		return end, nil, err
	})
}

func (s *Service) runRemote(ctx context.Context, remote remoteRequest, sink Sink) (Summary, error) {
	principal, err := s.reauthorize(remote.KeyID, remote.AuthVersion)
	if err != nil {
		return Summary{}, err
	}
	parameters, err := decodeParameters(remote.Parameters)
	if err != nil {
		return Summary{}, err
	}
	function, err := remote.function()
	if err != nil {
		return Summary{}, err
	}
	ctx, r, err := s.prepare(ctx, Request{
		Principal: principal, Function: function, ReadOnly: remote.ReadOnly, Query: remote.Query, Parameters: parameters, Database: remote.Database,
		Consistency: remote.Consistency, Timeout: time.Duration(remote.TimeoutMs) * time.Millisecond,
		IdempotencyKey: remote.IdempotencyKey, Route: remote.Route, ArrivedMs: remote.ArrivedMs, forwarded: true,
	})
	if err != nil {
		return Summary{}, err
	}
	defer r.end()
	r.notes = nil // the node that the client asked tells what it capped
	summary, err := s.runForwarded(ctx, r, remote, sink)
	if err != nil {
		return Summary{}, r.fault(ctx, err)
	}
	return summary, nil
}

// runForwarded runs what another node sent: a write in the lane of the term it is meant for, or a strong read.
func (s *Service) runForwarded(ctx context.Context, r *run, remote remoteRequest, sink Sink) (Summary, error) {
	if r.query.Writes() {
		term := remote.Term
		if planted.On("forward-any-term") {
			term = s.lanes.Term()
		}
		return s.writeHere(ctx, r, remote.ID, term, sink)
	}
	index, err := s.node.ReadIndex(ctx)
	if errors.Is(err, raft.ErrNoLeader) { // it leads no longer, and nothing was said: another node may be asked
		return Summary{}, errNotTaken
	}
	if err != nil {
		return Summary{}, err
	}
	if err := s.node.WaitApplied(ctx, index); err != nil {
		return Summary{}, fmt.Errorf("wait for index: %w", err)
	}
	return s.evaluate(ctx, r, index, Summary{Consistency: Strong, Node: s.node.Self().Name}, sink)
}
