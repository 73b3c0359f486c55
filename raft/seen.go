package raft

import (
	"context"
	"fmt"
	"sync"

	hraft "github.com/hashicorp/raft"
	"github.com/hivellm/nexus/raft/peer"
)

// seenKey is the key in raft.db that says that a node once held data.
const seenKey = "nexus/seen/"

// seen remembers which other nodes once held data. A voter that lost its data directory has forgotten what it
// acknowledged and whom it voted for; under its old id it could undo both.
type seen struct {
	mu    sync.Mutex
	known map[string]bool // guarded by mu; a cache of raft.db, bounded by the members there ever were
}

// wasSeen tells whether a node once held data, as far as this node knows.
func (n *Node) wasSeen(nodeID string) bool {
	n.seen.mu.Lock()
	defer n.seen.mu.Unlock()
	if n.seen.known[nodeID] {
		return true
	}
	value, err := n.store.GetUint64([]byte(seenKey + nodeID))
	if err != nil || value == 0 {
		return false // not found is the ordinary case; a log that cannot be read fails elsewhere
	}
	n.seen.known[nodeID] = true
	return true
}

// noteSeen writes it down.
func (n *Node) noteSeen(nodeID string) error {
	n.seen.mu.Lock()
	defer n.seen.mu.Unlock()
	if err := n.store.SetUint64([]byte(seenKey+nodeID), 1); err != nil {
		return fmt.Errorf("note that node %s holds data: %w", nodeID, err)
	}
	n.seen.known[nodeID] = true
	return nil
}

// lookAtMembers notes members that hold data and were not known to. Once all are known it asks nobody.
func (n *Node) lookAtMembers() {
	for _, server := range n.servers() {
		id := string(server.ID)
		if id == n.config.NodeID || n.wasSeen(id) {
			continue
		}
		ctx, cancel := context.WithTimeout(n.ctx, statusTimeout)
		status := n.askStatus(ctx, id)
		cancel()
		if status == nil || status.Applied == 0 {
			continue
		}
		if err := n.noteSeen(id); err != nil {
			n.config.Logger.Warn("member not noted", "error", err.Error())
		}
	}
}

// refuseForgotten keeps a node with an empty data directory from taking part when another one remembers that it held
// data. It runs before the library starts.
func (n *Node) refuseForgotten() error {
	addresses := append(append([]string(nil), n.config.Peers...), n.config.Join...)
	existing, err := hraft.HasExistingState(n.store, n.store, n.config.Snapshots)
	if err != nil {
		return fmt.Errorf("look for raft state: %w", err)
	}
	if existing || n.client == nil || len(addresses) == 0 {
		return nil
	}
	for _, found := range n.probeAll(addresses) {
		if peer.CodeOf(found.err) == peer.CodeRemoved {
			return fmt.Errorf("node %s: %w", n.config.NodeID, errRemoved)
		}
		if found.err == nil && found.answer.Seen {
			return fmt.Errorf("data directory %s is empty, but node %s remembers that node %s held data: "+
				"a node that lost its data must be removed (nexus cluster remove %s) and join again under a new id "+
				"(nexus cluster init --add)", n.config.DataDir, found.answer.Node, n.config.NodeID, n.config.NodeID)
		}
	}
	return nil
}
