package graph_test

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/hivellm/nexus/graph"
)

// TestSupernode_IsItsModel adds and removes many relationships of one node, some to itself, while its neighbours stay
// small, and compares every direction and type with a list.
func TestSupernode_IsItsModel(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	p := &program{choose: random.IntN, model: newModel()}
	version := graph.Empty()
	draft := graph.NewDraft(version, graph.Stamp{Sequence: 1}, graph.DraftLimits{MaxBytes: 64 << 20})
	for range 40 {
		if err := p.createNode(draft); err != nil {
			t.Fatal(err)
		}
	}
	connect := func(start, end graph.NodeID) {
		kind := p.word(typeWords)
		id, err := draft.CreateRelationship(kind, start, end, nil)
		if err != nil {
			t.Fatal(err)
		}
		p.model.relationships[id] = modelRelationship{kind: kind, start: start, end: end}
	}
	for round := range 12 {
		for range 400 {
			other := graph.NodeID(random.IntN(40))
			if random.IntN(2) == 0 {
				connect(0, other)
			} else {
				connect(other, 0)
			}
		}
		for range 330 + 40*(round/6) {
			if id, ok := p.relationship(); ok {
				if err := draft.DeleteRelationship(id); err != nil {
					t.Fatal(err)
				}
				delete(p.model.relationships, id)
			}
		}
		g := draft.Graph()
		if got, want := graphText(g), p.model.text(); got != want {
			t.Fatalf("round %d: the graph differs from its model", round)
		}
		checkTypes(t, g, p.model)
	}
}

// checkTypes compares Expand and Degree by types with the model, for node 0 and a small one.
func checkTypes(t *testing.T, g *graph.Graph, m *model) {
	t.Helper()
	for _, node := range []graph.NodeID{0, 1} {
		for _, d := range []graph.Direction{graph.Outgoing, graph.Incoming, graph.Both} {
			for _, words := range [][]string{{}, {"KNOWS"}, {"x", "KNOWS"}, {"LIVES_IN", "x", "KNOWS"}} {
				types, want := []graph.Type{}, 0
				for _, w := range words {
					if k, ok := g.Type(w); ok {
						types = append(types, k)
					}
				}
				for _, r := range m.relationships {
					touches := d != graph.Incoming && r.start == node || d != graph.Outgoing && r.end == node
					for _, w := range words {
						if touches && r.kind == w {
							want++
						}
					}
				}
				seen := map[graph.RelationshipID]bool{}
				e := g.Expand(node, d, types)
				for e.Next() {
					r := m.relationships[e.Relationship()]
					other := r.end
					if !e.Outgoing() {
						other = r.start
					}
					if seen[e.Relationship()] || other != e.Other() || g.TypeName(e.Type()) != r.kind {
						t.Fatalf("node %d %v %v: relationship %d to %d", node, d, words, e.Relationship(), e.Other())
					}
					seen[e.Relationship()] = true
				}
				if len(seen) != want || g.Degree(node, d, types) != uint64(want) {
					t.Fatalf("node %d %v %v: %d visited, degree %d, want %d", node, d, words, len(seen), g.Degree(node, d, types), want)
				}
			}
		}
	}
}

// TestExpand_AllocatesNothing holds for small and large nodes, and for scans.
func TestExpand_AllocatesNothing(t *testing.T) {
	draft := graph.NewDraft(graph.Empty(), graph.Stamp{Sequence: 1}, graph.DraftLimits{})
	for i := range 300 {
		id, err := draft.CreateNode([]string{"A"}, properties("i", i))
		if err != nil {
			t.Fatal(err)
		}
		for _, to := range []graph.NodeID{0, id} {
			if _, err := draft.CreateRelationship("R", id, to, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	g := draft.Graph()
	kind, _ := g.Type("R")
	label, _ := g.Label("A")
	types := []graph.Type{kind}
	sum := uint64(0)
	allocations := testing.AllocsPerRun(10, func() {
		for _, id := range []graph.NodeID{0, 5} {
			for e := g.Expand(id, graph.Both, types); e.Next(); {
				sum += uint64(e.Other())
			}
			for e := g.Expand(id, graph.Incoming, nil); e.Next(); {
				sum += uint64(e.Relationship())
			}
			sum += g.Degree(id, graph.Both, types)
		}
		for c := g.Nodes(); ; {
			id, ok := c.Next()
			if !ok {
				break
			}
			sum += uint64(id)
		}
		for c := g.NodesWithLabel(label); ; {
			id, ok := c.Next()
			if !ok || !g.HasLabel(id, label) {
				break
			}
		}
	})
	if allocations != 0 {
		t.Fatalf("%v allocations (sum %d)", allocations, sum)
	}
}

// TestSupernode_StaysCheap compares the tenth and the hundred-thousandth relationship of a node, each in a transaction
// of its own: the allocated bytes may differ by a small factor only.
func TestSupernode_StaysCheap(t *testing.T) {
	draft := graph.NewDraft(graph.Empty(), graph.Stamp{Sequence: 1}, graph.DraftLimits{MaxOperations: 1 << 20, MaxBytes: 1 << 30})
	for range 2 {
		if _, err := draft.CreateNode(nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	add := func(d *graph.Draft) {
		if _, err := d.CreateRelationship("R", 0, 1, nil); err != nil {
			t.Fatal(err)
		}
	}
	const runs = 200
	cost := func(g *graph.Graph) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for i := range uint64(runs) {
			add(graph.NewDraft(g, graph.Stamp{Sequence: i}, graph.DraftLimits{}))
		}
		runtime.ReadMemStats(&after)
		return (after.TotalAlloc - before.TotalAlloc) / runs
	}
	for range 10 {
		add(draft)
	}
	few := cost(draft.Graph())
	for range 100_000 {
		add(draft)
	}
	many := cost(draft.Graph())
	t.Logf("bytes allocated by one more relationship: %d after 10, %d after 100 000", few, many)
	if many > 4*few+8<<10 {
		t.Fatalf("one more relationship allocates %d bytes after 10 and %d after 100 000", few, many)
	}
}
