package exec_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hivellm/nexus/graph/cypher/plan"
)

// relationshipQuery draws a query that is decided by a relationship, in any direction, with its ends left open or bound later.
func relationshipQuery(t *rapid.T) string {
	draw := func(name string, list ...string) string { return rapid.SampledFrom(list).Draw(t, name) }
	types := draw("types", ":R", ":S", ":R|S", ":S|R|R", ":Nobody", "")
	test := draw("test", " {x: 1}", " {x: 2, y: 1}", " WHERE r.x > 0", " WHERE r.x IN [1, 2, null]", " WHERE r.y STARTS WITH 'u'", " WHERE r.x = 1 AND r.y IS NOT NULL",
		" WHERE r.x IS NOT NULL", " WHERE r.x = 1 AND r.y > 0", "")
	open, end := "-", "-"
	switch draw("direction", "out", "in", "both") {
	case "out":
		end = "->"
	case "in":
		open = "<-"
	}
	left, right := draw("left", "(a)", "(a:A)", "()", "(a {x: 1})"), draw("right", "(b)", "(b:B)", "(a)", "()")
	more := draw("more", "", "", ", (a)-[:S]->(c)", ", (c:C)", " MATCH (b)-[s:R {x: 1}]->(d)")
	text := "MATCH " + left + open + "[r" + types + test + "]" + end + right + more
	return text + draw("end", " RETURN r", " RETURN id(startNode(r)) AS s, id(endNode(r)) AS e, r.x AS x", " RETURN count(*) AS n", " RETURN *")
}

// TestQuery_RelationshipIndexes asks by relationships with indexes and without.
func TestQuery_RelationshipIndexes(t *testing.T) {
	used := 0
	rapid.Check(t, func(t *rapid.T) {
		plain := randomGraph(t)
		indexed := withIndexes(t, plain)
		for range queriesPerGraph {
			text := relationshipQuery(t)
			if strings.HasSuffix(text, "RETURN *") && !strings.Contains(text, "(a") {
				continue
			}
			if strings.Contains(plan.Make(prepare(t, text), indexed, plan.AllRules).String(), "RelationshipIndex") {
				used++
			}
			want, ok := read(t, plain, text, 0)
			got, also := read(t, indexed, text, plan.AllRules)
			if want, got = sortedRows(want), sortedRows(got); ok && also && !slices.Equal(got, want) {
				t.Fatalf("%s\nanswers\n  %s\nwithout indexes\n  %s", text, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
			}
		}
	})
	if used < 200 {
		t.Errorf("only %d plans use an index of relationships", used)
	}
}
