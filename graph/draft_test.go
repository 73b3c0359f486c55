package graph_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/value"
)

// TestDraft_Limits names the limit that a write would pass, and leaves nothing of it.
func TestDraft_Limits(t *testing.T) {
	d := graph.NewDraft(graph.Empty(), graph.Stamp{Sequence: 1}, graph.DraftLimits{MaxOperations: 2, MaxBytes: 3 << 20})
	large := strings.Repeat("x", 900<<10)
	var limit *graph.LimitError
	for name, write := range map[string]func() error{
		"record bytes": func() error {
			_, err := d.CreateNode(nil, properties("a", large, "b", large, "c", large))
			return err
		},
		"name bytes": func() error { _, err := d.CreateNode([]string{strings.Repeat("x", 20<<10)}, nil); return err },
		"command bytes": func() error {
			_, err := d.CreateNode([]string{large, large + "1"}, properties("a", large, "b", large, "c", large))
			return err
		},
	} {
		if err := write(); !errors.As(err, &limit) || limit.Limit != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	if d.Bytes() != 0 || !d.Empty() || d.Graph().Meta().Bytes != 0 {
		t.Fatalf("refused writes left %d bytes, meta %+v", d.Bytes(), d.Graph().Meta())
	}
	var refused *graph.PropertyTypeError
	if _, err := d.CreateNode([]string{"L"}, properties("m", value.MapOf(properties("a", 1)))); !errors.As(err, &refused) || refused.Key != "m" {
		t.Errorf("a map as property: %v", err)
	}
	mustNode(t, d, nil)
	mustNode(t, d, nil)
	if _, err := d.CreateNode(nil, nil); !errors.As(err, &limit) || limit.Limit != "operations" {
		t.Errorf("a third operation: %v", err)
	}
	if len(d.Changes().Strings) != 0 {
		t.Errorf("strings left behind: %q", d.Changes().Strings)
	}
}

// TestDraft_NameLimit stops at 65 536 labels.
func TestDraft_NameLimit(t *testing.T) {
	d := graph.NewDraft(graph.Empty(), graph.Stamp{Sequence: 1}, graph.DraftLimits{MaxOperations: 1 << 20})
	for i := 0; i < graph.MaxNames; i += 64 {
		labels := make([]string, 64)
		for j := range labels {
			labels[j] = fmt.Sprint(i + j)
		}
		mustNode(t, d, labels)
	}
	var limit *graph.LimitError
	if _, err := d.CreateNode([]string{"one more"}, nil); !errors.As(err, &limit) || limit.Limit != "labels" {
		t.Fatalf("%v", err)
	}
	mustNode(t, d, []string{"17"})
	if digest, bytes := d.Graph().RecomputeDigest(); digest != d.Graph().Meta().Digest || bytes != d.Graph().Meta().Bytes {
		t.Fatal("the refused name was counted")
	}
}

// TestDraft_NothingChanged records nothing for writes without effect.
func TestDraft_NothingChanged(t *testing.T) {
	d := newDraft(t)
	id := mustNode(t, d, []string{"P"}, "a", 1)
	before := d.Changes()
	if changed, err := d.SetNodeProperty(id, "a", value.Int(1)); changed || err != nil {
		t.Errorf("the same value: %v %v", changed, err)
	}
	if changed, err := d.SetNodeProperty(id, "unknown", value.Null); changed || err != nil {
		t.Errorf("removing what is absent: %v %v", changed, err)
	}
	if n, err := d.AddLabels(id, []string{"P", "P"}); n != 0 || err != nil {
		t.Errorf("a label it has: %v %v", n, err)
	}
	if n, err := d.RemoveLabels(id, []string{"unknown"}); n != 0 || err != nil {
		t.Errorf("a label nobody has: %v %v", n, err)
	}
	if after := d.Changes(); len(after.Ops) != len(before.Ops) || len(after.Strings) != len(before.Strings) {
		t.Errorf("recorded %q", after.Strings[len(before.Strings):])
	}
	if changed, err := d.SetNodeProperty(id, "a", value.Float(1)); !changed || err != nil {
		t.Errorf("1.0 for 1: %v %v", changed, err)
	}
	var missing *graph.NotFoundError
	if _, err := d.SetNodeProperty(99, "a", value.Null); !errors.As(err, &missing) || missing.ID != 99 {
		t.Errorf("an unknown node: %v", err)
	}
	if _, err := d.CreateRelationship("R", id, 99, nil); !errors.As(err, &missing) {
		t.Errorf("an unknown end: %v", err)
	}
	if err := d.DeleteRelationship(5); !errors.As(err, &missing) || missing.What != "relationship" {
		t.Errorf("an unknown relationship: %v", err)
	}
}

// TestDraft_IDsAreNeverReused gives ids on after deletions, and from a reserved block.
func TestDraft_IDsAreNeverReused(t *testing.T) {
	d := newDraft(t)
	if err := d.DeleteNode(mustNode(t, d, nil)); err != nil {
		t.Fatal(err)
	}
	if id := mustNode(t, d, nil); id != 1 {
		t.Fatalf("id %d after a deleted one", id)
	}
	block := graph.NewDraft(d.Graph(), graph.Stamp{Sequence: 2}, graph.DraftLimits{})
	block.UseIDs(1000, 500)
	if id := mustNode(t, block, nil); id != 1000 {
		t.Fatalf("id %d from a block at 1000", id)
	}
	if r, err := block.CreateRelationship("R", 1000, 1, nil); err != nil || r != 500 {
		t.Fatalf("relationship %d: %v", r, err)
	}
	after := graph.NewDraft(block.Graph(), graph.Stamp{Sequence: 3}, graph.DraftLimits{})
	if err := after.Replay(d.Changes()); !errors.Is(err, graph.ErrMalformed) {
		t.Fatalf("a node made twice: %v", err)
	}
	far := graph.NewDraft(block.Graph(), graph.Stamp{Sequence: 3}, graph.DraftLimits{})
	far.UseIDs(1<<40, 0)
	var limit *graph.LimitError
	if _, err := far.CreateNode(nil, nil); !errors.As(err, &limit) {
		t.Fatalf("an id far away: %v", err)
	}
}

// TestDraft_Replay brings a draft's changes onto a version it was not computed on.
func TestDraft_Replay(t *testing.T) {
	base := newDraft(t)
	node := mustNode(t, base, []string{"P"}, "a", 1)
	version := base.Graph()
	late := graph.NewDraft(version, graph.Stamp{Sequence: 3}, graph.DraftLimits{})
	late.UseIDs(100, 100)
	created := mustNode(t, late, []string{"Late"}, "b", 2)
	if _, err := late.CreateRelationship("R", node, created, nil); err != nil {
		t.Fatal(err)
	}
	meanwhile := graph.NewDraft(version, graph.Stamp{Sequence: 2}, graph.DraftLimits{})
	mustNode(t, meanwhile, []string{"Q"}, "c", 3)
	rebased := graph.NewDraft(meanwhile.Graph(), graph.Stamp{Sequence: 4}, graph.DraftLimits{})
	if err := rebased.Replay(late.Changes()); err != nil {
		t.Fatal(err)
	}
	g := rebased.Graph()
	if g.Meta().Nodes != 3 || g.Degree(node, graph.Outgoing, nil) != 1 || rebased.Operations() != 2 {
		t.Fatalf("%+v", g.Meta())
	}
	changes := rebased.Changes()
	out, err := graph.Apply(graph.Input{Graph: meanwhile.Graph(), Meta: meanwhile.Graph().Meta(), Changes: changes})
	if err != nil || out.Meta != g.Meta() {
		t.Fatalf("%v: %+v, not %+v", err, out.Meta, g.Meta())
	}
	if _, err := graph.Apply(graph.Input{Graph: version, Meta: version.Meta(), Changes: changes}); !errors.Is(err, graph.ErrBase) {
		t.Fatalf("changes on another base: %v", err)
	}
}

// TestDraft_TextsAreUTF8 refuses what could not be read back, in names and in values, and leaves nothing of it.
func TestDraft_TextsAreUTF8(t *testing.T) {
	d := newDraft(t)
	id := mustNode(t, d, nil)
	before := d.Graph().Meta()
	for name, write := range map[string]func() error{
		"label": func() error { _, err := d.AddLabels(id, []string{"ok", "\xff"}); return err },
		"key":   func() error { _, err := d.SetNodeProperty(id, "\xc3", value.Int(1)); return err },
		"value": func() error { _, err := d.SetNodeProperty(id, "k", value.String("a\x80")); return err },
		"item": func() error {
			_, err := d.CreateNode([]string{"L"}, properties("k", value.List([]value.Value{value.String("\xfe")})))
			return err
		},
	} {
		if err := write(); err == nil {
			t.Errorf("a %s that is not UTF-8 was taken", name)
		}
	}
	if d.Graph().Meta() != before || d.Operations() != 1 || len(d.Changes().Strings) != 0 {
		t.Fatalf("refused writes left %+v, %q", d.Graph().Meta(), d.Changes().Strings)
	}
}
