package exec_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher/plan"
	"github.com/hivellm/nexus/graph/value"
)

// orderedValues are of all classes that a property may have, with equal ones of different kinds.
var orderedValues = []value.Value{
	value.Null, value.Null, value.Int(1), value.Float(1), value.Int(2), value.Float(1.5), value.Float(math.NaN()), value.Float(math.Inf(-1)),
	value.Int(1 << 60), value.Int(1<<60 + 1), value.String(""), value.String("u"), value.String("uv"), value.String("u\U0010ffff"), value.String("é"),
	value.Bool(true), value.Bool(false), value.Bytes([]byte("u")), value.DateOf(value.Date{EpochDays: 1}), value.DateOf(value.Date{EpochDays: 2}),
	value.List([]value.Value{value.Int(1)}), value.List([]value.Value{value.Int(1), value.Int(0)}), value.List(nil),
}

func orderedProperties(t *rapid.T) *value.Map {
	var b value.MapBuilder
	for _, key := range []string{"x", "y"} {
		if v := rapid.SampledFrom(orderedValues).Draw(t, key); !v.IsNull() {
			b.Set(key, v)
		}
	}
	return b.Map()
}

// orderedGraph has nodes and relationships whose properties are of any kind.
func orderedGraph(t *rapid.T) *graph.Graph {
	d := graph.NewDraft(graph.Empty(), graph.Stamp{Term: 1, Sequence: 1}, graph.DraftLimits{})
	nodes := rapid.IntRange(1, 14).Draw(t, "nodes")
	for range nodes {
		labels := rapid.SampledFrom([][]string{{"A"}, {"B"}, {"A", "B"}, {"C"}, nil}).Draw(t, "labels")
		if _, err := d.CreateNode(labels, orderedProperties(t)); err != nil {
			t.Fatalf("%v", err)
		}
	}
	for range rapid.IntRange(0, 12).Draw(t, "relationships") {
		typ := rapid.SampledFrom([]string{"R", "S"}).Draw(t, "type")
		from, to := rapid.IntRange(0, nodes-1).Draw(t, "from"), rapid.IntRange(0, nodes-1).Draw(t, "to")
		if _, err := d.CreateRelationship(typ, graph.NodeID(from), graph.NodeID(to), orderedProperties(t)); err != nil {
			t.Fatalf("%v", err)
		}
	}
	return d.Graph()
}

// orderedQuery draws a query whose rows have one order, but for those that are equal in all that is sorted by: among them,
// the order is that of ids, as a stable sort leaves it.
func orderedQuery(t *rapid.T) string {
	draw := func(name string, list ...string) string { return rapid.SampledFrom(list).Draw(t, name) }
	match := draw("match", "(a:A)", "(a:A)", "(a:B)", "(a:C)", "()-[a:R]->()", "()-[a:S]->()", "(:A)<-[a:S]-()")
	where := draw("where", "", "", " WHERE a.x IS NOT NULL", " WHERE a.x = 1 AND a.y IS NOT NULL", " WHERE a.x = 1", " WHERE a.x >= 1", " WHERE a.x < 'v' AND a.y > 0",
		" WHERE a.x STARTS WITH 'u'", " WHERE a.x > [0]", " WHERE a.x = 1 AND a.y STARTS WITH 'u'", " WHERE a.x IN [1, 'u', 2]", " WHERE a.y IS NOT NULL")
	direction := draw("direction", "", "", " DESC")
	limit := draw("limit", "", "", " LIMIT 1", " LIMIT 3", " SKIP 2 LIMIT 2")
	id := "id(a)"
	if strings.Contains(match, "[a") { // where these begin decides the order of equal ones
		return draw("relationships", "MATCH "+match+where+" RETURN a.x AS x ORDER BY a.x"+direction+limit,
			"MATCH "+match+where+" WITH a ORDER BY a.y"+direction+limit+" RETURN a.y AS y",
			"MATCH "+match+where+" RETURN min(a.x) AS low", "MATCH "+match+where+" RETURN max(a.y) AS high")
	}
	keys := draw("keys", "a.x", "a.x", "a.y", "a.x, a.y", "a.y, a.x")
	keys = strings.ReplaceAll(keys, ",", direction+",") + direction
	return draw("form",
		"MATCH "+match+where+" RETURN "+id+" AS i, a.x AS x ORDER BY "+keys+limit,
		"MATCH "+match+where+" WITH a ORDER BY "+keys+limit+" RETURN "+id+" AS i",
		"MATCH "+match+where+" WITH a AS b RETURN b.y AS y, id(b) AS i ORDER BY "+strings.ReplaceAll(keys, "a.", "b.")+limit,
		"MATCH "+match+where+" WITH a.x AS x, a RETURN x, a ORDER BY x"+direction+limit,
		"MATCH "+match+where+" RETURN DISTINCT a.x AS x, a.y AS y ORDER BY "+keys+limit,
		"MATCH "+match+where+" OPTIONAL MATCH (b:B) WHERE b.x = a.x WITH a, collect(b.x) AS list RETURN id(a) AS i, list ORDER BY a.x, i",
		"MATCH "+match+where+" RETURN min(a.x) AS low", "MATCH "+match+where+" RETURN max(a.x) AS high", "MATCH "+match+where+" RETURN max(a.y) AS high, 1 AS one",
	)
}

// sameRow compares rows in which 1 and 1.0 are the same where there is nothing else to tell one from the other.
func sameRow(a, b string) bool {
	return a == b || strings.ReplaceAll(a, "1.0", "1") == strings.ReplaceAll(b, "1.0", "1")
}

// TestQuery_OrderByIndexIsASort asks for orders with indexes and without: the rows are the same, one by one, ties too.
func TestQuery_OrderByIndexIsASort(t *testing.T) {
	walked := 0
	rapid.Check(t, func(t *rapid.T) {
		plain := orderedGraph(t)
		indexed := withIndexes(t, plain)
		indexed = write(t, indexed, "CREATE INDEX cx FOR (n:C) ON (n.x)")
		for range 15 {
			text := orderedQuery(t)
			want, ok := read(t, plain, text, 0)
			for _, rules := range []plan.Rules{plan.AllRules, plan.AllRules &^ plan.RuleIndexSeek &^ plan.RuleIndexRange, plan.AllRules &^ plan.RuleTypeScan} {
				got, also := read(t, indexed, text, rules)
				how := plan.Make(prepare(t, text), indexed, rules).String()
				inOrder := strings.Contains(how, " ascending") || strings.Contains(how, " descending")
				switch {
				case inOrder:
					walked++
				case strings.Contains(text, "LIMIT"):
					continue // which of equal ones come first is nobody's promise
				default:
					slices.Sort(got)
				}
				expected := want
				if !inOrder {
					expected = sortedRows(want)
				}
				if ok && also && !slices.EqualFunc(got, expected, sameRow) {
					t.Fatalf("%s\nanswers with indexes\n  %s\nwithout\n  %s\n%s", text, strings.Join(got, "\n  "), strings.Join(expected, "\n  "), how)
				}
			}
		}
	})
	if walked < 100 {
		t.Errorf("only %d plans walk an index in order", walked)
	}
}
