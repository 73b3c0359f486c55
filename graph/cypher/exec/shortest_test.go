package exec_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher/plan"
	"github.com/hivellm/nexus/graph/value"
)

// TestShortestPath_AgreesWithAllPaths compares shortest paths with the shortest among all paths.
func TestShortestPath_AgreesWithAllPaths(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := sparseGraph(t)
		relationship := rapid.SampledFrom([]string{
			"-[:R*]->", "<-[:R*]-", "-[:R*]-", "-[*..2]-", "-[*0..3]->", "-[:R|S*1..4]->", "-[{x: 1}]-", "-[:R {x: 1}]->", "-[* {x: 1}]-",
		}).Draw(t, "relationship")
		ends := "MATCH (a {x: 1}), (b {x: 2}) "
		all, ok := read(t, g, ends+"MATCH p = (a)"+relationship+"(b) WITH a, b, min(length(p)) AS n MATCH p = (a)"+relationship+
			"(b) WHERE length(p) = n RETURN p", plan.AllRules)
		if !ok {
			return
		}
		got, _ := read(t, g, ends+"MATCH p = allShortestPaths((a)"+relationship+"(b)) RETURN p", plan.AllRules)
		if !slices.Equal(sortedRows(all), sortedRows(got)) {
			t.Fatalf("%s\nall shortest paths\n  %s\nexpected\n  %s", relationship, strings.Join(got, "\n  "), strings.Join(all, "\n  "))
		}
		one, _ := read(t, g, ends+"MATCH p = shortestPath((a)"+relationship+"(b)) RETURN p", plan.AllRules)
		pairs, _ := read(t, g, ends+"MATCH p = allShortestPaths((a)"+relationship+"(b)) RETURN DISTINCT a, b", plan.AllRules)
		if len(one) != len(pairs) {
			t.Fatalf("%s: %d single paths for %d pairs", relationship, len(one), len(pairs))
		}
		for _, path := range one {
			if !slices.Contains(all, path) {
				t.Fatalf("%s: %s is not among the shortest", relationship, path)
			}
		}
	})
}

// sparseGraph is a graph whose paths can all be listed.
func sparseGraph(t *rapid.T) *graph.Graph {
	d := graph.NewDraft(graph.Empty(), graph.Stamp{Term: 1, Sequence: 1}, graph.DraftLimits{})
	const nodes = 9
	for i := range nodes {
		x := value.Int(int64(i%4 + 1))
		if _, err := d.CreateNode(nil, value.NewMap([]string{"x"}, []value.Value{x})); err != nil {
			t.Fatalf("%v", err)
		}
	}
	for range rapid.IntRange(3, 12).Draw(t, "relationships") {
		typ := rapid.SampledFrom([]string{"R", "S"}).Draw(t, "type")
		from, to := rapid.IntRange(0, nodes-1).Draw(t, "from"), rapid.IntRange(0, nodes-1).Draw(t, "to")
		x := value.Int(int64(rapid.IntRange(1, 2).Draw(t, "x")))
		if _, err := d.CreateRelationship(typ, graph.NodeID(from), graph.NodeID(to), value.NewMap([]string{"x"}, []value.Value{x})); err != nil {
			t.Fatalf("%v", err)
		}
	}
	return d.Graph()
}
