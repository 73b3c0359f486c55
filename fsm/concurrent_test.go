package fsm

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/hivellm/nexus/tenancy"
)

// TestMachine_ReadersBesideApplySnapshotAndRestore reads everything that may be read while the log goes on, snapshots
// are taken and the store is replaced: the race detector and the bounds of what is seen are the check.
func TestMachine_ReadersBesideApplySnapshotAndRestore(t *testing.T) {
	leader := newRig(t)
	id := leader.tenant("acme")
	for range 40 {
		leader.must(leader.keptWrite(id, "k", 2)) // the first is kept, the others are its replays
		leader.must(leader.write(id, 0, create(2, 0)))
	}
	take(t, leader.m)
	_, raw := stream(t, leader.m)

	m := openMachine(t, vfs.NewMem())
	var readers sync.WaitGroup
	stop := make(chan struct{})
	for range 3 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				readAll(t, m, id)
			}
		})
	}
	readers.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			begun, err := m.Snapshot()
			if err == nil {
				_, err = begun.(*machineSnapshot).checkpoint("/node/beside")
			}
			if err := errors.Join(err, m.config.Store.Files().Remove("/node/beside")); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for i, entry := range leader.log {
		m.Apply(entry)
		if i%25 == 24 {
			if err := m.Restore(io.NopCloser(bytes.NewReader(raw))); err != nil {
				t.Fatal(err)
			}
		}
	}
	close(stop)
	readers.Wait()
	same(t, leader.m, m)
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Graph(id, 0); err != nil && !errors.Is(err, errClosed) {
		t.Fatal(err)
	}
}

func readAll(t *testing.T, m *Machine, id tenancy.ID) {
	before := m.Applied()
	g, index, err := m.Version(id, 0)
	if err != nil && !errors.Is(err, ErrDatabaseUnknown) {
		t.Error(err)
		return
	}
	if err == nil && g.Meta().Nodes%2 != 0 {
		t.Errorf("a version of %d nodes, from index %d (applied %d)", g.Meta().Nodes, index, before)
	}
	m.Kept(id, "k")
	m.Digests()
	m.Registry().Usage(id)
	m.Watch(RequestID{9}, 1).Cancel()
}
