package graph_test

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/hivellm/nexus/graph"
)

// TestVersion_IsReadWhileDraftsWrite reads frozen versions on other goroutines while the draft they came from, and
// another on top of them, write on: the race detector must see nothing, the readers no change.
func TestVersion_IsReadWhileDraftsWrite(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 9))
	p := &program{choose: random.IntN, model: newModel(), schema: true}
	draft := newDraft(t)
	var readers sync.WaitGroup
	for range 15 {
		for range 30 {
			if err := p.step(draft); err != nil {
				t.Fatal(err)
			}
		}
		version := draft.Graph()
		for range 3 {
			readers.Go(func() {
				first := graphText(version)
				if digest, _ := version.RecomputeDigest(); digest != version.Meta().Digest || graphText(version) != first {
					t.Error("a version changed while it was read")
				}
				branch := graph.NewDraft(version, graph.Stamp{Sequence: 5}, graph.DraftLimits{})
				for range 20 {
					if _, err := branch.CreateNode([]string{"Person", "Branch"}, properties("name", "x")); err != nil {
						continue // a constraint of the random schema may refuse the second
					}
				}
				branch.Graph()
			})
		}
	}
	readers.Wait()
}

// TestApply_NothingChanged gives an empty draft its stamp.
func TestApply_NothingChanged(t *testing.T) {
	stored := openDisk(t).database()
	d := newDraft(t)
	if !d.Empty() {
		t.Fatal("a new draft is not empty")
	}
	for _, in := range []graph.Input{{Graph: graph.Empty()}, {Reader: stored.space()}, {Graph: graph.Empty(), Built: d.Graph()}} {
		in.Changes = d.Changes()
		out, err := graph.Apply(in)
		if err != nil || out.Meta != (graph.Meta{Stamp: graph.Stamp{Term: 1, Sequence: 1}}) {
			t.Fatalf("%+v: %v", out, err)
		}
		stored.commit(out)
		if meta, err := graph.LoadMeta(stored.space()); err != nil || meta != out.Meta {
			t.Fatalf("stored %+v: %v", meta, err)
		}
	}
}
