package raft

import (
	"context"
	"errors"
	"fmt"
	"time"

	hraft "github.com/hashicorp/raft"
	"github.com/hivellm/nexus/raft/peer"
	"github.com/vmihailenco/msgpack/v5"
)

const (
	// joinTimeout bounds one request for membership.
	joinTimeout = 5 * time.Second
	// promotionLag and promotionAfter say when a learner becomes a voter: within so many entries for so long.
	promotionLag   = 1000
	promotionAfter = 5 * time.Second
)

// joinAnswer tells the joiner that it is in, or who leads.
type joinAnswer struct {
	Accepted bool   `msgpack:"accepted"`
	Leader   string `msgpack:"leader"` // peer address to ask instead; "" when unknown
}

// askToJoin asks the known addresses, and the leader they name, for membership.
func (n *Node) askToJoin() error {
	var failed error
	for _, address := range n.config.Join {
		answer, err := n.requestJoin(address)
		if err == nil && !answer.Accepted && answer.Leader != "" {
			answer, err = n.requestJoin(answer.Leader)
		}
		n.hear(err)
		switch {
		case err != nil:
			failed = errors.Join(failed, fmt.Errorf("join over %s: %w", address, err))
		case answer.Accepted:
			return nil
		default:
			failed = errors.Join(failed, fmt.Errorf("join over %s: %w", address, ErrNoLeader))
		}
	}
	return failed
}

func (n *Node) requestJoin(address string) (joinAnswer, error) {
	ctx, cancel := context.WithTimeout(n.ctx, joinTimeout)
	defer cancel()
	var answer joinAnswer
	_, encoded, err := n.client.CallAddress(ctx, address, methodJoin, []byte(n.advertise))
	if err != nil {
		return answer, err
	}
	return answer, msgpack.Unmarshal(encoded, &answer)
}

// serveJoin makes the caller, known by its certificate, a learner.
func (n *Node) serveJoin(ctx context.Context, from string, request []byte) ([]byte, error) {
	if len(request) == 0 || len(request) > 256 {
		return nil, peer.Refuse(codeBadRequest, "a request to join names the joiner's peer address")
	}
	if n.wasSeen(from) { // whoever asks to join has no data
		return nil, peer.Refuse(codeForgot, "node %s remembers that node %s held data", n.config.NodeID, from)
	}
	if _, leading := n.Leadership(); !leading {
		leader, _ := n.Leader()
		return msgpack.Marshal(joinAnswer{Leader: leader.Peer})
	}
	address := hraft.ServerAddress(request)
	if known, found := n.configured(from); !found || known.Address != address && known.Suffrage != hraft.Voter {
		if err := n.awaitIndex(ctx, n.raft().AddNonvoter(hraft.ServerID(from), address, 0, enqueueTimeout)); err != nil {
			return nil, peer.Fail(peer.CodeFailed, "add learner %s: %v", from, err)
		}
		n.config.Logger.Info("learner added", "node", from, "peer", string(request))
	}
	return msgpack.Marshal(joinAnswer{Accepted: true})
}

// awaitIndex waits for a change of the configuration.
func (n *Node) awaitIndex(ctx context.Context, future hraft.IndexFuture) error {
	done := make(chan error, 1)
	go func() { done <- n.await(future) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// promotion makes learners voters. It belongs to the maintenance goroutine.
type promotion struct {
	closeSince map[string]time.Time // since when a learner is close, by node id
}

// look promotes the learners that have been close to the leader long enough.
func (p *promotion) look(n *Node) {
	if _, leading := n.Leadership(); !leading {
		p.closeSince = map[string]time.Time{}
		return
	}
	for _, server := range n.servers() {
		id := string(server.ID)
		if server.Suffrage == hraft.Voter || n.machine.DrainingMember(id) || n.machine.RemovedMember(id) {
			delete(p.closeSince, id)
			continue
		}
		if p.ready(n, id) {
			p.promote(n, server)
		}
	}
}

func (p *promotion) ready(n *Node, nodeID string) bool {
	ctx, cancel := context.WithTimeout(n.ctx, statusTimeout)
	defer cancel()
	status := n.askStatus(ctx, nodeID)
	if status == nil || status.Applied+promotionLag < n.raft().CommitIndex() {
		delete(p.closeSince, nodeID)
		return false
	}
	since, known := p.closeSince[nodeID]
	if !known {
		p.closeSince[nodeID] = time.Now()
		return false
	}
	return time.Since(since) >= promotionAfter
}

func (p *promotion) promote(n *Node, server hraft.Server) {
	if err := n.await(n.raft().AddVoter(server.ID, server.Address, 0, enqueueTimeout)); err != nil {
		n.config.Logger.Warn("learner not promoted", "node", string(server.ID), "error", err.Error())
		return
	}
	n.config.Logger.Info("learner promoted to voter", "node", string(server.ID))
}
