package fsm

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	hraft "github.com/hashicorp/raft"
	"pgregory.net/rapid"

	"github.com/hivellm/nexus/fsm/snapshot"
	"github.com/hivellm/nexus/graph/store"
)

// take makes a snapshot as Raft does.
func take(t rapid.TB, m *Machine) *hraft.SnapshotMeta {
	t.Helper()
	begun, err := m.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	defer begun.Release()
	index, term := m.store.Applied()
	sink, err := m.Snapshots().Create(1, index, term, hraft.Configuration{}, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(begun.Persist(sink), sink.Close()); err != nil {
		t.Fatal(err)
	}
	list, err := m.Snapshots().List()
	if err != nil || len(list) == 0 || list[0].Index != index {
		t.Fatalf("listed %v (%v)", list, err)
	}
	return list[0]
}

// stream reads the newest snapshot whole.
func stream(t rapid.TB, m *Machine) (*hraft.SnapshotMeta, []byte) {
	t.Helper()
	list, err := m.Snapshots().List()
	if err != nil || len(list) == 0 {
		t.Fatalf("no snapshot (%v)", err)
	}
	meta, source, err := m.Snapshots().Open(list[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(source)
	if err := errors.Join(err, source.Close()); err != nil {
		t.Fatal(err)
	}
	if int64(len(raw)) != meta.Size {
		t.Fatalf("a stream of %d bytes, %d were announced", len(raw), meta.Size)
	}
	return meta, raw
}

// receive puts a stream into another machine's snapshots, as an install does before Restore.
func receive(t rapid.TB, m *Machine, meta *hraft.SnapshotMeta, raw []byte) string {
	t.Helper()
	sink, err := m.Snapshots().Create(1, meta.Index, meta.Term, meta.Configuration, meta.ConfigurationIndex, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(sink, bytes.NewReader(raw)); err != nil {
		t.Fatal(err)
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	return sink.ID()
}

// transfer installs one machine's state in another.
func transfer(t rapid.TB, from, to *Machine) {
	t.Helper()
	take(t, from)
	meta, raw := stream(t, from)
	if err := to.restoreFrom(to.Snapshots(), receive(t, to, meta, raw)); err != nil {
		t.Fatal(err)
	}
}

func TestSnapshot_AndTailAreTheWholeLog(t *testing.T) {
	r := newRig(t)
	id := r.tenant("acme")
	for range 5 {
		r.must(r.write(id, 0, create(10, 0)))
	}
	fs := vfs.NewMem()
	other := openMachine(t, fs)
	transfer(t, r.m, other)
	same(t, r.m, other)
	w := other.Watch(RequestID{1}, 9)
	r.must(r.keptWrite(id, "tail", 3))
	r.must(&CreateDatabase{Header: r.header(), Tenant: id, Name: "second"})
	other.ApplyBatch(r.log)
	same(t, r.m, other)
	transfer(t, r.m, other)
	same(t, r.m, other)
	if !ended(w) || w.Outcome().Kind != OutcomeSnapshot {
		t.Fatal("a snapshot at the holder went unnoticed")
	}
	names, err := fs.List("/node")
	if err != nil {
		t.Fatal(err)
	}
	stores := 0
	for _, name := range names {
		if strings.HasPrefix(name, "store-") {
			stores++
		}
	}
	if stores != 1 {
		t.Fatalf("%v", names)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	other = openMachine(t, fs)
	defer other.Close()
	same(t, r.m, other)
}

func TestSnapshot_PersistRefusesAForeignSink(t *testing.T) {
	r := newRig(t)
	begun, _ := r.m.Snapshot()
	if err := begun.Persist(&hraft.DiscardSnapshotSink{}); err == nil {
		t.Fatal("persisted into nothing")
	}
}

// TestSnapshot_MustHoldItsIndex: a checkpoint that was not flushed holds less than the index that Raft will compact to.
func TestSnapshot_MustHoldItsIndex(t *testing.T) {
	r := newRig(t)
	r.tenant("acme")
	s := &machineSnapshot{r.m, r.m.Applied() + 1}
	_, err := s.checkpoint("/node/elsewhere")
	if err == nil || !strings.Contains(err.Error(), "flushed") {
		t.Fatalf("%v", err)
	}
}

func TestBeforeStart_RepairsACrashBetweenSinkAndRestore(t *testing.T) {
	leader := newRig(t)
	id := leader.tenant("acme")
	leader.must(leader.write(id, 0, create(10, 0)))
	take(t, leader.m)
	meta, raw := stream(t, leader.m)

	fs := vfs.NewCrashableMem()
	follower := openMachine(t, fs)
	follower.ApplyBatch(leader.log[:2])
	receive(t, follower, meta, raw)
	crashed := openMachine(t, fs.CrashClone(vfs.CrashCloneCfg{}))
	defer crashed.Close()
	if crashed.Applied() >= meta.Index {
		t.Fatalf("applied %d", crashed.Applied())
	}
	if err := crashed.BeforeStart(0, crashed.Snapshots()); err != nil {
		t.Fatal(err)
	}
	same(t, leader.m, crashed)
	if err := crashed.BeforeStart(0, crashed.Snapshots()); err != nil { // killed before its first append
		t.Fatalf("an installed follower does not start: %v", err)
	}
}

// TestBeforeStart_HeadersAppliedCounts: the checkpoint is ahead of the snapshot's index, and the follower that installed
// it is killed before its next append.
func TestBeforeStart_HeadersAppliedCounts(t *testing.T) {
	leader := newRig(t)
	id := leader.tenant("acme")
	begun, _ := leader.m.Snapshot()
	index, term := leader.m.store.Applied()
	leader.must(leader.write(id, 0, create(10, 0)))
	sink, err := leader.m.Snapshots().Create(1, index, term, hraft.Configuration{}, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(begun.Persist(sink), sink.Close()); err != nil {
		t.Fatal(err)
	}
	meta, raw := stream(t, leader.m)
	follower := openMachine(t, vfs.NewMem())
	defer follower.Close()
	if err := follower.restoreFrom(follower.Snapshots(), receive(t, follower, meta, raw)); err != nil {
		t.Fatal(err)
	}
	if follower.Applied() != index+1 {
		t.Fatalf("applied %d", follower.Applied())
	}
	if err := follower.BeforeStart(0, follower.Snapshots()); err != nil {
		t.Fatal(err)
	}
	follower.ApplyBatch(leader.log[index:]) // sent again from the snapshot's index on: skipped
	same(t, leader.m, follower)
}

func TestBeforeStart_Refuses(t *testing.T) {
	r := newRig(t)
	r.tenant("acme")
	if err := r.m.BeforeStart(r.m.Applied(), r.m.Snapshots()); err != nil {
		t.Fatal(err)
	}
	err := r.m.BeforeStart(r.m.Applied()-1, r.m.Snapshots())
	if err == nil || !strings.Contains(err.Error(), "move the whole data directory away") {
		t.Fatalf("a store ahead of its log: %v", err)
	}
	take(t, r.m)
	if err := r.m.BeforeStart(0, r.m.Snapshots()); err != nil {
		t.Fatal(err)
	}
	stranger, err := Open(Config{Dir: "/node", ClusterID: "another", Store: store.Options{}.WithFS(vfs.NewMem())})
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	meta, raw := stream(t, r.m)
	receive(t, stranger, meta, raw)
	if err := stranger.BeforeStart(100, stranger.Snapshots()); err == nil || !strings.Contains(err.Error(), "belongs to cluster another") {
		t.Fatalf("another cluster's snapshot: %v", err)
	}
}

// TestRestore_KeepsTheOldStoreWhenTheStreamIsBad flips one byte of a stream at a time.
func TestRestore_KeepsTheOldStoreWhenTheStreamIsBad(t *testing.T) {
	leader := newRig(t)
	id := leader.tenant("acme")
	leader.must(leader.write(id, 0, create(10, 0)))
	take(t, leader.m)
	_, raw := stream(t, leader.m)
	r := newRig(t)
	r.tenant("mine")
	before := dump(t, r.m)
	for at := 0; at < len(raw); at += 1 + len(raw)/60 {
		bad := bytes.Clone(raw)
		bad[at] ^= 0x40
		if err := r.m.Restore(io.NopCloser(bytes.NewReader(bad))); err == nil {
			t.Fatalf("a stream with byte %d of %d changed was restored", at, len(raw))
		}
	}
	for _, short := range [][]byte{nil, raw[:5], raw[:len(raw)/2], raw[:len(raw)-1], append(bytes.Clone(raw), 0)} {
		err := r.m.Restore(io.NopCloser(bytes.NewReader(short)))
		if !errors.Is(err, snapshot.ErrCorrupt) {
			t.Fatalf("%d bytes of %d: %v", len(short), len(raw), err)
		}
	}
	if !bytes.Equal(before, dump(t, r.m)) {
		t.Fatal("the old store has changed")
	}
	if err := r.m.Restore(io.NopCloser(bytes.NewReader(raw))); err != nil {
		t.Fatal(err)
	}
	same(t, leader.m, r.m)
}
