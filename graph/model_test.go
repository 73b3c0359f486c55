package graph_test

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/hivellm/nexus/graph"
)

// replicas are databases that got the same changes in different ways: all must hold the same bytes.
type replicas struct {
	resident, cold, built *database
	version               *graph.Graph
	stamp                 uint64
	build                 *graph.Build // of the indexes that version lacks, begun some versions ago
}

func newReplicas(d *disk) *replicas {
	return &replicas{resident: d.database(), cold: d.database(), built: d.database(), version: graph.Empty()}
}

type reporter interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

func (r *replicas) draft(t reporter) *graph.Draft {
	t.Helper()
	r.stamp++
	r.builds(t)
	return graph.NewDraft(r.version, graph.Stamp{Term: 1, Sequence: r.stamp}, graph.DraftLimits{})
}

// builds begins a build, or ends one that was begun some versions ago: what was written meanwhile is caught up with. A
// constraint's index is always whole before a draft begins.
func (r *replicas) builds(t reporter) {
	t.Helper()
	if r.build == nil {
		if r.build = graph.NewBuild(r.version); r.build != nil {
			if err := r.build.Run(func() error { return nil }); err != nil {
				t.Fatal(err)
			}
		}
	}
	if r.build == nil || r.stamp%3 != 0 && !r.version.Unbuilt(true) {
		return
	}
	if err := r.build.CatchUp(r.version, nil); err != nil {
		t.Fatal(err)
	}
	installed, err := r.build.Install()
	if err != nil {
		t.Fatal(err)
	}
	if r.version, r.build = installed, nil; r.version.Unbuilt(true) { // made after that build was begun
		r.builds(t)
	}
}

// apply brings a draft's changes to every replica and compares.
func (r *replicas) apply(t reporter, d *graph.Draft) {
	t.Helper()
	built, changes := d.Graph(), d.Changes()
	if err := graph.CheckChanges(changes); err != nil {
		t.Fatal(err)
	}
	meta := r.version.Meta()
	output := func(in graph.Input) *graph.Output {
		t.Helper()
		in.Meta, in.Changes = meta, changes
		out, err := graph.Apply(in)
		if err != nil {
			t.Fatal(err)
		}
		if out.Meta != built.Meta() {
			t.Fatalf("meta of apply %+v\nof the draft %+v", out.Meta, built.Meta())
		}
		return out
	}
	resident := output(graph.Input{Graph: r.version})
	cold := output(graph.Input{Reader: r.cold.space()})
	installed := output(graph.Input{Graph: r.version, Built: built})
	if resident.Graph == nil || cold.Graph != nil || installed.Graph != built {
		t.Fatal("the outputs hold the wrong versions")
	}
	r.resident.commit(resident)
	r.cold.commit(cold)
	r.built.commit(installed)
	carried := graph.CarryIndexes(r.version, built)
	if carried != built && carried.Unbuilt(false) != resident.Graph.Unbuilt(false) {
		t.Fatal("the version that was built lacks an index that the applied one has")
	}
	if r.version = resident.Graph; r.stamp%2 == 0 {
		r.version = carried
	}
	if want := graphText(built); want != graphText(r.version) {
		t.Fatalf("the applied version differs from the draft's:\n%s\n%s", graphText(r.version), want)
	}
	want := r.resident.dump()
	if got := r.cold.dump(); got != want {
		t.Fatalf("cold and resident wrote different records:\n%s\n%s", got, want)
	}
	if got := r.built.dump(); got != want {
		t.Fatalf("installed and resident wrote different records:\n%s\n%s", got, want)
	}
}

// check compares the applied version with the model, a scan, the store and a load.
func (r *replicas) check(t reporter, m *model) {
	t.Helper()
	if got, want := graphText(r.version), m.text(); got != want {
		t.Fatalf("the graph is\n%s\nthe model is\n%s", got, want)
	}
	if err := checkIndexes(r.version, m); err != nil {
		t.Fatal(err)
	}
	meta := r.version.Meta()
	if digest, bytes := r.version.RecomputeDigest(); digest != meta.Digest || bytes != meta.Bytes {
		t.Fatalf("a scan gives %v and %d bytes, meta says %v and %d", digest, bytes, meta.Digest, meta.Bytes)
	}
	if recount, err := graph.RecountStore(r.resident.space()); err != nil || recount != meta {
		t.Fatalf("a recount gives %+v (%v)\nmeta says %+v", recount, err, meta)
	}
	loaded, err := graph.Load(r.resident.space())
	if err != nil {
		t.Fatal(err)
	}
	if loaded.Meta() != meta || graphText(loaded) != graphText(r.version) {
		t.Fatal("the loaded version differs")
	}
	if err := checkIndexes(loaded, m); err != nil {
		t.Fatal(err)
	}
}

// TestGraph_IsItsModel runs random programs, cut into random transactions with savepoints, against naive maps; every
// draft is applied in memory, cold and as a built version; the last version is loaded from its records.
func TestGraph_IsItsModel(t *testing.T) {
	d := openDisk(t)
	rapid.Check(t, func(rt *rapid.T) {
		choose := func(n int) int { return rapid.IntRange(0, n-1).Draw(rt, "choice") }
		p := &program{choose: choose, model: newModel(), schema: true}
		r := newReplicas(d)
		for range 1 + choose(4) {
			runTransaction(rt, p, r, choose(25))
		}
		r.check(rt, p.model)
	})
}

// runTransaction makes steps in one draft, some of which are rolled back, and applies it.
func runTransaction(t reporter, p *program, r *replicas, steps int) {
	d := r.draft(t)
	var saved graph.Savepoint
	var savedModel *model
	for range steps {
		switch p.choose(10) {
		case 0:
			saved, savedModel = d.Savepoint(), p.model.clone()
		case 1:
			if savedModel != nil {
				d.RollbackTo(saved)
				p.model = savedModel.clone()
			}
		case 2:
			d.Graph()
		}
		if err := p.step(d); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := graphText(d.Graph()), p.model.text(); got != want {
		t.Fatalf("the draft is\n%s\nthe model is\n%s", got, want)
	}
	if digest, bytes := d.Graph().RecomputeDigest(); digest != d.Graph().Meta().Digest || bytes != d.Graph().Meta().Bytes {
		t.Fatalf("a scan of the draft gives %v and %d bytes, meta says %+v", digest, bytes, d.Graph().Meta())
	}
	for _, g := range []*graph.Graph{r.version, d.Graph()} {
		if kept, counted := g.RecountMemory(); kept != counted {
			t.Fatalf("%d bytes of memory are kept, %d counted", kept, counted)
		}
	}
	r.apply(t, d)
}

// TestDigest_AfterManyOperations recomputes by scan what 10 000 random operations kept incrementally.
func TestDigest_AfterManyOperations(t *testing.T) {
	d := openDisk(t)
	random := rand.New(rand.NewPCG(1, 2))
	p := &program{choose: random.IntN, model: newModel(), schema: true}
	version, stored := graph.Empty(), d.database()
	for i := range 100 {
		draft := graph.NewDraft(version, graph.Stamp{Term: 1, Sequence: uint64(i) + 1}, graph.DraftLimits{})
		for draft.Operations() < 100 {
			if err := p.step(draft); err != nil {
				t.Fatal(err)
			}
		}
		out, err := graph.Apply(graph.Input{Graph: version, Meta: version.Meta(), Changes: draft.Changes()})
		if err != nil {
			t.Fatal(err)
		}
		stored.commit(out)
		if version, err = graph.BuildAll(out.Graph); err != nil {
			t.Fatal(err)
		}
	}
	r := &replicas{resident: stored, version: version}
	r.check(t, p.model)
	t.Logf("%d nodes, %d relationships, %d bytes, digest %v", version.Meta().Nodes, version.Meta().Relationships, version.Meta().Bytes, version.Meta().Digest)
}

// TestDigest_AnySplitIsTheSame cuts one program into transactions in two ways.
func TestDigest_AnySplitIsTheSame(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		run := func(cut func(step int) bool) graph.Meta {
			random := rand.New(rand.NewPCG(seed, 3))
			p := &program{choose: random.IntN, model: newModel()}
			version := graph.Empty()
			draft := graph.NewDraft(version, graph.Stamp{Term: 1, Sequence: 1}, graph.DraftLimits{})
			for i := range 120 {
				if err := p.step(draft); err != nil {
					rt.Fatal(err)
				}
				if cut(i) || i == 119 {
					out, err := graph.Apply(graph.Input{Graph: version, Meta: version.Meta(), Changes: draft.Changes()})
					if err != nil {
						rt.Fatal(err)
					}
					version = out.Graph
					draft = graph.NewDraft(version, graph.Stamp{Term: 1, Sequence: uint64(i) + 2}, graph.DraftLimits{})
				}
			}
			meta := version.Meta()
			meta.Stamp = graph.Stamp{}
			return meta
		}
		cuts := rapid.SliceOfN(rapid.Bool(), 120, 120).Draw(rt, "cuts")
		if whole, split := run(func(int) bool { return false }), run(func(i int) bool { return cuts[i] }); whole != split {
			rt.Fatalf("one transaction gives %+v\nmany give %+v", whole, split)
		}
	})
}

// TestVersion_IsNeverTouched keeps every version of a long chain of drafts, abandoned branches included, and looks at
// all of them again at the end.
func TestVersion_IsNeverTouched(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	p := &program{choose: random.IntN, model: newModel(), schema: true}
	type kept struct {
		g    *graph.Graph
		text string
	}
	var versions []kept
	keep := func(g *graph.Graph) { versions = append(versions, kept{g, graphText(g)}) }
	version := graph.Empty()
	for i := range 30 {
		branch := &program{choose: random.IntN, model: p.model.clone(), schema: true}
		abandoned := graph.NewDraft(version, graph.Stamp{Term: 1, Sequence: uint64(2 * i)}, graph.DraftLimits{})
		draft := graph.NewDraft(version, graph.Stamp{Term: 1, Sequence: uint64(2*i + 1)}, graph.DraftLimits{})
		for step := range 40 {
			if err := branch.step(abandoned); err != nil {
				t.Fatal(err)
			}
			if err := p.step(draft); err != nil {
				t.Fatal(err)
			}
			if step%10 == 3 {
				keep(draft.Graph())
				keep(abandoned.Graph())
			}
		}
		version = draft.Graph()
		keep(version)
	}
	for i, v := range versions {
		if graphText(v.g) != v.text {
			t.Fatalf("version %d was changed by later writes", i)
		}
		if digest, bytes := v.g.RecomputeDigest(); digest != v.g.Meta().Digest || bytes != v.g.Meta().Bytes {
			t.Fatalf("version %d has another digest by scan", i)
		}
	}
}
