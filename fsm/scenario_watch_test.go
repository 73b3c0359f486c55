package fsm

import (
	"errors"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	hraft "github.com/hashicorp/raft"
)

// TestScenario_WatchIsToldBeforeTheTermIsPublished: the forwarder's machine applies a write and the TermStart behind it
// in one go, and the leader's answer is lost. Who sees the new term, or the index, must find the watch told. The test
// holds the table of watches, so that whatever is published before telling shows.
func TestScenario_WatchIsToldBeforeTheTermIsPublished(t *testing.T) {
	r := newRig(t)
	id := r.tenant("acme")
	write := r.write(id, 0, create(1, 0))
	w := r.m.WatchThrough(write.Request, r.term)
	before := r.m.Applied()
	entries := []*hraft.Log{r.entry(write)}
	r.term++
	entries = append(entries, r.entry(&TermStart{Header: r.header(), NodeID: "n2"}))

	r.m.watches.mu.Lock()
	applied := make(chan struct{})
	go func() {
		defer close(applied)
		r.m.ApplyBatch(entries)
	}()
	poll(t, func() bool { index, _ := r.m.store.Applied(); return index > before })
	early := pollFor(50*time.Millisecond, func() bool { return r.m.Applied() > before })
	r.m.watches.mu.Unlock()
	<-applied
	if early {
		t.Fatal("the term was published before the watch was told: its holder would say that the write did not happen")
	}
	if !ended(w) || w.Outcome().Kind != OutcomeApplied || r.m.AppliedTerm() != r.term {
		t.Fatalf("outcome %+v in term %d", w.Outcome(), r.m.AppliedTerm())
	}
}

// poll waits until a condition holds.
func poll(t *testing.T, holds func() bool) {
	t.Helper()
	if !pollFor(10*time.Second, holds) {
		t.Fatal("waited in vain")
	}
}

func pollFor(most time.Duration, holds func() bool) bool {
	every := time.NewTicker(time.Millisecond)
	defer every.Stop()
	for end := time.Now().Add(most); !holds(); <-every.C {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

// TestScenario_SnapshotAtTheHolderLeavesTheOutcomeUnknown: the forwarder is behind, the term changes, and a snapshot
// covers both the write and the TermStart. The write happened; "a later term began" would deny it.
func TestScenario_SnapshotAtTheHolderLeavesTheOutcomeUnknown(t *testing.T) {
	leader := newRig(t)
	id := leader.tenant("acme")
	forwarder := openMachine(t, vfs.NewMem())
	defer forwarder.Close()
	forwarder.ApplyBatch(leader.log)

	write := leader.write(id, 0, create(2, 0))
	holder := forwarder.WatchThrough(write.Request, leader.term)
	leader.must(write)
	leader.term++
	leader.must(&TermStart{Header: leader.header(), NodeID: "n2"})
	transfer(t, leader.m, forwarder)
	if !ended(holder) {
		t.Fatal("the holder still waits for what the snapshot covers")
	}
	if kind := holder.Outcome().Kind; kind != OutcomeSnapshot {
		t.Fatalf("the holder was told %d: that the write did not happen, but the snapshot holds it", kind)
	}
	same(t, leader.m, forwarder)
}

// TestScenario_SnapshotHoldsWhatWasApplied: the store writes no log of its own, so what Raft will forget must have been
// flushed before the checkpoint is taken.
func TestScenario_SnapshotHoldsWhatWasApplied(t *testing.T) {
	leader := newRig(t)
	id := leader.tenant("acme")
	take(t, leader.m)
	leader.must(leader.write(id, 0, create(20, 0)))
	begun, err := leader.m.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	index, term := leader.m.store.Applied()
	sink, err := leader.m.Snapshots().Create(1, index, term, hraft.Configuration{}, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := begun.Persist(sink); err != nil {
		t.Fatal(errors.Join(err, sink.Cancel()))
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	follower := openMachine(t, vfs.NewMem())
	defer follower.Close()
	meta, raw := stream(t, leader.m)
	if err := follower.restoreFrom(follower.Snapshots(), receive(t, follower, meta, raw)); err != nil {
		t.Fatal(err)
	}
	same(t, leader.m, follower)
}
