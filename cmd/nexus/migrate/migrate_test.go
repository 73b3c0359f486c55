package migrate

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/value"
)

// target takes pieces as a leader does. It can lose answers, and break off.
type target struct {
	t     *testing.T
	graph *graph.Graph
	calls int
	// fault is asked before (taken false) and after a piece is taken.
	fault func(call int, taken bool) error
}

func (x *target) Send(_ context.Context, body []byte) (State, error) {
	if body != nil {
		x.calls++
		if err := x.fail(false); err != nil {
			return State{}, err
		}
		piece, err := api.DecodeImportPiece(body)
		if err != nil {
			x.t.Fatal(err)
		}
		if has := x.graph.Meta().Digest; has == piece.Before {
			draft := graph.NewDraft(x.graph, graph.Stamp{Term: 9, Sequence: uint64(x.calls)}, graph.DraftLimits{})
			if err := draft.Replay(piece.Changes); err != nil {
				x.t.Fatal(err)
			}
			x.graph = draft.Graph()
		} else if has != piece.After {
			x.t.Fatal("a piece that does not follow")
		}
		if err := x.fail(true); err != nil {
			return State{}, err
		}
	}
	m := x.graph.Meta()
	return State{m.Digest.String(), m.Nodes, m.Relationships, m.Bytes}, nil
}

func (x *target) fail(taken bool) error {
	if x.fault == nil {
		return nil
	}
	return x.fault(x.calls, taken)
}

// source holds more than two pieces can.
func source(t *testing.T) *graph.Graph {
	t.Helper()
	d := graph.NewDraft(graph.Empty(), graph.Stamp{Term: 1, Sequence: 1}, graph.DraftLimits{MaxOperations: 1 << 20, MaxBytes: 1 << 28})
	var properties value.MapBuilder
	properties.Set("text", value.String("some text that takes room in a piece"))
	for i := range 110_000 {
		if _, err := d.CreateNode([]string{"N"}, properties.Map()); err != nil {
			t.Fatal(i, err)
		}
	}
	if _, err := d.CreateRelationship("R", 3, 5, nil); err != nil {
		t.Fatal(err)
	}
	return d.Graph()
}

var errBroken = errors.New("broken off")

// TestDatabase_GoesOnWhereItStood breaks off after a piece, loses answers, and goes on.
func TestDatabase_GoesOnWhereItStood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := source(t)
		to := &target{t: t, graph: graph.Empty(), fault: func(call int, taken bool) error {
			if call == 2 {
				return errBroken
			}
			return nil
		}}
		if _, err := Database(t.Context(), from, to, func(uint64, uint64) {}); !errors.Is(err, errBroken) {
			t.Fatal(err)
		}
		lost := 0
		to.fault = func(_ int, taken bool) error {
			if lost++; lost%3 == 1 || lost%3 == 2 && taken {
				return &Unknown{errBroken}
			}
			return nil
		}
		last := uint64(0)
		report, err := Database(t.Context(), from, to, func(done, _ uint64) {
			if done <= last {
				t.Errorf("progress goes from %d to %d", last, done)
			}
			last = done
		})
		if err != nil || report.Skipped != 1 || report.Pieces < 2 || last != report.Source.Nodes+report.Source.Relationships {
			t.Fatalf("%+v, %v, %d", report, err, last)
		}
		if to.graph.Meta().Digest != from.Meta().Digest {
			t.Fatal("the digests differ")
		}
		if report, err = Database(t.Context(), from, to, nil); err != nil || report.Pieces != 0 {
			t.Fatalf("once more: %+v, %v", report, err)
		}
	})
}

// TestDatabase_RefusesWhatIsNotItsOwn leaves a target alone that holds something else, and gives up on one that never
// says what became of a piece.
func TestDatabase_RefusesWhatIsNotItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		other := graph.NewDraft(graph.Empty(), graph.Stamp{Term: 1, Sequence: 1}, graph.DraftLimits{})
		if _, err := other.CreateNode([]string{"Other"}, nil); err != nil {
			t.Fatal(err)
		}
		to := &target{t: t, graph: other.Graph()}
		if _, err := Database(t.Context(), source(t), to, nil); !errors.Is(err, ErrDiffers) || to.calls != 0 {
			t.Fatal(err, to.calls)
		}
		silent := &target{t: t, graph: graph.Empty(), fault: func(int, bool) error { return &Unknown{errBroken} }}
		if _, err := Database(t.Context(), source(t), silent, nil); !errors.Is(err, errBroken) || silent.calls != sendAttempts {
			t.Fatal(err, silent.calls)
		}
	})
}
