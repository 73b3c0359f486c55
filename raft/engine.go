package raft

import (
	"fmt"
	"sync"
	"time"

	hraft "github.com/hashicorp/raft"
	"github.com/hivellm/nexus/raft/disk"
)

// engine is one instance of the library with its transport. A node has one at a time; a rebuild replaces it.
type engine struct {
	raft    *hraft.Raft
	streams *streamLayer            // nil for a node alone
	network *hraft.NetworkTransport // nil for a node alone
}

// raft is the instance of now.
func (n *Node) raft() *hraft.Raft { return n.engine.Load().raft }

// startEngine checks the data directory (R24) and starts an instance.
func (n *Node) startEngine() (*engine, error) {
	last, err := n.store.LastIndex()
	if err != nil {
		return nil, fmt.Errorf("read the raft log's last index: %w", err)
	}
	if n.config.BeforeStart != nil {
		if err := n.config.BeforeStart(last, n.config.Snapshots); err != nil {
			return nil, err
		}
	}
	if err := n.refuseTornLog(); err != nil {
		return nil, err
	}
	if err := n.countFromSnapshot(); err != nil {
		return nil, err
	}
	cache := disk.NewCache(n.store)
	e := &engine{}
	var transport hraft.Transport
	if n.listener == nil {
		_, transport = hraft.NewInmemTransport(hraft.ServerAddress(n.config.NodeID))
	} else {
		transport = n.network(e)
	}
	err = n.store.Scan(func() error {
		e.raft, err = hraft.NewRaft(n.config.library(n.notify), n.machine, cache, n.store, n.snapshots, transport)
		return err
	})
	if err != nil {
		if e.network != nil {
			_ = e.network.Close() // the start's error is the one to tell
		}
		return nil, fmt.Errorf("start raft: %w", err)
	}
	return e, nil
}

// network makes the transport over the shared peer port.
func (n *Node) network(e *engine) hraft.Transport {
	e.streams = newStreamLayer(n)
	e.network = hraft.NewNetworkTransportWithConfig(&hraft.NetworkTransportConfig{
		ServerAddressProvider: serverAddresses{n},
		Logger:                libraryLogger(n.config.Logger),
		Stream:                e.streams,
		MaxPool:               3,
		MaxRPCsInFlight:       1, // pipelining can deadlock (raft #611)
		Timeout:               transportTimeout,
	})
	return e.network
}

// countFromSnapshot makes the log count from the newest snapshot.
func (n *Node) countFromSnapshot() error {
	list, err := n.config.Snapshots.List()
	if err != nil {
		return fmt.Errorf("list snapshots: %w", err)
	}
	var index uint64
	if len(list) > 0 {
		index = list[0].Index
	}
	n.store.Snapshotted(index)
	return nil
}

// stop cuts the instance's connections first: its goroutines would wait in them.
func (e *engine) stop() {
	future := e.raft.Shutdown()
	if e.network != nil {
		_ = e.network.Close() // its error says only that the layer closed
		e.network.CloseStreams()
		_ = e.streams.Close()
	}
	_ = future.Error() // always nil: it only waits
}

// installWatch notices snapshots that are installed again and again without one entry in between (raft #697).
type installWatch struct {
	mu       sync.Mutex
	installs int    // guarded by mu: in a row without progress
	stored   uint64 // guarded by mu: entries stored at the last install
}

// maxIdleInstalls is how many installs in a row may lead nowhere.
const maxIdleInstalls = 2

// begin notes an install and tells whether the instance must be rebuilt.
func (w *installWatch) begin(stored uint64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if stored != w.stored {
		w.installs = 0
	}
	w.stored = stored
	w.installs++
	if w.installs <= maxIdleInstalls {
		return false
	}
	w.installs = 0
	return true
}

// watchedSnapshots is the snapshot store as the library sees it.
type watchedSnapshots struct {
	hraft.SnapshotStore
	node *Node
}

// Create implements hraft.SnapshotStore. What this node did not ask for itself is a snapshot installed by the leader.
func (s watchedSnapshots) Create(version hraft.SnapshotVersion, index, term uint64, configuration hraft.Configuration,
	configurationIndex uint64, transport hraft.Transport) (hraft.SnapshotSink, error) {
	sink, err := s.SnapshotStore.Create(version, index, term, configuration, configurationIndex, transport)
	if s.node.compacting.Load() {
		s.node.compactedTo.Store(index)
		return sink, err
	}
	if s.node.installs.begin(s.node.store.Stored()) {
		s.node.requestRebuild()
	}
	if err != nil {
		return nil, err
	}
	return newInstallSink(sink, s.node.config.scale(streamIdleLimit), s.node.cutInstall), nil
}

// cutInstall ends an install whose stream stands still: it runs inside the library's main loop, which would wait for
// hours.
func (n *Node) cutInstall() {
	if running := n.engine.Load(); running != nil && running.streams != nil {
		n.config.Logger.Warn("cutting a snapshot install that stands still", "limit", streamIdleLimit)
		running.streams.cutAccepted()
	}
}

// installSink watches that a snapshot being installed goes on.
type installSink struct {
	hraft.SnapshotSink
	limit time.Duration
	idle  *time.Timer
}

func newInstallSink(sink hraft.SnapshotSink, limit time.Duration, stuck func()) *installSink {
	return &installSink{SnapshotSink: sink, limit: limit, idle: time.AfterFunc(limit, stuck)}
}

// Write implements io.Writer.
func (s *installSink) Write(data []byte) (int, error) {
	s.idle.Reset(s.limit)
	return s.SnapshotSink.Write(data)
}

// Close implements io.Closer.
func (s *installSink) Close() error {
	s.idle.Stop()
	return s.SnapshotSink.Close()
}

// Cancel implements hraft.SnapshotSink.
func (s *installSink) Cancel() error {
	s.idle.Stop()
	return s.SnapshotSink.Cancel()
}

func (n *Node) requestRebuild() {
	select {
	case n.rebuild <- struct{}{}:
	default: // one is asked for already
	}
}

// rebuildEngine replaces the instance. It runs in the maintenance goroutine.
func (n *Node) rebuildEngine() {
	n.config.Logger.Warn("rebuilding the raft instance: snapshots were installed without progress", "installs", maxIdleInstalls)
	n.engine.Load().stop()
	fresh, err := n.startEngine()
	if err != nil {
		n.config.Fatal(fmt.Sprintf("raft instance could not be rebuilt: %v", err))
		return
	}
	n.engine.Store(fresh)
	n.rebuilt.Add(1)
}
