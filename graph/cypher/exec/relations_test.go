package exec_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher/plan"
)

// asked is one random MATCH with what relations need of it: its text as written and with the pattern written from its
// other end, without WHERE, and the pattern alone.
type asked struct{ match, reversed, pattern string }

// ask draws a MATCH that binds a.
func ask(t *rapid.T) asked {
	p, r := pattern(t, "p", 2)
	return asked{"MATCH (a) MATCH " + p, "MATCH (a) MATCH " + r, p}
}

// predicate draws a condition that may be true, false or null of a.
func predicate(t *rapid.T) string {
	return rapid.SampledFrom([]string{
		"a.x > 1", "a.x = a.y", "a.y = 'u'", "a.x IN [0, null]", "a:A AND a.x < 2", "NOT a.x = 3", "a.x = 1 OR a.y > 1",
		"any(i IN [a.x, a.y] WHERE i = 1)", "all(i IN [a.x, a.y] WHERE i > 0)", "none(i IN [a.x] WHERE i = 2)", "single(i IN [a.x, 1] WHERE i = 1)",
		"a.x > 0 XOR a.y > 0", "exists { (a)-[:R]->(z) WHERE z.x > 0 }", "count { (a)--() } > 2", "exists { (a)-[:S]->(:B) }", "size([(a)-->(z) WHERE z.x = 1 | z]) = 1",
		"a.x IS NOT NULL", "CASE a.x WHEN 1 THEN true WHEN 2 THEN null ELSE false END",
	}).Draw(t, "predicate")
}

// relation is something that must hold between the answers to several texts. It returns false where one of them took
// too long.
type relation struct {
	name  string
	holds func(c *comparing) bool
}

// comparing asks one graph under one choice of rules.
type comparing struct {
	t     *rapid.T
	graph *graph.Graph
	rules plan.Rules
	name  string
}

// rows are the sorted rows of a query.
func (c *comparing) rows(query string) ([]string, bool) {
	list, ok := read(c.t, c.graph, query, c.rules)
	slices.Sort(list)
	return list, ok
}

// same compares sorted rows.
func (c *comparing) same(what string, got, want []string) {
	if !slices.Equal(got, want) {
		c.t.Fatalf("%s: %s\n  %s\nwanted\n  %s", c.name, what, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// equal asks two texts that must have the same rows.
func (c *comparing) equal(first, second string) bool {
	a, ok := c.rows(first)
	b, also := c.rows(second)
	if ok && also {
		c.same(first+"\nand\n"+second, a, b)
	}
	return ok && also
}

// ends are what is returned of a match; none depends on the order of rows.
var ends = []string{
	"RETURN a", "RETURN a.x AS x", "RETURN a.x AS x, a.y AS y", "RETURN id(a) % 2 AS odd",
	"RETURN [i IN [a.x, a.y] WHERE i IS NOT NULL | i] AS list", "RETURN a{.x, .y} AS map",
}

func relations() []relation {
	return []relation{
		{"a condition parts the rows into true, false and null", func(c *comparing) bool {
			q, p, end := ask(c.t), predicate(c.t), rapid.SampledFrom(ends).Draw(c.t, "end")
			all, ok := c.rows(q.match + " " + end)
			var parts []string
			for _, condition := range []string{"(%s)", "NOT (%s)", "(%s) IS NULL"} {
				part, also := c.rows(q.match + " WHERE " + fmt.Sprintf(condition, p) + " " + end)
				parts, ok = append(parts, part...), ok && also
			}
			slices.Sort(parts)
			if ok {
				c.same(q.match+" by "+p+" "+end, parts, all)
			}
			return ok
		}},
		{"DISTINCT drops doubles and nothing else", func(c *comparing) bool {
			q, end := ask(c.t), rapid.SampledFrom(ends).Draw(c.t, "end")
			all, ok := c.rows(q.match + " " + end)
			distinct, also := c.rows(q.match + " " + strings.Replace(end, "RETURN", "RETURN DISTINCT", 1))
			if ok && also {
				c.same(q.match+" DISTINCT "+end, distinct, slices.Compact(all))
			}
			return ok && also
		}},
		{"UNION is UNION ALL without doubles", func(c *comparing) bool {
			a, b := ask(c.t), ask(c.t)
			end := rapid.SampledFrom(ends).Draw(c.t, "end")
			all, ok := c.rows(a.match + " " + end + " UNION ALL " + b.match + " " + end)
			one, also := c.rows(a.reversed + " " + end + " UNION " + b.match + " " + end)
			if ok && also {
				c.same(a.match+" UNION "+b.match+" "+end, one, slices.Compact(all))
			}
			return ok && also
		}},
		{"a count is the number of rows", func(c *comparing) bool {
			q := ask(c.t)
			all, ok := c.rows(q.match + " RETURN a.x AS x")
			count, also := c.rows(q.reversed + " RETURN count(*) AS n")
			if ok && also {
				c.same(q.match, count, []string{fmt.Sprint(len(all))})
			}
			return ok && also
		}},
		{"groups together are all", func(c *comparing) bool {
			q := ask(c.t)
			return c.equal(
				q.match+" RETURN count(*) AS n, sum(id(a)) AS s, min(id(a)) AS low, max(id(a)) AS high, count(DISTINCT a) AS d",
				q.reversed+" WITH a, count(*) AS k WITH a.x AS x, sum(k) AS k, sum(k * id(a)) AS s, min(id(a)) AS low, max(id(a)) AS high, count(a) AS d"+
					" RETURN coalesce(sum(k), 0) AS n, sum(s) AS s, min(low) AS low, max(high) AS high, sum(d) AS d")
		}},
		{"avg is sum by count", func(c *comparing) bool {
			q := ask(c.t)
			return c.equal(
				q.match+" RETURN a.y AS y, avg(id(a)) AS m",
				q.reversed+" RETURN a.y AS y, toFloat(sum(id(a))) / count(*) AS m")
		}},
		{"EXISTS, COUNT, a comprehension and OPTIONAL MATCH see the same", func(c *comparing) bool {
			p, _ := pattern(c.t, "z", 1)
			p = strings.NewReplacer("(b", "(zb", "(c", "(zc").Replace(p)
			exists := "MATCH (a) WHERE exists { MATCH " + p + " } RETURN a"
			ok := c.equal(exists, "MATCH (a) WHERE count { MATCH "+p+" } > 0 RETURN a") &&
				c.equal(exists, "MATCH (a) WITH a, collect { MATCH "+p+" RETURN 1 AS one } AS found WHERE size(found) > 0 RETURN a") &&
				c.equal(exists, "MATCH (a) OPTIONAL MATCH (a) WHERE exists { MATCH "+p+" } WITH a, count { MATCH "+p+" } AS n WHERE n > 0 RETURN a")
			if strings.HasPrefix(p, "(a") && strings.Contains(p, "-") {
				ok = ok && c.equal("MATCH (a) RETURN a, count { MATCH "+p+" } AS n", "MATCH (a) RETURN a, size(["+p+" | 1]) AS n")
			}
			return ok
		}},
		{"OPTIONAL MATCH is MATCH and nulls where there is none", func(c *comparing) bool {
			q, p := ask(c.t), predicate(c.t)
			optional, ok := c.rows("MATCH (a) OPTIONAL MATCH " + q.pattern + " WHERE " + p + " RETURN a, 1 AS one")
			found, also := c.rows(q.match + " WHERE " + p + " RETURN a, 1 AS one")
			none, too := c.rows("MATCH (a) WHERE NOT exists { MATCH " + q.pattern + " WHERE " + p + " } RETURN a, 1 AS one")
			both := append(found, none...)
			slices.Sort(both)
			if ok && also && too {
				c.same("OPTIONAL "+q.match+" WHERE "+p, optional, both)
			}
			return ok && also && too
		}},
		{"paths have the length, the ends and the steps of what they match", func(c *comparing) bool {
			length := rapid.SampledFrom([]string{"*1..2", "*2", ":R*..3", "", ":S"}).Draw(c.t, "length")
			forward := "MATCH p = (a)-[" + length + "]->(b)"
			backward := "MATCH p = (b)<-[" + length + "]-(a)"
			if strings.Contains(length, "*") && !c.equal(
				forward+" RETURN a, b, [r IN relationships(p) | id(r)] AS steps", "MATCH (a)-[l"+length+"]->(b) RETURN a, b, [r IN l | id(r)] AS steps") {
				return false
			}
			return c.equal(
				forward+" RETURN a, b, length(p) AS n, [r IN relationships(p) | id(r)] AS steps, [n IN nodes(p) | id(n)] AS stations",
				backward+" RETURN a, b, length(p) AS n, reverse([r IN relationships(p) | id(r)]) AS steps, reverse([n IN nodes(p) | id(n)]) AS stations") &&
				c.equal(forward+" RETURN count(*) AS n", "MATCH (a)-["+length+"]->(b) RETURN count(*) AS n") &&
				c.equal(forward+" WHERE all(n IN nodes(p) WHERE n.x = 1) RETURN a, b", backward+" WHERE none(n IN nodes(p) WHERE n.x <> 1 OR n.x IS NULL) RETURN a, b")
		}},
		{"a subquery called is a match inlined", func(c *comparing) bool {
			q := ask(c.t)
			return c.equal(q.match+" RETURN a, a.x AS x", "MATCH (a) CALL { WITH a MATCH "+q.pattern+" RETURN 1 AS one } RETURN a, a.x AS x")
		}},
		{"LIMIT after ORDER BY is the front of all", func(c *comparing) bool {
			q := ask(c.t)
			n := rapid.IntRange(0, 6).Draw(c.t, "limit")
			all, ok := read(c.t, c.graph, q.match+" RETURN a.x AS x, id(a) AS i ORDER BY x DESC, i", c.rules)
			top, also := read(c.t, c.graph, fmt.Sprintf("%s RETURN a.x AS x, id(a) AS i ORDER BY x DESC, i LIMIT %d", q.reversed, n), c.rules)
			if ok && also {
				c.same(q.match+" LIMIT", top, all[:min(n, len(all))])
			}
			return ok && also
		}},
		{"PROFILE answers what the query answers", func(c *comparing) bool {
			q, p := ask(c.t), predicate(c.t)
			text := q.match + " WHERE " + p + " RETURN a, a.x AS x"
			return c.equal(text, "PROFILE "+text)
		}},
	}
}

// TestQuery_RelationsHold draws graphs, with and without indexes, and asks of each one query a relation, under all rules
// or with one of them switched off.
func TestQuery_RelationsHold(t *testing.T) {
	asked, late := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		g := randomGraph(t)
		if rapid.Bool().Draw(t, "indexed") {
			g = withIndexes(t, g)
		}
		rules := plan.AllRules
		if i := rapid.IntRange(-len(plan.RuleNames), len(plan.RuleNames)-1).Draw(t, "without"); i >= 0 {
			rules &^= 1 << i
		}
		for _, r := range relations() {
			asked++
			if !r.holds(&comparing{t, g, rules, r.name}) {
				late++
			}
		}
	})
	if late > asked/20 {
		t.Errorf("%d of %d took too long and said nothing", late, asked)
	}
}
