package raft

import (
	"fmt"
)

// ownerKey is the key in raft.db that says whose log it is.
const ownerKey = "nexus/owner"

// claimLog refuses another node's log, and says whose this one is from now on: under another id, what the log's node
// acknowledged and whom it voted for would count twice.
func (n *Node) claimLog() error {
	owner, err := n.store.Get([]byte(ownerKey))
	switch {
	case err == nil && string(owner) == n.config.NodeID:
		return nil
	case err == nil && len(owner) > 0:
		return fmt.Errorf("data directory %s holds the log of node %s, but these are the files of node %s: "+
			"put each back where it belongs, or start with an empty folder", n.config.DataDir, owner, n.config.NodeID)
	}
	if err := n.store.Set([]byte(ownerKey), []byte(n.config.NodeID)); err != nil { // not found is the ordinary case
		return fmt.Errorf("write down whose log it is: %w", err)
	}
	return nil
}

// refuseTornLog refuses a machine that lacks what the log begins after: its data was lost and cannot be made again from
// this folder.
func (n *Node) refuseTornLog() error {
	first, err := n.store.FirstIndex()
	if err != nil {
		return fmt.Errorf("read the raft log's first index: %w", err)
	}
	if applied := n.machine.Applied(); first > applied+1 {
		return fmt.Errorf("the store is at index %d, but the raft log begins at %d: data of this node was lost; "+
			"remove the node (nexus cluster remove %s) and let a new one join (nexus cluster init --add)", applied, first, n.config.NodeID)
	}
	return nil
}
