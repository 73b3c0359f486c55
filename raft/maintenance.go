package raft

import (
	"errors"
	"fmt"
	"time"

	hraft "github.com/hashicorp/raft"
)

const (
	// maintenanceEvery is the pace of what a node does for itself.
	maintenanceEvery = time.Second
	// compactBytes and compactEntries trigger a snapshot (R26).
	compactBytes   = 64 << 20
	compactEntries = 8192
	// trailingBytes is about how much log stays behind a snapshot, for followers that are a little late.
	trailingBytes = 64 << 20
	// minTrailing and maxTrailing bound it as a count of entries.
	minTrailing = 128
	maxTrailing = 1 << 16
	// compactRetry is the pause after a snapshot that failed.
	compactRetry = 10 * time.Second
)

// maintenanceLoop compacts the log, rebuilds a stuck instance, promotes learners, ends the connections of removed members,
// gives leadership away when unfit, and stops a node whose machine turns out to belong to another cluster.
func (n *Node) maintenanceLoop() {
	every := time.NewTicker(maintenanceEvery)
	defer every.Stop()
	learners := &promotion{closeSince: map[string]time.Time{}}
	clocks := &clockWatch{}
	var notBefore time.Time
	for {
		select {
		case <-n.rebuild:
			n.rebuildEngine()
			continue
		case <-every.C:
		case <-n.ctx.Done():
			return
		}
		n.checkCluster()
		n.lookAtMembers()
		n.lookForRemoval()
		if time.Now().After(notBefore) && n.compactionDue() {
			if err := n.Compact(); err != nil {
				n.config.Logger.Warn("log not compacted", "error", err.Error())
				notBefore = time.Now().Add(compactRetry)
			}
		}
		learners.look(n)
		n.checkFitness(clocks)
	}
}

// checkCluster stops a node that was fed another cluster's log.
func (n *Node) checkCluster() {
	if id := n.machine.ClusterID(); id != "" && id != n.config.ClusterID {
		n.config.Fatal(fmt.Sprintf("the replicated log says cluster %s, this node's files say %s", id, n.config.ClusterID))
	}
}

func (n *Node) compactionDue() bool {
	entries, sizeBytes := n.store.Since()
	return entries >= compactEntries || sizeBytes >= compactBytes || n.compactAsked.Load()
}

// Compact takes a snapshot now and drops the log behind it, but for about 64 MiB.
func (n *Node) Compact() error {
	if err := n.adaptTrailing(); err != nil {
		return err
	}
	n.compacting.Store(true)
	defer n.compacting.Store(false)
	asked := n.compactAsked.Swap(false)
	err := n.await(n.raft().Snapshot())
	if err != nil && asked {
		n.compactAsked.Store(true)
	}
	switch {
	case errors.Is(err, hraft.ErrNothingNewToSnapshot):
		return nil
	case err != nil:
		return fmt.Errorf("snapshot: %w", err)
	}
	n.store.Snapshotted(n.compactedTo.Load())
	return nil
}

// AskCompact has the node take a snapshot soon, in place of the one it has: after its machine's store was replaced, the
// old snapshot is of the old store.
func (n *Node) AskCompact() { n.compactAsked.Store(true) }

// adaptTrailing turns the bytes that shall stay into a count of entries, by the mean size of those since the last
// snapshot.
func (n *Node) adaptTrailing() error {
	entries, sizeBytes := n.store.Since()
	if entries == 0 {
		return nil
	}
	settings := n.raft().ReloadableConfig()
	settings.TrailingLogs = trailingEntries(entries, sizeBytes)
	if err := n.raft().ReloadConfig(settings); err != nil {
		return fmt.Errorf("set trailing logs: %w", err)
	}
	return nil
}

func trailingEntries(entries, sizeBytes uint64) uint64 {
	mean := max(1, sizeBytes/max(1, entries))
	return min(max(trailingBytes/mean, minTrailing), maxTrailing)
}
