package raft

import (
	"context"
	"fmt"

	hraft "github.com/hashicorp/raft"
)

// Loss is what the group would be without some of its voters.
type Loss struct {
	// Voters is how many would remain, Answering how many of those answer now, and Silent the others' names.
	Voters, Answering int
	Silent            []string
}

// Majority is what the remaining voters would need.
func (l Loss) Majority() int { return l.Voters/2 + 1 }

// Bearable tells whether those that answer would be a majority of the remaining voters (ARCHITECTURE §9).
func (l Loss) Bearable() bool { return l.Voters > 0 && l.Answering >= l.Majority() }

// FailuresTolerated is how many more voters might fail then.
func (l Loss) FailuresTolerated() int { return max(0, l.Answering-l.Majority()) }

// Without tells what the group would be without the members that are gone.
func (s Status) Without(gone func(nodeID string) bool) Loss {
	var left Loss
	for _, m := range s.Members {
		switch {
		case !m.Voter || gone(m.ID):
			continue
		case m.State == StateAlive:
			left.Answering++
		default:
			left.Silent = append(left.Silent, m.Title())
		}
		left.Voters++
	}
	return left
}

// Title is the member's name, or its id while its name is not known.
func (m Member) Title() string {
	if m.Name != "" {
		return m.Name
	}
	return m.ID
}

// Demote makes a voter a learner, on the leader. A learner stays one. Errors: ErrNotLeader, the context's, the library's.
func (n *Node) Demote(ctx context.Context, nodeID string) error {
	if _, leading := n.Leadership(); !leading {
		return ErrNotLeader
	}
	if err := n.awaitIndex(ctx, n.raft().DemoteVoter(hraft.ServerID(nodeID), 0, enqueueTimeout)); err != nil {
		return fmt.Errorf("demote %s: %w", nodeID, err)
	}
	n.config.Logger.Info("voter demoted to learner", "node", nodeID)
	return nil
}

// Expel takes a member out of the configuration, on the leader. One that is not in it stays so. Errors as Demote's.
func (n *Node) Expel(ctx context.Context, nodeID string) error {
	if _, leading := n.Leadership(); !leading {
		return ErrNotLeader
	}
	if err := n.awaitIndex(ctx, n.raft().RemoveServer(hraft.ServerID(nodeID), 0, enqueueTimeout)); err != nil {
		return fmt.Errorf("remove %s from the configuration: %w", nodeID, err)
	}
	n.config.Logger.Info("member left the configuration", "node", nodeID)
	return nil
}

// Suffrage tells whether a node is in the latest configuration, and whether it votes there.
func (n *Node) Suffrage(nodeID string) (member, voter bool) {
	server, found := n.configured(nodeID)
	return found, found && server.Suffrage == hraft.Voter
}
