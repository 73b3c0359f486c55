package fsm

import (
	"context"
	"errors"
	"fmt"
	"io"

	hraft "github.com/hashicorp/raft"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/store"
	"github.com/hivellm/nexus/scripts/planted"
)

// Bounds of catching up with the log beside the live store: what is left when apply is stopped must be little.
const (
	catchUpEntries = 64
	maxCatchUps    = 64
)

// twinBudgetBytes is what a twin may keep in memory: nothing, for this machine takes its budget already. So databases
// that the log makes leave again after every batch.
const twinBudgetBytes = 1

// Entries visits entries of this node's own log, first to last, in order. An entry that is not there is an error.
type Entries func(first, last uint64, visit func(*hraft.Log) error) error

// errReplaced says that a snapshot took the store's place meanwhile: what was being repaired is gone.
var errReplaced = errors.New("the store was replaced by a snapshot meanwhile")

// Stream makes a checkpoint and gives it out as a stream of R23, for another node's Adopt. It holds at least what is
// applied now. The caller closes it.
func (m *Machine) Stream() (io.ReadCloser, error) {
	return m.snapshots.Stream((&machineSnapshot{m, m.Applied()}).checkpoint)
}

// Adopt puts another node's store in the place of this node's (R18), while this node goes on applying: the stream
// becomes a store beside the live one and is verified, the databases it is fetched for are recounted, it catches up from
// this node's own log, and only when it stands exactly where this machine stands, with apply stopped for that moment,
// CURRENT points at it (R25). So Raft sees nothing of it: its next entry is the next one here too. Killed at any point
// before, the node starts with the store it had; after, with the new one, which is durable up to applied.
//
// An error leaves everything as it was.
func (m *Machine) Adopt(ctx context.Context, source io.Reader, repaired []Place, entries Entries) error {
	m.handles.RLock()
	old := m.store
	m.handles.RUnlock()
	if old == nil {
		return errClosed
	}
	dir, err := m.live.Next()
	if err != nil {
		return fmt.Errorf("adopt a store: %w", err)
	}
	fresh, st, err := m.build(source, dir)
	if err != nil {
		return errors.Join(fmt.Errorf("adopt a store: %w", err), m.config.Store.Files().Remove(dir))
	}
	twin := m.twin(fresh, st)
	err = recountAll(ctx, fresh, repaired)
	if err == nil {
		err = m.follow(ctx, twin, entries)
	}
	if err == nil {
		err = m.exchange(old, twin, entries)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("adopt a store: %w", err), fresh.Close(), m.live.Remove(dir))
	}
	return nil
}

// twin is a machine over another store, for applying this node's log to it. It keeps no database in memory, tells nobody
// anything, and where it
// cannot go on it panics with a *fatalError.
func (m *Machine) twin(fresh *store.Store, st *state) *Machine {
	config := m.config
	config.Fatal, config.MemoryBudgetBytes = nil, twinBudgetBytes
	twin := newMachine(config)
	twin.store, twin.state = fresh, st
	applied, _ := fresh.Applied()
	twin.publishAll(applied)
	return twin
}

// recountAll sees that the stream is whole where this node's store is not.
func recountAll(ctx context.Context, s *store.Store, places []Place) error {
	for _, p := range places {
		count, err := graph.NewRecount(s.Space(p.Tenant, p.Database))
		for done := false; err == nil && !done; {
			if err = context.Cause(ctx); err == nil {
				done, err = count.Step(scrubStepBytes)
			}
		}
		if err == nil {
			err = count.Check()
		}
		if err != nil {
			return fmt.Errorf("database %d of tenant %s is damaged there too: %w", p.Database, p.Tenant, err)
		}
	}
	return nil
}

// follow lets the twin catch up until few entries are left.
func (m *Machine) follow(ctx context.Context, twin *Machine, entries Entries) error {
	if err := m.WaitApplied(ctx, twin.Applied()); err != nil {
		return fmt.Errorf("wait for index %d here: %w", twin.Applied(), err)
	}
	for range maxCatchUps {
		left := m.Applied() - twin.Applied()
		if err := twin.replay(ctx, m.Applied(), entries); err != nil {
			return err
		}
		if left <= catchUpEntries {
			return nil
		}
	}
	return errors.New("the log grows faster than it can be followed")
}

// replay applies this node's log up to an index.
func (m *Machine) replay(ctx context.Context, to uint64, entries Entries) (err error) {
	defer func() {
		if p := recover(); p != nil {
			fatal, ok := p.(*fatalError)
			if !ok {
				panic(p)
			}
			err = fatal
		}
	}()
	for m.Applied() < to && !planted.On("adopt-without-log") {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		first := m.Applied() + 1
		var batch []*hraft.Log
		err := entries(first, min(to, first+catchUpEntries-1), func(entry *hraft.Log) error {
			batch = append(batch, entry)
			return nil
		})
		if err != nil {
			return fmt.Errorf("read this node's log from index %d: %w", first, err)
		}
		m.ApplyBatch(batch)
	}
	return nil
}

// exchange brings the twin to exactly this machine's index and swaps.
func (m *Machine) exchange(old *store.Store, twin *Machine, entries Entries) error {
	if err := twin.store.Flush(); err != nil { // the large part, beside apply
		return err
	}
	m.handles.Lock()
	defer m.handles.Unlock()
	m.apply.Lock()
	defer m.apply.Unlock()
	if m.store != old {
		return errReplaced
	}
	if err := twin.replay(context.Background(), m.Applied(), entries); err != nil {
		return err
	}
	if twin.Applied() != m.Applied() && !planted.On("adopt-without-log") {
		return fmt.Errorf("the fetched store is at index %d, this machine at %d", twin.Applied(), m.Applied())
	}
	if twin.Lost() {
		return errors.New("the fetched store holds a record that cannot be read")
	}
	if err := twin.store.Flush(); err != nil {
		return err
	}
	if err := m.live.Point(twin.store.Dir()); err != nil {
		return err
	}
	twin.state.cool()
	m.replaceStore(twin.store, twin.state)
	return nil
}

// cool takes every database out of memory, and out of the twin's accounts. Nobody else may see the state yet.
func (st *state) cool() {
	st.tenants.Scan(func(_ uint64, t *tenant) bool {
		for _, d := range t.databases {
			d.published.Store(d.published.Load().cold())
			d.accounted = 0
		}
		t.home.bytes = 0
		return true
	})
}
