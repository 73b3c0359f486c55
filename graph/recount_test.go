package graph_test

import (
	"errors"
	"testing"

	"github.com/hivellm/nexus/graph"
)

// TestRecount_InSteps counts record by record what one scan counts, and finds what was changed behind its back.
func TestRecount_InSteps(t *testing.T) {
	d := openDisk(t)
	stored := d.database()
	draft := goldenDraft(t)
	out, err := graph.Apply(graph.Input{Graph: graph.Empty(), Changes: draft.Changes()})
	if err != nil {
		t.Fatal(err)
	}
	stored.commit(out)
	recount := func() (*graph.Recount, int) {
		c, err := graph.NewRecount(stored.space())
		if err != nil {
			t.Fatal(err)
		}
		for steps := 1; ; steps++ {
			done, err := c.Step(1)
			if err != nil {
				t.Fatal(err)
			}
			if done {
				return c, steps
			}
		}
	}
	c, steps := recount()
	entities := int(out.Meta.Nodes + out.Meta.Relationships)
	if c.Meta() != out.Meta || c.Check() != nil || steps < entities-1 {
		t.Fatalf("%d steps over %d entities: %+v, not %+v; %v", steps, entities, c.Meta(), out.Meta, c.Check())
	}
	batch := d.store.NewBatch()
	batch.Space(tenant, stored.number).Set('n', []byte{0, 0, 0, 0, 0, 0, 0, 1}, []byte{1, 0x92, 0x90, 0x80})
	d.index++
	if err := batch.Commit(d.index, 1); err != nil {
		t.Fatal(err)
	}
	c, _ = recount()
	var mismatch *graph.MismatchError
	if err := c.Check(); !errors.As(err, &mismatch) || mismatch.Found != c.Meta().Digest {
		t.Fatalf("a changed record: %v", err)
	}
}
