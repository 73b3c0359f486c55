package graph_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/value"
)

// TestCopy_MakesTheSame copies random graphs in small pieces, each replayed as a leader does it.
func TestCopy_MakesTheSame(t *testing.T) {
	for seed := range uint64(60) {
		source := randomGraph(t, seed)
		limits := graph.DraftLimits{MaxOperations: 4 + int(seed%9)}
		target := graph.Empty()
		c := graph.NewCopy(source, limits)
		for piece := uint64(1); ; piece++ {
			changes, err := c.Next()
			if err != nil {
				t.Fatalf("seed %d, piece %d: %v", seed, piece, err)
			}
			if changes.Count == 0 {
				break
			}
			draft := graph.NewDraft(target, graph.Stamp{Term: 3, Sequence: piece}, limits)
			if err := draft.Replay(changes); err != nil {
				t.Fatalf("seed %d, piece %d: %v", seed, piece, err)
			}
			target = draft.Graph()
			if target.Meta().Digest != c.Made().Digest {
				t.Fatalf("seed %d, piece %d: the target differs from what the copy says of it", seed, piece)
			}
		}
		wantCopied(t, seed, source.Meta(), target.Meta())
	}
}

func wantCopied(t *testing.T, seed uint64, source, target graph.Meta) {
	t.Helper()
	if target.Digest != source.Digest || target.Nodes != source.Nodes || target.Relationships != source.Relationships {
		t.Fatalf("seed %d: copied %+v, have %+v", seed, source, target)
	}
	if target.NextNode < source.NextNode || target.NextRelationship < source.NextRelationship {
		t.Fatalf("seed %d: ids may be given twice: copied %+v, have %+v", seed, source, target)
	}
}

func randomGraph(t *testing.T, seed uint64) *graph.Graph {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 41))
	p := &program{choose: random.IntN, model: newModel(), schema: true}
	draft := graph.NewDraft(graph.Empty(), graph.Stamp{Term: 1, Sequence: 1}, graph.DraftLimits{})
	for range 20 + random.IntN(200) {
		if err := p.step(draft); err != nil {
			t.Fatal(err)
		}
	}
	if seed%5 == 0 {
		deleteAll(t, draft, seed%10 == 0)
	}
	return draft.Graph()
}

func deleteAll(t *testing.T, draft *graph.Draft, nodesToo bool) {
	t.Helper()
	g := draft.Graph()
	relationships := g.Relationships()
	for id, ok := relationships.Next(); ok; id, ok = relationships.Next() {
		if err := draft.DeleteRelationship(id); err != nil {
			t.Fatal(err)
		}
	}
	nodes := g.Nodes()
	for id, ok := nodes.Next(); ok && nodesToo; id, ok = nodes.Next() {
		if err := draft.DeleteNode(id); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCopy_FarIDs copies ids that lie farther apart than one step may go.
func TestCopy_FarIDs(t *testing.T) {
	const step = 1 << 24
	draft := graph.NewDraft(graph.Empty(), graph.Stamp{Term: 1, Sequence: 1}, graph.DraftLimits{})
	for i := range uint64(6) {
		draft.UseIDs((i+1)*step, (i+1)*step)
		node, err := draft.CreateNode([]string{"A"}, asMap(map[string]value.Value{"i": value.Int(int64(i))}))
		if err != nil {
			t.Fatal(err)
		}
		relationship, err := draft.CreateRelationship("R", node, node, nil)
		if err != nil {
			t.Fatal(err)
		}
		if i%3 == 2 {
			continue
		}
		if err := errors.Join(draft.DeleteRelationship(relationship), draft.DeleteNode(node)); err != nil {
			t.Fatal(err)
		}
	}
	source := draft.Graph()
	c := graph.NewCopy(source, graph.DraftLimits{MaxOperations: 2})
	for {
		changes, err := c.Next()
		if err != nil {
			t.Fatal(err)
		}
		if changes.Count == 0 {
			break
		}
	}
	wantCopied(t, 0, source.Meta(), c.Made())
}

// TestCopy_TooLarge refuses what no piece can hold.
func TestCopy_TooLarge(t *testing.T) {
	draft := graph.NewDraft(graph.Empty(), graph.Stamp{Term: 1, Sequence: 1}, graph.DraftLimits{})
	if _, err := draft.CreateNode(nil, asMap(map[string]value.Value{"b": value.Bytes(make([]byte, 3000))})); err != nil {
		t.Fatal(err)
	}
	_, err := graph.NewCopy(draft.Graph(), graph.DraftLimits{MaxBytes: 1000}).Next()
	var limit *graph.LimitError
	if !errors.As(err, &limit) {
		t.Fatalf("a node that no piece can hold: %v", err)
	}
}
