package raft

import (
	"errors"
	"fmt"

	"github.com/hivellm/nexus/raft/peer"
)

// errRemoved begins every word about a removed node's own end.
var errRemoved = errors.New("this node was removed from the cluster: its folder cannot be used again, " +
	`make a new node with "nexus cluster init --add"`)

// admit is the gate of the peer port: a removed member may take no part (R32).
func (n *Node) admit(nodeID string) error {
	if n.machine.RemovedMember(nodeID) {
		return fmt.Errorf("node %s was removed from this cluster", nodeID)
	}
	return nil
}

// Removed is closed once this node knows that it was removed from the cluster for good: by its own machine, or because
// another member says so. All that is left to do is to stop.
func (n *Node) Removed() <-chan struct{} { return n.removed }

// learnRemoved closes Removed.
func (n *Node) learnRemoved(how string) {
	n.removedOnce.Do(func() {
		n.config.Logger.Warn("this node was removed from the cluster", "node", n.config.NodeID, "known_by", how)
		close(n.removed)
	})
}

// hear looks at a member's answer for the word that this node was removed.
func (n *Node) hear(err error) {
	if peer.CodeOf(err) == peer.CodeRemoved {
		n.learnRemoved("another member")
	}
}

// lookForRemoval learns of the own removal from the own machine, and ends the connections of those that were removed
// once the configuration is without them. Until then a removed node may still hear of its removal through the log.
func (n *Node) lookForRemoval() {
	if n.machine.RemovedMember(n.config.NodeID) {
		n.learnRemoved("its own machine")
	}
	if n.client == nil {
		return
	}
	gone := func(id string) bool { return n.machine.RemovedMember(id) && !n.isMember(id) }
	n.client.CloseNodes(gone)
	n.listener.CloseNodes(gone)
	if running := n.engine.Load(); running != nil && running.streams != nil {
		running.streams.cutWhere(func(s *stream) bool { return s.node != "" && gone(s.node) })
	}
}
