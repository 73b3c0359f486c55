package graph_test

import (
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/store"
	"github.com/hivellm/nexus/graph/value"
)

// goldenDraft makes one of everything that operations, records and digests hold.
func goldenDraft(t *testing.T) *graph.Draft {
	t.Helper()
	d := graph.NewDraft(graph.Empty(), graph.Stamp{Term: 3, Sequence: 9}, graph.DraftLimits{})
	ada := mustNode(t, d, []string{"Person", "Ärger"}, "name", "Ada", "born", 1815, "pi", 3.5)
	city := mustNode(t, d, []string{"City"}, "name", "London")
	gone := mustNode(t, d, nil)
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(d.CreateRelationship("LIVES_IN", ada, city, properties("since", 1835)))
	must(d.CreateRelationship("KNOWS", ada, ada, nil))
	must(d.CreateRelationship("KNOWS", ada, city, nil))
	must(d.SetNodeProperty(city, "population", value.Int(9_000_000)))
	must(d.SetNodeProperty(ada, "born", value.Null))
	must(d.SetRelationshipProperty(1, "tags", value.List([]value.Value{value.String("x"), value.Int(-5)})))
	must(d.AddLabels(city, []string{"Place"}))
	must(d.RemoveLabels(ada, []string{"Ärger"}))
	must(nil, d.DeleteRelationship(2))
	must(nil, d.DeleteNode(gone))
	must(d.CreateIndex(graph.IndexDefinition{Name: "by_name", LabelOrType: "Person", Properties: []string{"name", "pi"}}))
	must(d.CreateConstraint(graph.ConstraintDefinition{Name: "one_name", LabelOrType: "City", Properties: []string{"name"}}))
	must(d.CreateIndex(graph.IndexDefinition{Name: "short_lived", Entity: graph.RelationshipEntity, LabelOrType: "KNOWS", Properties: []string{"tags"}}))
	must(nil, d.DropIndex("short_lived"))
	must(d.CreateConstraint(graph.ConstraintDefinition{Name: "gone_too", LabelOrType: "Place", Properties: []string{"name"}}))
	must(nil, d.DropConstraint("gone_too"))
	return d
}

// constraintsDraft makes a constraint of each kind that came after those of goldenDraft.
func constraintsDraft(t *testing.T) *graph.Draft {
	t.Helper()
	d := graph.NewDraft(graph.Empty(), graph.Stamp{Term: 4, Sequence: 1}, graph.DraftLimits{})
	a := mustNode(t, d, []string{"P"}, "x", 1, "y", "é")
	b := mustNode(t, d, []string{"P"}, "x", 1, "y", "f")
	if _, err := d.CreateRelationship("T", a, b, properties("since", 1835)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []graph.ConstraintDefinition{
		{Name: "must", Kind: graph.Exists, LabelOrType: "P", Properties: []string{"x"}},
		{Name: "key", Kind: graph.Key, LabelOrType: "P", Properties: []string{"x", "y"}},
		{Name: "rel_must", Kind: graph.Exists, Entity: graph.RelationshipEntity, LabelOrType: "T", Properties: []string{"since"}},
		{Name: "rel_key", Kind: graph.Key, Entity: graph.RelationshipEntity, LabelOrType: "T", Properties: []string{"since"}},
		{Name: "gone", Kind: graph.Exists, LabelOrType: "Never", Properties: []string{"z"}},
	} {
		if _, err := d.CreateConstraint(c); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.DropConstraint("gone"); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestGolden_Formats compares operations, records, meta and digest with bytes that are never rewritten: a difference
// is a new format and needs a new version byte.
func TestGolden_Formats(t *testing.T) {
	t.Run("first", func(t *testing.T) { sameFormats(t, "formats.golden", goldenDraft(t)) })
	t.Run("constraints", func(t *testing.T) { sameFormats(t, "constraints.golden", constraintsDraft(t)) })
}

func sameFormats(t *testing.T, golden string, d *graph.Draft) {
	changes := d.Changes()
	var text strings.Builder
	fmt.Fprintf(&text, "strings %q\nops %d %s\n", changes.Strings, changes.Count, hex.EncodeToString(changes.Ops))
	out, err := graph.Apply(graph.Input{Graph: graph.Empty(), Changes: changes})
	if err != nil {
		t.Fatal(err)
	}
	stored := openDisk(t).database()
	stored.commit(out)
	for _, kind := range []store.Kind{store.Name, store.Schema, store.Node, store.Relationship, store.Meta} {
		err := stored.space().Scan(kind, nil, func(suffix, record []byte) error {
			fmt.Fprintf(&text, "%c %x = %x\n", kind, suffix, record)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	fmt.Fprintf(&text, "bytes %d\ndigest %v\n", out.Meta.Bytes, out.Meta.Digest)
	want, err := os.ReadFile("testdata/" + golden)
	if err != nil {
		t.Fatalf("%v; the formats are\n%s", err, text.String())
	}
	if text.String() != string(want) {
		t.Fatalf("the formats are\n%s\nnot\n%s", text.String(), want)
	}
	if loaded, err := graph.Load(stored.space()); err != nil || loaded.Meta() != out.Meta {
		t.Fatalf("the golden records do not load: %v", err)
	}
}
