package fsm

import (
	"errors"
	"fmt"
	"io"

	hraft "github.com/hashicorp/raft"

	"github.com/hivellm/nexus/fsm/snapshot"
	"github.com/hivellm/nexus/graph/store"
	"github.com/hivellm/nexus/scripts/planted"
)

// machineSnapshot is a snapshot that Raft has begun: the index it must hold at least.
type machineSnapshot struct {
	machine *Machine
	index   uint64
}

// Snapshot implements hraft.FSM: it only notes the index (R23).
func (m *Machine) Snapshot() (hraft.FSMSnapshot, error) {
	return &machineSnapshot{m, m.Applied()}, nil
}

// Persist implements hraft.FSMSnapshot: flush, checkpoint, read applied back. The sink must be one of Machine.Snapshots.
// Closing it is Raft's.
func (s *machineSnapshot) Persist(sink hraft.SnapshotSink) error {
	own, ok := sink.(*snapshot.Sink)
	if !ok {
		return fmt.Errorf("persist a snapshot: a sink of type %T is not of the machine's own store", sink)
	}
	return own.Adopt(s.checkpoint)
}

func (s *machineSnapshot) checkpoint(dir string) (snapshot.Header, error) {
	m := s.machine
	m.handles.RLock()
	defer m.handles.RUnlock()
	if m.store == nil {
		return snapshot.Header{}, errClosed
	}
	applied, term, err := m.store.Checkpoint(dir)
	if err != nil {
		return snapshot.Header{}, err
	}
	if applied < s.index {
		return snapshot.Header{}, fmt.Errorf("the checkpoint holds index %d, but the snapshot is of index %d: it was not flushed", applied, s.index)
	}
	return snapshot.Header{Applied: applied, AppliedTerm: term, ClusterID: m.ClusterID(), Epoch: m.Epoch()}, nil
}

// Release implements hraft.FSMSnapshot.
func (*machineSnapshot) Release() {}

// Restore implements hraft.FSM: the stream becomes a store beside the live one, is verified, synced and opened, and only
// then pointed at (R23, R25). The versions in memory, what is watched and what is offered end with the old one.
func (m *Machine) Restore(source io.ReadCloser) error {
	if planted.On("crash-before-restore") {
		panic("planted: the process dies between closing the snapshot sink and restore")
	}
	dir, err := m.live.Next()
	if err != nil {
		return fmt.Errorf("restore a snapshot: %w", err)
	}
	fresh, st, err := m.build(source, dir)
	if err != nil {
		return errors.Join(fmt.Errorf("restore a snapshot: %w", err), m.config.Store.Files().Remove(dir))
	}
	m.handles.Lock() // waits for loads and look-ups, and keeps new ones out
	defer m.handles.Unlock()
	m.apply.Lock()
	defer m.apply.Unlock()
	if err := m.live.Point(dir); err != nil {
		return errors.Join(fmt.Errorf("restore a snapshot: %w", err), fresh.Close())
	}
	m.swap(fresh, st)
	return nil
}

// build makes and opens the store of a stream.
func (m *Machine) build(source io.Reader, dir string) (*store.Store, *state, error) {
	header, err := snapshot.Unpack(source, m.config.Store.Files(), dir)
	if err != nil {
		return nil, nil, err
	}
	fresh, err := store.Open(dir, m.config.Store)
	if err != nil {
		return nil, nil, err
	}
	st, err := m.checkRestored(fresh, header)
	if err != nil {
		return nil, nil, errors.Join(err, fresh.Close())
	}
	return fresh, st, nil
}

func (m *Machine) checkRestored(fresh *store.Store, header snapshot.Header) (*state, error) {
	if applied, term := fresh.Applied(); applied != header.Applied || term != header.AppliedTerm {
		return nil, fmt.Errorf("its store is at index %d, term %d, its header says %d, %d", applied, term, header.Applied, header.AppliedTerm)
	}
	if err := m.checkCluster(header.ClusterID); err != nil {
		return nil, err
	}
	st, err := loadState(fresh)
	if err != nil {
		return nil, err
	}
	if st.cluster.id != header.ClusterID {
		return nil, fmt.Errorf("its store is of cluster %s, its header says %s", st.cluster.id, header.ClusterID)
	}
	return st, nil
}

// checkCluster refuses what is of another cluster.
func (m *Machine) checkCluster(id string) error {
	for _, own := range []string{m.config.ClusterID, m.ClusterID()} {
		if id != "" && own != "" && id != own {
			return fmt.Errorf("the snapshot is of cluster %s, this node belongs to cluster %s: a data directory of another cluster was mixed in; move it away and let the node join its own", id, own)
		}
	}
	return nil
}

// swap shows a store that jumps over entries: what is watched ends with the old one. Nothing in it may fail: CURRENT
// points at the new one already. It needs handles and apply.
func (m *Machine) swap(fresh *store.Store, st *state) {
	m.watches.endAll(OutcomeSnapshot, st.clock.term)
	m.replaceStore(fresh, st)
}

// replaceStore is swap for a store that stands where the old one stood. It needs handles and apply.
func (m *Machine) replaceStore(fresh *store.Store, st *state) {
	old := m.store
	if err := m.scrub.end(); err != nil {
		m.config.Logger.Warn("the scrub's view was not closed", "error", err.Error())
	}
	m.store, m.state = fresh, st
	m.lost.Store(false)
	m.residency.clear()
	applied, _ := fresh.Applied()
	m.offers.drop()
	m.voted.forget()
	m.unbuilt = nil // those databases are gone
	m.publishAll(applied)
	if err := errors.Join(old.Close(), m.live.Remove(old.Dir())); err != nil {
		m.config.Logger.Warn("the old store was not removed", "dir", old.Dir(), "error", err.Error())
	}
}

// BeforeStart makes store and snapshots agree before Raft starts (R24). lastLogIndex is that of Raft's own log. A crash
// between closing a snapshot's sink and Restore is repaired here; what cannot be right is refused, with what to do.
func (m *Machine) BeforeStart(lastLogIndex uint64, snapshots hraft.SnapshotStore) error {
	header, newest, err := newestHeader(snapshots)
	if err != nil {
		return fmt.Errorf("look at the newest snapshot: %w", err)
	}
	if err := m.checkCluster(header.ClusterID); err != nil {
		return err
	}
	if m.Applied() < header.Applied && !planted.On("restore-check-skipped") {
		m.config.Logger.Warn("restoring the newest snapshot: the store is behind it", "applied", m.Applied(), "snapshot", header.Applied)
		if err := m.restoreFrom(snapshots, newest); err != nil {
			return err
		}
	}
	reach := max(lastLogIndex, header.Applied)
	if planted.On("refuse-after-install") {
		reach = lastLogIndex
	}
	if applied := m.Applied(); applied > reach {
		return fmt.Errorf("the store is at index %d, but the raft log ends at %d and the newest snapshot at %d: log or snapshots of this node were lost or replaced; move the whole data directory away and let the node join again from its peers", applied, lastLogIndex, header.Applied)
	}
	return nil
}

// newestHeader reads the header of the newest snapshot; zero where there is none.
func newestHeader(snapshots hraft.SnapshotStore) (snapshot.Header, string, error) {
	list, err := snapshots.List()
	if err != nil || len(list) == 0 {
		return snapshot.Header{}, "", err
	}
	_, source, err := snapshots.Open(list[0].ID)
	if err != nil {
		return snapshot.Header{}, "", err
	}
	header, err := snapshot.ReadHeader(source)
	return header, list[0].ID, errors.Join(err, source.Close())
}

func (m *Machine) restoreFrom(snapshots hraft.SnapshotStore, id string) error {
	_, source, err := snapshots.Open(id)
	if err != nil {
		return fmt.Errorf("open snapshot %s: %w", id, err)
	}
	return errors.Join(m.Restore(source), source.Close())
}
