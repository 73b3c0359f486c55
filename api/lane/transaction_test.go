package lane

import (
	"context"
	"errors"
	"testing"

	"github.com/hivellm/nexus/graph"
)

// reserve asks a lane that is not working for a block.
func reserve(t *testing.T, l *lane, current *graph.Graph, count uint64) (graph.Block, error) {
	t.Helper()
	one := newTicket(context.Background(), &Job{reservation: &reservation{kind: graph.NodeEntity, count: count}})
	l.reserve(one, current)
	<-one.done
	return one.job.reservation.block, one.err
}

func TestReserve_BlocksNeverMeet(t *testing.T) {
	l, current := &lane{}, graph.Empty()
	first, err := reserve(t, l, current, 8)
	if err != nil || first != (graph.Block{First: 0, Count: 8}) {
		t.Fatalf("the first block is %v: %v", first, err)
	}
	second, err := reserve(t, l, current, 8)
	if err != nil || second.First != 8 {
		t.Fatalf("the second block is %v: %v", second, err)
	}
	// what is below another's block is not given back, what is on top is, once
	l.giveBack(&Job{Unused: [2]graph.Block{graph.NodeEntity: {First: 3, Count: 5}}})
	if l.reserved[graph.NodeEntity] != 16 {
		t.Errorf("after a gap was given back %d are reserved", l.reserved[graph.NodeEntity])
	}
	top := &Job{Unused: [2]graph.Block{graph.NodeEntity: {First: 9, Count: 7}}}
	l.giveBack(top)
	third, err := reserve(t, l, current, 7)
	if err != nil || third.First != 9 {
		t.Errorf("after the top was given back the next block is %v: %v", third, err)
	}
	l.giveBack(top) // the job runs again: the same ids are another's now
	if l.reserved[graph.NodeEntity] != 16 {
		t.Errorf("a job gave back twice: %d are reserved", l.reserved[graph.NodeEntity])
	}
	draft := graph.NewDraft(current, graph.Stamp{Term: 1, Sequence: 1}, graph.DraftLimits{})
	l.passReserved(draft, current.Meta())
	if id, err := draft.CreateNode(nil, nil); err != nil || id != 16 {
		t.Errorf("a write beside the blocks makes node %d: %v", id, err)
	}
	if id, err := draft.CreateRelationship("R", 16, 16, nil); err != nil || id != 0 {
		t.Errorf("a write beside the blocks makes relationship %d: %v", id, err)
	}
}

func TestReserve_IsBounded(t *testing.T) {
	l := &lane{}
	if _, err := reserve(t, l, graph.Empty(), maxReserved); err != nil {
		t.Fatal(err)
	}
	if _, err := reserve(t, l, graph.Empty(), 1); !errors.Is(err, ErrReserved) {
		t.Errorf("one id too many: %v", err)
	}
	draft := graph.NewDraft(graph.Empty(), graph.Stamp{Term: 1, Sequence: 1}, graph.DraftLimits{})
	l.passReserved(draft, graph.Meta{})
	id, err := draft.CreateNode(nil, nil)
	if err != nil {
		t.Fatalf("a write beside all that may be reserved: %v", err)
	}
	if _, err := reserve(t, l, draft.Graph(), 1); err != nil {
		t.Errorf("after node %d: %v", id, err)
	}
}
