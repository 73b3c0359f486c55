package exec

import (
	"fmt"
	"testing"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher/bind"
	"github.com/hivellm/nexus/graph/cypher/parse"
	"github.com/hivellm/nexus/graph/cypher/plan"
)

// lopsided has many A and few B, or the other way round: as many entities either way, and the same schema version.
func lopsided(t *testing.T, many, few string) *graph.Graph {
	t.Helper()
	d := graph.NewDraft(graph.Empty(), graph.Stamp{Term: 1, Sequence: 1}, graph.DraftLimits{})
	for i := range 40 {
		label := many
		if i < 4 {
			label = few
		}
		if _, err := d.CreateNode([]string{label}, nil); err != nil {
			t.Fatal(err)
		}
	}
	return d.Graph()
}

// TestPlans_DependOnTheGraphAlone: which program runs does not depend on what else the query was asked of, so that one
// tenant's plan, and with it the order of its rows, is the same alone and beside another.
func TestPlans_DependOnTheGraphAlone(t *testing.T) {
	tree, err := parse.Parse("MATCH (a:A)-->(b:B) RETURN a, b")
	if err != nil {
		t.Fatal(err)
	}
	query, err := bind.Bind(tree, nil)
	if err != nil {
		t.Fatal(err)
	}
	graphs := []*graph.Graph{lopsided(t, "A", "B"), lopsided(t, "B", "A"), graph.Empty()}
	if plan.Make(query, graphs[0], plan.AllRules).String() == plan.Make(query, graphs[1], plan.AllRules).String() {
		t.Fatal("both graphs get one plan: the test shows nothing")
	}
	var plans Plans
	for round := range 6 {
		g := graphs[round%len(graphs)]
		got := plans.program(query, g, plan.AllRules).plan.String()
		if want := plan.Make(query, g, plan.AllRules).String(); got != want {
			t.Errorf("round %d: %s", round, fmt.Sprintf("the plan is\n%s\nalone it is\n%s", got, want))
		}
	}
}

// TestPlans_SurviveAWrite: one more node of a thousand does not make a new plan, twice as many do.
func TestPlans_SurviveAWrite(t *testing.T) {
	tree, err := parse.Parse("MATCH (a:A) RETURN a")
	if err != nil {
		t.Fatal(err)
	}
	query, err := bind.Bind(tree, nil)
	if err != nil {
		t.Fatal(err)
	}
	grown := func(g *graph.Graph, n int) *graph.Graph {
		d := graph.NewDraft(g, graph.Stamp{Term: 1, Sequence: g.Stamp().Sequence + 1}, graph.DraftLimits{})
		for range n {
			if _, err := d.CreateNode([]string{"A"}, nil); err != nil {
				t.Fatal(err)
			}
		}
		return d.Graph()
	}
	var plans Plans
	g := grown(graph.Empty(), 1001)
	first := plans.program(query, g, plan.AllRules)
	if plans.program(query, grown(g, 1), plan.AllRules) != first {
		t.Error("one node more made a new plan")
	}
	if plans.program(query, grown(g, 1000), plan.AllRules) == first {
		t.Error("a plan for a graph of half the size was kept")
	}
}
