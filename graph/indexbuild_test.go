package graph_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/value"
)

// follow applies a draft's changes as a follower does, which builds nothing.
func follow(t testing.TB, on *graph.Graph, d *graph.Draft) *graph.Graph {
	t.Helper()
	out, err := graph.Apply(graph.Input{Graph: on, Meta: on.Meta(), Changes: d.Changes()})
	if err != nil {
		t.Fatal(err)
	}
	return out.Graph
}

func draftOn(g *graph.Graph) *graph.Draft {
	stamp := g.Stamp()
	stamp.Sequence++
	return graph.NewDraft(g, stamp, graph.DraftLimits{})
}

// people makes n nodes with label P and property x = their number.
func people(t testing.TB, n int) *graph.Graph {
	t.Helper()
	d := newDraft(t)
	for i := range n {
		mustNode(t, d, []string{"P"}, "x", i)
	}
	return d.Graph()
}

func noPause() error { return nil }

// TestIndex_IsBuiltBesideWrites makes an index over data, writes while it is built, and finds all of it afterwards.
func TestIndex_IsBuiltBesideWrites(t *testing.T) {
	base := people(t, 1000)
	d := draftOn(base)
	made, err := d.CreateIndex(graph.IndexDefinition{Name: "i", LabelOrType: "P", Properties: []string{"x"}})
	if err != nil || made.State != graph.IndexBuilding {
		t.Fatalf("%+v: %v", made, err)
	}
	version := follow(t, base, d)
	if _, found := version.Index("i"); found || !version.Unbuilt(false) || version.Unbuilt(true) {
		t.Fatal("an index over data is there at once")
	}
	build, begun, pauses := graph.NewBuild(version), version, 0
	err = build.Run(func() error {
		pauses++
		d := draftOn(version)
		mustNode(t, d, []string{"P"}, "x", -pauses)
		if _, err := d.SetNodeProperty(graph.NodeID(pauses), "x", value.String("moved")); err != nil {
			t.Fatal(err)
		}
		if err := d.DeleteNode(graph.NodeID(500 + pauses)); err != nil {
			t.Fatal(err)
		}
		version = follow(t, version, d)
		if state := version.Indexes()[0]; state.State.String() != "POPULATING" || state.Percent <= 0 || state.Percent > 100 {
			t.Errorf("while it is built: %+v", state)
		}
		return nil
	})
	if err != nil || pauses < 3 {
		t.Fatalf("%d pauses: %v", pauses, err)
	}
	if apart := build.Apart(version, 1000); apart < 2 || apart > 8 {
		t.Errorf("%d pages apart", apart)
	}
	if err := build.CatchUp(version, nil); err != nil {
		t.Fatal(err)
	}
	installed, err := build.Install()
	if err != nil {
		t.Fatal(err)
	}
	x, found := installed.Index("i")
	if !found || x.Len() != version.Meta().Nodes || installed.Meta() != version.Meta() {
		t.Fatalf("found %v, %d entries for %d nodes", found, x.Len(), version.Meta().Nodes)
	}
	if got := nodeIDs(x.Seek([]value.Value{value.String("moved")})); len(got) != pauses {
		t.Errorf("moved: %v", got)
	}
	if _, found := begun.Index("i"); found {
		t.Error("an older version got the index")
	}
	if state := installed.Indexes()[0]; state.State != graph.IndexOnline || state.Percent != 100 {
		t.Errorf("when it is built: %+v", state)
	}
	next := draftOn(installed)
	if err := next.DropIndex("i"); err != nil {
		t.Fatal(err)
	}
	if dropped := follow(t, version, next); dropped.Meta() != next.Graph().Meta() {
		t.Error("a node that has not built the index counts otherwise")
	}
}

// TestIndex_OverNothingIsWhole: what covers nothing needs no build.
func TestIndex_OverNothingIsWhole(t *testing.T) {
	base := people(t, 3)
	d := draftOn(base)
	if _, err := d.CreateIndex(graph.IndexDefinition{Name: "q", LabelOrType: "Q", Properties: []string{"x"}}); err != nil {
		t.Fatal(err)
	}
	if _, found := follow(t, base, d).Index("q"); !found {
		t.Error("an index over nothing is not whole")
	}
}

// TestIndex_DroppedWhileBuilt: the build goes on without it.
func TestIndex_DroppedWhileBuilt(t *testing.T) {
	base := people(t, 100)
	d := draftOn(base)
	for _, name := range []string{"a", "b"} {
		if _, err := d.CreateIndex(graph.IndexDefinition{Name: name, LabelOrType: "P", Properties: []string{"x", name}}); err != nil {
			t.Fatal(err)
		}
	}
	version := d.Graph()
	build := graph.NewBuild(version)
	if err := build.Run(noPause); err != nil {
		t.Fatal(err)
	}
	drop := draftOn(version)
	if err := drop.DropIndex("a"); err != nil {
		t.Fatal(err)
	}
	if err := build.CatchUp(drop.Graph(), nil); err != nil {
		t.Fatal(err)
	}
	installed, err := build.Install()
	if _, found := installed.Index("b"); err != nil || !found || len(installed.Indexes()) != 1 {
		t.Errorf("found b %v of %v: %v", found, installed.Indexes(), err)
	}
}

// TestIndex_IsCarriedOver: a version that a lane made on the one without the index gets it from what the node built.
func TestIndex_IsCarriedOver(t *testing.T) {
	base := people(t, 100)
	d := draftOn(base)
	if _, err := d.CreateIndex(graph.IndexDefinition{Name: "i", LabelOrType: "P", Properties: []string{"x"}}); err != nil {
		t.Fatal(err)
	}
	version := d.Graph()
	lane := draftOn(version)
	mustNode(t, lane, []string{"P"}, "x", 7)
	installed, err := graph.BuildAll(version)
	if err != nil {
		t.Fatal(err)
	}
	carried := graph.CarryIndexes(installed, lane.Graph())
	x, found := carried.Index("i")
	if !found || x.Len() != 101 || len(nodeIDs(x.Seek([]value.Value{value.Int(7)}))) != 2 {
		t.Fatalf("found %v, %d entries", found, x.Len())
	}
	if _, found := lane.Graph().Index("i"); found {
		t.Error("the lane's own version got the index")
	}
	if graph.CarryIndexes(base, base) != base {
		t.Error("a version that lacks nothing was copied")
	}

	reader := graph.NewDraft(installed, graph.Stamp{Term: 1, Sequence: 99}, graph.DraftLimits{})
	set := reader.Track()
	tracked, _ := reader.Graph().Index("i")
	nodeIDs(tracked.Seek([]value.Value{value.Int(8)}))
	if !set.Unchanged(installed, lane.Graph()) {
		t.Error("a span that nobody touched is said to be changed because the index is not whole there")
	}
	nodeIDs(tracked.Seek([]value.Value{value.Int(7)}))
	if set.Unchanged(installed, lane.Graph()) {
		t.Error("a span that was written is said to be unchanged")
	}
}

// TestConstraint_IsDecidedByWhoHasItsIndex: a follower plays the log without deciding, and a draft there is refused until
// the index is whole.
func TestConstraint_IsDecidedByWhoHasItsIndex(t *testing.T) {
	base := people(t, 100)
	d := draftOn(base)
	if _, err := d.CreateConstraint(graph.ConstraintDefinition{Name: "c", LabelOrType: "P", Properties: []string{"x"}}); err != nil {
		t.Fatal(err)
	}
	if d.Graph().Unbuilt(false) {
		t.Fatal("the leader's version has no index to decide by")
	}
	follower := follow(t, base, d)
	if !follower.Unbuilt(true) || follower.Meta() != d.Graph().Meta() {
		t.Fatalf("a follower has %+v, the leader %+v", follower.Meta(), d.Graph().Meta())
	}
	write := draftOn(d.Graph())
	mustNode(t, write, []string{"P"}, "x", 1000)
	follower = follow(t, follower, write)
	if _, err := draftOn(follower).CreateNode([]string{"P"}, properties("x", 1001)); !errors.Is(err, graph.ErrBuilding) {
		t.Errorf("a draft without the index: %v", err)
	}
	mustNode(t, draftOn(follower), []string{"Q"}, "x", 1)
	whole, err := graph.BuildAll(follower)
	if err != nil {
		t.Fatal(err)
	}
	var violation *graph.UniqueViolation
	if _, err := draftOn(whole).CreateNode([]string{"P"}, properties("x", 1000)); !errors.As(err, &violation) {
		t.Errorf("a draft with the index: %v", err)
	}
}

// TestIndex_EndsWithPause: a long count and a long build end with the error that pause gives, and leave nothing behind.
func TestIndex_EndsWithPause(t *testing.T) {
	enough := errors.New("enough")
	base := people(t, 1000)
	d := draftOn(base)
	d.OnLongWork(func() error { return enough })
	if _, err := d.CreateIndex(graph.IndexDefinition{Name: "i", LabelOrType: "P", Properties: []string{"x"}}); !errors.Is(err, enough) {
		t.Errorf("an index: %v", err)
	}
	if _, err := d.CreateConstraint(graph.ConstraintDefinition{Name: "c", LabelOrType: "P", Properties: []string{"x"}}); !errors.Is(err, enough) {
		t.Errorf("a constraint: %v", err)
	}
	if g := d.Graph(); !d.Empty() || len(g.Indexes()) != 0 || g.Meta().Bytes != base.Meta().Bytes {
		t.Error("something was left behind")
	}
	d.OnLongWork(nil)
	if _, err := d.CreateIndex(graph.IndexDefinition{Name: "i", LabelOrType: "P", Properties: []string{"x"}}); err != nil {
		t.Fatal(err)
	}
	if err := graph.NewBuild(d.Graph()).Run(func() error { return enough }); !errors.Is(err, enough) {
		t.Errorf("a build: %v", err)
	}
}

// TestIndex_LieIsFound: what the log says of an index's size is counted by whoever builds it.
func TestIndex_LieIsFound(t *testing.T) {
	base := people(t, 100)
	d := draftOn(base)
	if _, err := d.CreateIndex(graph.IndexDefinition{Name: "i", LabelOrType: "P", Properties: []string{"x"}}); err != nil {
		t.Fatal(err)
	}
	changes := d.Changes()
	changes.Ops = slices.Clone(changes.Ops)
	changes.Ops[len(changes.Ops)-1]++ // its last item is the size
	out, err := graph.Apply(graph.Input{Graph: base, Meta: base.Meta(), Changes: changes})
	if err != nil {
		t.Fatal(err)
	}
	var mismatch *graph.MismatchError
	if _, err := graph.BuildAll(out.Graph); !errors.As(err, &mismatch) {
		t.Errorf("a size that is not so: %v", err)
	}
}

// TestOps_RetiredCodes are refused, never read as something else.
func TestOps_RetiredCodes(t *testing.T) {
	for code := byte(9); code <= 12; code++ {
		ops := []byte{1, code, 0, 0, 0, 0, 0x90}
		if err := graph.CheckChanges(graph.Changes{Strings: []string{"a"}, Ops: ops, Count: 1}); !errors.Is(err, graph.ErrMalformed) {
			t.Errorf("code %d: %v", code, err)
		}
	}
}
