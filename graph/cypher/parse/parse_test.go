package parse

import (
	"strings"
	"testing"

	"github.com/hivellm/nexus/graph/cypher/ast"
)

const typicalQuery = `MATCH (p:Person {name: $name})-[k:KNOWS*1..2]->(friend:Person)
WHERE friend.age > 30 AND NOT friend.name STARTS WITH 'A'
WITH friend, count(*) AS paths
RETURN friend.name AS name, friend.age, paths ORDER BY paths DESC, name LIMIT 10`

func TestParse_KeepsSpans(t *testing.T) {
	query, err := Parse(typicalQuery)
	if err != nil {
		t.Fatal(err)
	}
	checkSpans(t, typicalQuery, query)
	clauses := query.Statement.(*ast.RegularQuery).Parts[0].Clauses
	last := clauses[len(clauses)-1].(*ast.Return)
	if got := last.Items[1].Column(typicalQuery); got != "friend.age" {
		t.Errorf("column is %q", got)
	}
}

// checkSpans fails if a node lies outside its parent.
func checkSpans(t *testing.T, text string, node ast.Node) {
	t.Helper()
	outer := node.Pos()
	if outer.Start < 0 || outer.End > len(text) || outer.Start > outer.End {
		t.Fatalf("%T has the span %v in a text of %d bytes", node, outer, len(text))
	}
	ast.Children(node, func(child ast.Node) {
		inner := child.Pos()
		_, projected := node.(*ast.MapProjection)
		if !projected && (inner.Start < outer.Start || inner.End > outer.End) {
			if _, property := node.(*ast.Property); !property {
				t.Errorf("%T %v lies outside %T %v of %q", child, inner, node, outer, text)
			}
		}
		checkSpans(t, text, child)
	})
}

func TestReturnItem_ColumnIsTheExactText(t *testing.T) {
	for text, want := range map[string]string{
		"RETURN ( 1+ 2 )":        "( 1+ 2 )",
		"RETURN n.`a b` ":        "n.`a b`",
		"RETURN `a b`":           "a b",
		"RETURN count( * ), 1":   "count( * )",
		"RETURN  'é'+\"x\" AS y": "y",
	} {
		query, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		item := query.Statement.(*ast.RegularQuery).Parts[0].Clauses[0].(*ast.Return).Items[0]
		if got := item.Column(text); got != want {
			t.Errorf("%s: column is %q, want %q", text, got, want)
		}
	}
}

func TestParse_RefusesWhatIsTooLarge(t *testing.T) {
	deep := func(open, middle, closing string, n int) string {
		return "RETURN " + strings.Repeat(open, n) + middle + strings.Repeat(closing, n)
	}
	many := 100_000
	for name, text := range map[string]string{
		"text":         "RETURN '" + strings.Repeat("x", MaxTextBytes) + "'",
		"parentheses":  deep("(", "1", ")", many),
		"lists":        deep("[", "", "]", many),
		"maps":         deep("{a:", "1", "}", many),
		"calls":        deep("f(", "1", ")", many),
		"signs":        deep("- ", "1", "", many),
		"not":          deep("NOT ", "true", "", many),
		"case":         deep("CASE WHEN ", "true", " THEN 1 END", many/2),
		"indexes":      deep("a[", "1", "]", many),
		"exists":       deep("EXISTS { RETURN ", "1", " }", many/2),
		"subqueries":   strings.Repeat("CALL { ", many) + "RETURN 1",
		"foreach":      strings.Repeat("FOREACH (x IN [1] | ", many/2) + "SET a.b = 1",
		"labels":       "MATCH (a:" + strings.Repeat("(", many) + "A",
		"label not":    "MATCH (a:" + strings.Repeat("!", many) + "A) RETURN a",
		"paths":        "MATCH " + strings.Repeat("(", many),
		"patterns":     "MATCH " + strings.Repeat("(a {k: ", many),
		"unclosed":     "RETURN " + strings.Repeat("(a {k: ", many),
		"pluses":       deep("1+", "1", "", many),
		"ands":         deep("true AND ", "true", "", many),
		"properties":   "RETURN a" + strings.Repeat(".a", many),
		"left and sum": deep("(", "1", strings.Repeat("+1", 60)+")", 190),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(text)
			if e, ok := err.(*Error); !ok || e.Detail != detailLimit {
				t.Fatalf("got %v", err)
			}
		})
	}
}

func TestParse_TakesWhatIsJustSmallEnough(t *testing.T) {
	for name, text := range map[string]string{
		"nesting":  "RETURN " + strings.Repeat("(", MaxNesting-1) + "1" + strings.Repeat(")", MaxNesting-1),
		"sum":      "RETURN 1" + strings.Repeat("+1", MaxHeight-2),
		"wide":     "RETURN [" + strings.Repeat("1,", 200_000) + "1]",
		"patterns": "MATCH (a)" + strings.Repeat("-->()", 50_000) + " RETURN a",
	} {
		if _, err := Parse(text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParse_RefusesMalformedText(t *testing.T) {
	_, err := Parse("RETURN 'é\xff'")
	e, ok := err.(*Error)
	if !ok || e.Detail != detailMalformedEncoding || e.Offset != 10 || e.Column != 10 {
		t.Fatalf("got %+v", err)
	}
}

func BenchmarkParse(b *testing.B) {
	for name, text := range map[string]string{
		"typical": typicalQuery,
		"point":   "MATCH (n:Person {id: $id}) RETURN n.name",
		"write":   "UNWIND $rows AS row MERGE (n:Person {id: row.id}) SET n += row",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, err := Parse(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
