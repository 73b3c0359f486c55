package exec_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher/bind"
	"github.com/hivellm/nexus/graph/cypher/exec"
	"github.com/hivellm/nexus/graph/cypher/parse"
	"github.com/hivellm/nexus/graph/cypher/plan"
	"github.com/hivellm/nexus/graph/value"
)

// rows is a sink that keeps rows as texts.
type rows struct{ list []string }

func (*rows) Columns([]string) error { return nil }
func (s *rows) Row(_ *graph.Graph, row []value.Value) error {
	parts := make([]string, len(row))
	for i, v := range row {
		parts[i] = text(v)
	}
	s.list = append(s.list, strings.Join(parts, " | "))
	return nil
}

func text(v value.Value) string {
	switch v.Kind() {
	case value.KindNode:
		return fmt.Sprint("n", v.NodeID())
	case value.KindRelationship:
		return fmt.Sprint("r", v.RelationshipID())
	case value.KindPath:
		return fmt.Sprint("p", v.Path().Nodes, v.Path().Relationships)
	case value.KindList:
		var parts []string
		for _, item := range v.List() {
			parts = append(parts, text(item))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return string(value.AppendJSON(nil, v))
}

func prepare(t require, query string) *bind.Query {
	t.Helper()
	tree, err := parse.Parse(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	q, err := bind.Bind(tree, nil)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return q
}

// require is what testing.T and rapid.T share.
type require interface {
	Helper()
	Fatalf(format string, args ...any)
}

// readTime is how long a random query may take; one that asks for more says nothing.
const readTime = 100 * time.Millisecond

// read returns the rows of a query; false when it takes too long.
func read(t require, g *graph.Graph, query string, rules plan.Rules) ([]string, bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), readTime)
	defer cancel()
	var sink rows
	_, err := exec.RunWith(ctx, prepare(t, query), &exec.Plans{}, g, nil, exec.Inputs{}, &sink, rules)
	var limit *exec.LimitError
	if errors.As(err, &limit) {
		return nil, false
	}
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return sink.list, true
}

func write(t require, g *graph.Graph, query string) *graph.Graph {
	t.Helper()
	d := graph.NewDraft(g, graph.Stamp{Term: 1, Sequence: g.Stamp().Sequence + 1}, graph.DraftLimits{})
	if _, err := exec.Run(context.Background(), prepare(t, query), &exec.Plans{}, g, d, exec.Inputs{}, &rows{}); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	made, err := graph.BuildAll(d.Graph())
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return made
}

// randomGraph draws a small graph with labels A, B, C, types R, S, and properties x, y of few values.
func randomGraph(t *rapid.T) *graph.Graph {
	d := graph.NewDraft(graph.Empty(), graph.Stamp{Term: 1, Sequence: 1}, graph.DraftLimits{})
	nodes := rapid.IntRange(1, 8).Draw(t, "nodes")
	for range nodes {
		labels := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"A", "B", "C"}), 0, 2, rapid.ID[string]).Draw(t, "labels")
		if _, err := d.CreateNode(labels, randomProperties(t)); err != nil {
			t.Fatalf("%v", err)
		}
	}
	for range rapid.IntRange(0, 14).Draw(t, "relationships") {
		typ := rapid.SampledFrom([]string{"R", "S"}).Draw(t, "type")
		from, to := rapid.IntRange(0, nodes-1).Draw(t, "from"), rapid.IntRange(0, nodes-1).Draw(t, "to")
		if _, err := d.CreateRelationship(typ, graph.NodeID(from), graph.NodeID(to), randomProperties(t)); err != nil {
			t.Fatalf("%v", err)
		}
	}
	return d.Graph()
}

func randomProperties(t *rapid.T) *value.Map {
	var b value.MapBuilder
	for _, key := range []string{"x", "y"} {
		switch rapid.IntRange(0, 4).Draw(t, key) {
		case 0, 1, 2:
			b.Set(key, value.Int(int64(rapid.IntRange(0, 3).Draw(t, "int"))))
		case 3:
			b.Set(key, value.String(rapid.SampledFrom([]string{"u", "v"}).Draw(t, "text")))
		}
	}
	return b.Map()
}

// pattern draws a path pattern over the variables a, b, c; reversed is the same one written from its other end.
func pattern(t *rapid.T, name string, most int) (text, reversed string) {
	hops := rapid.IntRange(0, most).Draw(t, name+"hops")
	var nodes, forward, backward []string
	for i := range hops + 1 {
		nodes = append(nodes, node(t, fmt.Sprint(name, i)))
	}
	for i := range hops {
		inner := rapid.SampledFrom([]string{
			"", ":R", ":S", ":R|S", fmt.Sprintf("%sr%d:R {x: 1}", name, i), ":S {x: 1, y: 1}", ":R|S {x: 1}", fmt.Sprintf("%[1]sr%[2]d:R WHERE %[1]sr%[2]d.x > 1", name, i),
			fmt.Sprintf("%[1]sr%[2]d:S WHERE %[1]sr%[2]d.x IN [0, 1] AND %[1]sr%[2]d.y IS NOT NULL", name, i),
		}).Draw(t, "relationship")
		if rapid.IntRange(0, 4).Draw(t, "variable") == 0 {
			inner = rapid.SampledFrom([]string{":R*1..2", "*0..2", "*2", ":S*..2"}).Draw(t, "length")
		}
		switch rapid.IntRange(0, 2).Draw(t, "direction") {
		case 0:
			forward, backward = append(forward, "-["+inner+"]->"), append(backward, "<-["+inner+"]-")
		case 1:
			forward, backward = append(forward, "<-["+inner+"]-"), append(backward, "-["+inner+"]->")
		default:
			forward, backward = append(forward, "-["+inner+"]-"), append(backward, "-["+inner+"]-")
		}
	}
	text, reversed = nodes[0], nodes[hops]
	for i := range hops {
		text += forward[i] + nodes[i+1]
		reversed += backward[hops-1-i] + nodes[hops-1-i]
	}
	return text, reversed
}

func node(t *rapid.T, anonymous string) string {
	variable := rapid.SampledFrom([]string{"a", "b", "c", anonymous}).Draw(t, "variable")
	labels := rapid.SampledFrom([]string{"", "", ":A", ":B", ":A:B"}).Draw(t, "labels")
	properties := rapid.SampledFrom([]string{"", "", " {x: 1}", " {x: 2, y: 1}", " {y: 'u'}"}).Draw(t, "properties")
	return "(" + variable + labels + properties + ")"
}

func where(t *rapid.T) string {
	conditions := []string{
		"a.x = 1", "a.x > 1", "1 <= a.x", "a.x IN [0, 2, 2, null]", "a.x = a.y", "a.y = 'u'", "a:A", "a:A OR a.x = 2",
		"NOT a.x = 3", "(a)-[:R]->()", "NOT (a)--(:B)", "a.x < 3 AND a.x >= 1", "a.x IS NULL", "a.x > 1 AND a.x < 'u'",
		"id(a) = 1", "2.0 = id(a)", "elementId(a) = 'n:0'", "id(a) = a.x", "elementId(a) = 'r:0'", "a.x > null", "a.x <= 'u'", "a.x > 0 AND a.x > 1 AND a.x < 3", "a.x = 1 AND a.x IN [1, 'u']", "exists { (a)-[:S]->(:A) }",
		"a.x = 1 AND a.y > 0", "a.x = 2 AND a.y IN [1, 'u', null]", "a.x IN [1, 2] AND a.y IS NOT NULL", "a.x = 1 AND a.y <> 2", "a.x IS NOT NULL",
		"a.y STARTS WITH 'u'", "a.y STARTS WITH ''", "a.x = 1 AND a.y STARTS WITH 'u'", "a.y STARTS WITH null", "a.x > 0 AND a.y CONTAINS 'v'", "a.y STARTS WITH a.x",
		"count { (a)-->() } > 1", "size([(a)-[:R]->(z) | z.x]) > 0",
	}
	chosen := rapid.SliceOfN(rapid.SampledFrom(conditions), 0, 2).Draw(t, "where")
	if len(chosen) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(chosen, " AND ")
}

// query draws a query; the second text asks the same with every pattern written from its other end.
func query(t *rapid.T) (text, reversed string) {
	first, firstReversed := pattern(t, "p", 3)
	second, secondReversed := "", ""
	if rapid.Bool().Draw(t, "two") {
		second, secondReversed = pattern(t, "q", 1)
		second, secondReversed = ", "+second, ", "+secondReversed
	}
	begin := "MATCH (a) "
	switch unbound := rapid.IntRange(0, 3).Draw(t, "unbound"); {
	case unbound == 0:
	case strings.Contains(first, "(a") && unbound > 1:
		begin = "" // the pattern itself finds a, from wherever it begins
	default:
		begin = ""
		first, firstReversed = "(a:A), "+first, "(a:A), "+firstReversed
	}
	match := "MATCH "
	if rapid.IntRange(0, 3).Draw(t, "optional") == 0 {
		match = "OPTIONAL MATCH "
	}
	condition := where(t)
	end := rapid.SampledFrom([]string{
		" RETURN a", " RETURN *", " RETURN DISTINCT a.x AS x", " RETURN a.x AS x, count(*) AS n", " RETURN count(*) AS n",
		" RETURN a.x AS x, a ORDER BY x, a LIMIT 3", " WITH a ORDER BY a.x, a SKIP 1 LIMIT 2 RETURN a",
		" WITH DISTINCT a MATCH (a)-[r]->(z) RETURN a, r, z", " RETURN a.x AS x ORDER BY a.x LIMIT 2", " RETURN DISTINCT a.x AS x ORDER BY a.x DESC LIMIT 2",
		" RETURN min(a.x) AS low", " RETURN max(a.y) AS high",
	}).Draw(t, "end")
	return begin + match + first + second + condition + end, begin + match + firstReversed + secondReversed + condition + end
}

func sortedRows(list []string) []string {
	out := slices.Clone(list)
	slices.Sort(out)
	return out
}

// queriesPerGraph is how many queries are asked of one random graph.
const queriesPerGraph = 25

func TestQuery_SameAnswerUnderEveryRule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plain := randomGraph(t)
		indexed := withIndexes(t, plain)
		for range queriesPerGraph {
			sameAnswers(t, plain, indexed)
		}
	})
}

// withIndexes makes indexes of all kinds, and the constraints that the data keep.
func withIndexes(t require, g *graph.Graph) *graph.Graph {
	for _, text := range []string{
		"CREATE INDEX ax FOR (n:A) ON (n.x)", "CREATE INDEX bxy FOR (n:B) ON (n.x, n.y)", "CREATE INDEX ay FOR (n:A) ON (n.y)",
		"CREATE INDEX rx FOR ()-[r:R]-() ON (r.x)", "CREATE INDEX sxy FOR ()-[r:S]-() ON (r.x, r.y)",
	} {
		g = write(t, g, text)
	}
	for _, text := range []string{
		"CREATE CONSTRAINT FOR (n:B) REQUIRE n.y IS NOT NULL", "CREATE CONSTRAINT FOR (n:A) REQUIRE n.x IS NOT NULL",
		"CREATE CONSTRAINT FOR ()-[r:S]-() REQUIRE r.y IS NOT NULL", "CREATE CONSTRAINT FOR (n:C) REQUIRE (n.x, n.y) IS NODE KEY",
		"CREATE CONSTRAINT FOR ()-[r:R]-() REQUIRE (r.x, r.y) IS RELATIONSHIP KEY", "CREATE CONSTRAINT FOR (n:C) REQUIRE n.y IS UNIQUE",
	} {
		d := graph.NewDraft(g, graph.Stamp{Term: 1, Sequence: g.Stamp().Sequence + 1}, graph.DraftLimits{})
		if _, err := exec.Run(context.Background(), prepare(t, text), &exec.Plans{}, g, d, exec.Inputs{}, &rows{}); err == nil {
			g = d.Graph()
		}
	}
	return g
}

// sameAnswers asks one random query in several ways.
func sameAnswers(t *rapid.T, plain, indexed *graph.Graph) {
	text, reversed := query(t)
	first, ok := read(t, plain, text, 0)
	if !ok {
		return
	}
	want := sortedRows(first)
	same := func(how string, g *graph.Graph, text string, rules plan.Rules) {
		got, ok := read(t, g, text, rules)
		if got = sortedRows(got); ok && !slices.Equal(got, want) {
			t.Fatalf("%s\n%s answers\n  %s\nwithout rules\n  %s", text, how, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
		}
	}
	same("all rules", indexed, text, plan.AllRules)
	same("reversed", indexed, reversed, plan.AllRules)
	i := rapid.IntRange(0, len(plan.RuleNames)-1).Draw(t, "rule")
	same("without "+plan.RuleNames[i], indexed, text, plan.AllRules&^(1<<i))
	same("only "+plan.RuleNames[i], plain, text, 1<<i)
}
