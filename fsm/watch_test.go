package fsm

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	hraft "github.com/hashicorp/raft"
)

func ended(w *Watch) bool {
	select {
	case <-w.Done():
		return true
	default:
		return false
	}
}

func TestWatch_ToldOfItsRequest(t *testing.T) {
	r := newRig(t)
	id := r.tenant("acme")
	write := r.write(id, 0, create(1, 0))
	w, other := r.m.Watch(write.Request, 1), r.m.Watch(RequestID{99}, 1)
	cancelled := r.m.Watch(write.Request, 1)
	cancelled.Cancel()
	cancelled.Cancel()
	result := r.must(write)
	if !ended(w) || w.Outcome().Kind != OutcomeApplied || w.Outcome().Result.Stamp != result.Stamp {
		t.Fatalf("outcome %+v", w.Outcome())
	}
	if ended(other) || ended(cancelled) {
		t.Fatal("a watch of another request, or a cancelled one, has ended")
	}
}

func TestWatch_ConflictEndsTheLanesWatchOnly(t *testing.T) {
	r := newRig(t)
	id := r.tenant("acme")
	write := r.write(id, 0, create(1, 0))
	lane, forwarder := r.m.Watch(write.Request, 1), r.m.WatchThrough(write.Request, 1)
	wrong := *write
	wrong.Term = 99
	entries := []*hraft.Log{r.entry(&wrong), r.entry(write)}
	r.m.ApplyBatch(entries)
	if !errors.Is(lane.Outcome().Result.Err, ErrConflict) {
		t.Fatalf("the lane's watch ended with %+v", lane.Outcome())
	}
	if !ended(forwarder) || forwarder.Outcome().Result.Err != nil {
		t.Fatalf("the forwarder's watch: %v, %+v", ended(forwarder), forwarder.Outcome())
	}
}

func TestWatch_LaterTerm(t *testing.T) {
	r := newRig(t)
	w, later := r.m.Watch(RequestID{7}, 1), r.m.Watch(RequestID{8}, 2)
	r.term = 2
	r.must(&TermStart{Header: r.header(), NodeID: "n2"})
	if !ended(w) || w.Outcome().Kind != OutcomeLaterTerm || ended(later) {
		t.Fatalf("%v %+v %v", ended(w), w.Outcome(), ended(later))
	}
	if late := r.m.Watch(RequestID{9}, 1); !ended(late) || late.Outcome().Kind != OutcomeLaterTerm {
		t.Fatal("a watch of a term that is over waits")
	}
	r.refuse(&TermStart{Header: Header{Term: 1}, NodeID: "n1"}, ErrConflict)
	if r.m.AppliedTerm() != 2 {
		t.Fatalf("term %d", r.m.AppliedTerm())
	}
	if err := r.m.Close(); err != nil {
		t.Fatal(err)
	}
	if !ended(later) || later.Outcome().Kind != OutcomeClosed {
		t.Fatal("closing did not end the watch")
	}
}

// TestWatch_ToldBeforePublished is R10's order: who sees the TermStart, or the applied index, must find every watch
// told already. The watcher looks the moment the machine publishes.
func TestWatch_ToldBeforePublished(t *testing.T) {
	r := newRig(t)
	id := r.tenant("acme")
	for round := range 200 {
		write := r.write(id, 0, create(1, 0))
		w := r.m.Watch(write.Request, r.term)
		index := r.m.Applied() + 2
		seen := make(chan error)
		go func() {
			for r.m.Applied() < index {
			}
			if !ended(w) {
				seen <- fmt.Errorf("round %d: index %d was published before the watch was told", round, index)
				return
			}
			seen <- nil
		}()
		e := []*hraft.Log{r.entry(write)}
		r.term++
		r.m.ApplyBatch(append(e, r.entry(&TermStart{Header: r.header(), NodeID: "n1"})))
		if err := <-seen; err != nil {
			t.Fatal(err)
		}
		if w.Outcome().Kind != OutcomeApplied {
			t.Fatalf("round %d: %+v", round, w.Outcome())
		}
	}
}

func TestWatch_IsBounded(t *testing.T) {
	table := newWatches()
	for i := range maxWatches {
		table.add(RequestID{byte(i), byte(i >> 8)}, 1, false)
	}
	w := table.add(RequestID{1}, 1, false)
	if !ended(w) || w.Outcome().Kind != OutcomeClosed {
		t.Fatal("one more than may be")
	}
	table.endAll(OutcomeSnapshot, 1)
	if table.count != 0 || len(table.byID) != 0 {
		t.Fatalf("%d left, %d ids", table.count, len(table.byID))
	}
}

func TestWait_AppliedAndTerm(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	done := make(chan uint64)
	go func() {
		if err := r.m.WaitApplied(ctx, 3); err != nil {
			t.Error(err)
		}
		term, err := r.m.WaitTerm(ctx, 1)
		if err != nil {
			t.Error(err)
		}
		done <- term
	}()
	r.tenant("acme")
	r.term = 5
	r.must(&TermStart{Header: r.header(), NodeID: "n1"})
	if term := <-done; term != 5 {
		t.Fatalf("term %d", term)
	}
	over, stop := context.WithCancel(t.Context())
	stop()
	if err := r.m.WaitApplied(over, 1000); !errors.Is(err, context.Canceled) {
		t.Fatalf("%v", err)
	}
}
