package graph_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/value"
)

func newDraft(t testing.TB) *graph.Draft {
	t.Helper()
	return graph.NewDraft(graph.Empty(), graph.Stamp{Term: 1, Sequence: 1}, graph.DraftLimits{})
}

func mustNode(t testing.TB, d *graph.Draft, labels []string, pairs ...any) graph.NodeID {
	t.Helper()
	id, err := d.CreateNode(labels, properties(pairs...))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func nodeIDs(c graph.NodeCursor) (ids []graph.NodeID) {
	for id, ok := c.Next(); ok; id, ok = c.Next() {
		ids = append(ids, id)
	}
	return ids
}

// TestIndex_Ranges walks ranges of one property: only the bound's class of values, both ways, ends in or out.
func TestIndex_Ranges(t *testing.T) {
	d := newDraft(t)
	if _, err := d.CreateIndex(graph.IndexDefinition{LabelOrType: "P", Properties: []string{"x"}}); err != nil {
		t.Fatal(err)
	}
	values := []any{3, 1, 2.5, "b", "a", 2, 1, math.NaN(), value.Bool(true), "ab"}
	for _, v := range values {
		mustNode(t, d, []string{"P"}, "x", v)
	}
	mustNode(t, d, []string{"Q"}, "x", 2)
	g := d.Graph()
	label, _ := g.Label("P")
	key, _ := g.PropertyKey("x")
	x, ok := g.NodeIndex(label, []graph.PropertyKey{key})
	if !ok || x.Len() != uint64(len(values)) || x.DistinctEstimate() != uint64(len(values))-1 {
		t.Fatalf("index found %v, %d entries, %d distinct", ok, x.Len(), x.DistinctEstimate())
	}
	bound := func(v any, inclusive bool) *graph.Bound { return &graph.Bound{Value: toValue(v), Inclusive: inclusive} }
	for _, c := range []struct {
		from, to *graph.Bound
		want     []graph.NodeID
	}{
		{bound(2, true), bound(3, true), []graph.NodeID{5, 2, 0}},
		{bound(2, false), bound(3, false), []graph.NodeID{2}},
		{nil, bound(2, true), []graph.NodeID{1, 6, 5}},
		{bound("ab", true), nil, []graph.NodeID{9, 3}},
		{bound("a", false), bound("b", false), []graph.NodeID{9}},
		{nil, bound("a", false), nil},
		{bound(1, true), bound("a", true), nil},
		{bound(3, true), bound(1, true), nil},
		{bound(value.Null, true), nil, nil},
		{nil, bound(math.NaN(), true), nil},
	} {
		if got := nodeIDs(x.Range(nil, c.from, c.to, false)); !slices.Equal(got, c.want) {
			t.Errorf("range %v to %v: %v, not %v", c.from, c.to, got, c.want)
		}
		back := slices.Clone(c.want)
		slices.Reverse(back)
		if at := slices.Index(back, 6); at >= 0 { // 1 and 6 have equal values, and ascend
			back[at], back[at+1] = 1, 6
		}
		if got := nodeIDs(x.Range(nil, c.from, c.to, true)); !slices.Equal(got, back) {
			t.Errorf("range %v to %v backwards: %v, not %v", c.from, c.to, got, back)
		}
	}
	if got := nodeIDs(x.Range(nil, nil, nil, false)); len(got) != len(values) {
		t.Errorf("the whole index: %v", got)
	}
	if got := nodeIDs(x.Seek([]value.Value{value.Float(1)})); !slices.Equal(got, []graph.NodeID{1, 6}) {
		t.Errorf("seek 1.0: %v", got)
	}
	if got := nodeIDs(x.Seek([]value.Value{value.Float(math.NaN())})); got != nil {
		t.Errorf("seek NaN: %v", got)
	}
}

// TestIndex_Composite seeks whole values and prefixes, and ranges behind a prefix.
func TestIndex_Composite(t *testing.T) {
	d := newDraft(t)
	for i := range 6 {
		mustNode(t, d, []string{"P"}, "a", i%2, "b", i)
	}
	mustNode(t, d, []string{"P"}, "a", 0)
	if _, err := d.CreateIndex(graph.IndexDefinition{Name: "ab", LabelOrType: "P", Properties: []string{"a", "b"}}); err != nil {
		t.Fatal(err)
	}
	g, err := graph.BuildAll(d.Graph())
	if err != nil {
		t.Fatal(err)
	}
	x, _ := g.Index("ab")
	if got := nodeIDs(x.Seek([]value.Value{value.Int(1), value.Int(3)})); !slices.Equal(got, []graph.NodeID{3}) {
		t.Errorf("seek 1, 3: %v", got)
	}
	if got := nodeIDs(x.Seek([]value.Value{value.Int(0)})); !slices.Equal(got, []graph.NodeID{0, 2, 4}) {
		t.Errorf("seek 0: %v", got)
	}
	from := &graph.Bound{Value: value.Int(1)}
	if got := nodeIDs(x.Range([]value.Value{value.Int(1)}, from, nil, true)); !slices.Equal(got, []graph.NodeID{5, 3}) {
		t.Errorf("range 1, above 1, backwards: %v", got)
	}
}

// TestConstraint_Unique refuses doubles at the moment of the write, by every way a value can come.
func TestConstraint_Unique(t *testing.T) {
	d := newDraft(t)
	first := mustNode(t, d, []string{"P"}, "id", 1)
	made, err := d.CreateConstraint(graph.ConstraintDefinition{LabelOrType: "P", Properties: []string{"id"}})
	if err != nil || made.OwnedIndex != made.Name {
		t.Fatalf("constraint %+v: %v", made, err)
	}
	other := mustNode(t, d, []string{"Q"}, "id", 1.0)
	mustNode(t, d, []string{"P"})
	mustNode(t, d, []string{"P"})
	count := d.Operations()
	violations := []func() error{
		func() error {
			_, err := d.CreateNode([]string{"P", "New"}, properties("id", 1.0, "new", 1))
			return err
		},
		func() error { _, err := d.AddLabels(other, []string{"P"}); return err },
		func() error { _, err := d.SetNodeProperty(first+2, "id", value.Int(1)); return err },
	}
	for i, violate := range violations {
		var v *graph.UniqueViolation
		if err := violate(); !errors.As(err, &v) || v.Existing != first || v.Label != "P" || v.Constraint != made.Name {
			t.Errorf("violation %d: %v", i, err)
		}
	}
	g := d.Graph()
	if d.Operations() != count || g.Meta().Nodes != 4 {
		t.Fatalf("refused writes left %d operations, %d nodes", d.Operations()-count, g.Meta().Nodes)
	}
	if _, known := g.Label("New"); known {
		t.Fatal("a refused write left its label behind")
	}
	if _, err := d.SetNodeProperty(first, "id", value.Int(2)); err != nil {
		t.Fatal(err)
	}
	if _, err := d.AddLabels(other, []string{"P"}); err != nil {
		t.Fatal(err)
	}
	var owned *graph.OwnedIndexError
	if err := d.DropIndex(made.OwnedIndex); !errors.As(err, &owned) {
		t.Fatal(err)
	}
	if err := d.DropConstraint(made.Name); err != nil {
		t.Fatal(err)
	}
	if g := d.Graph(); len(g.Indexes()) != 0 || len(g.Constraints()) != 0 {
		t.Fatal("the constraint left something behind")
	}
}

// TestConstraint_OnDoubledData answers the offending pair and changes nothing.
func TestConstraint_OnDoubledData(t *testing.T) {
	d := newDraft(t)
	mustNode(t, d, []string{"P"}, "id", 7)
	mustNode(t, d, []string{"P"}, "id", 7)
	before := d.Graph()
	_, err := d.CreateConstraint(graph.ConstraintDefinition{Name: "c", LabelOrType: "P", Properties: []string{"id"}})
	var v *graph.UniqueViolation
	if !errors.As(err, &v) || v.Existing != 0 || v.Offending != 1 || !slices.Equal(v.Keys, []string{"id"}) || v.Values[0].Int() != 7 {
		t.Fatalf("%v", err)
	}
	if after := d.Graph(); after.Meta() != before.Meta() || len(after.Indexes()) != 0 {
		t.Fatal("a refused constraint left something behind")
	}
}

// TestSchema_Refusals names what stands in the way.
func TestSchema_Refusals(t *testing.T) {
	d := newDraft(t)
	index := graph.IndexDefinition{Name: "i", LabelOrType: "P", Properties: []string{"a"}}
	if _, err := d.CreateIndex(index); err != nil {
		t.Fatal(err)
	}
	var exists *graph.AlreadyExistsError
	if _, err := d.CreateIndex(graph.IndexDefinition{LabelOrType: "P", Properties: []string{"a"}}); !errors.As(err, &exists) || !exists.SameSchema || exists.Name != "i" {
		t.Errorf("the same schema: %v", err)
	}
	if _, err := d.CreateIndex(graph.IndexDefinition{Name: "i", LabelOrType: "P", Properties: []string{"b"}}); !errors.As(err, &exists) || exists.SameSchema {
		t.Errorf("the same name: %v", err)
	}
	if _, err := d.CreateConstraint(graph.ConstraintDefinition{LabelOrType: "P", Properties: []string{"a"}}); !errors.As(err, &exists) || exists.What != "index" {
		t.Errorf("a constraint over an index: %v", err)
	}
	var missing *graph.NotFoundError
	if err := d.DropIndex("x"); !errors.As(err, &missing) || missing.What != "index" {
		t.Errorf("an unknown index: %v", err)
	}
	if err := d.DropConstraint("x"); !errors.As(err, &missing) || missing.What != "constraint" {
		t.Errorf("an unknown constraint: %v", err)
	}
	var unsupported *graph.UnsupportedError
	if _, err := d.CreateConstraint(graph.ConstraintDefinition{Kind: graph.Exists, LabelOrType: "P", Properties: []string{"y", "z"}}); !errors.As(err, &unsupported) {
		t.Errorf("an existence constraint over two: %v", err)
	}
	if _, err := d.CreateIndex(graph.IndexDefinition{LabelOrType: "P"}); err == nil {
		t.Error("an index over nothing was made")
	}
	if d.Operations() != 1 {
		t.Errorf("%d operations", d.Operations())
	}
}
