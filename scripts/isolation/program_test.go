package isolation

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/hivellm/nexus/scripts/cluster"
)

// step is one operation: a query, or a call of another route (GET).
type step struct {
	node  int
	query cluster.Query
	path  string
}

func (s step) String() string {
	if s.path != "" {
		return "GET " + s.path
	}
	return fmt.Sprintf("%s %v", s.query.Text, s.query.Parameters)
}

// definesIndex tells whether indexes are built after the step.
func (s step) definesIndex() bool {
	return strings.HasPrefix(s.query.Text, "CREATE INDEX") || strings.HasPrefix(s.query.Text, "CREATE CONSTRAINT")
}

// template is a query that programs choose so often.
type template struct {
	weight int
	text   string
}

// Parameters of templates: $k and $j small numbers, $v a text with the tenant's mark, $f a float, $c a few.
var writes = []template{
	{10, "CREATE (n:A {k: $k, v: $v}) RETURN id(n), n"},
	{8, "CREATE (b:B {k: $k})-[r:R {v: $v, f: $f}]->(c:C {k: $j}) RETURN id(b), id(r), id(c), r"},
	{10, "MERGE (n:A {k: $k}) ON CREATE SET n.v = $v ON MATCH SET n.m = coalesce(n.m, 0) + 1 RETURN n"},
	{8, "MATCH (a:A {k: $k}), (b:B {k: $j}) MERGE (a)-[r:S]->(b) RETURN id(a), id(r), id(b)"},
	{6, "MATCH (n {k: $k}) SET n.v = $v, n.f = $f, n:D RETURN count(*)"},
	{4, "MATCH (n:D) WHERE n.k <= $k REMOVE n:D, n.v"},
	{10, "MATCH (n {k: $k}) DETACH DELETE n"},
	{4, "MATCH ()-[r:R]->() WHERE r.f < $f DELETE r"},
	{3, "UNWIND range(1, $c) AS i CREATE (:E {i: i, v: $v})"},
	{3, "MATCH (n:E) WHERE n.i >= $c DETACH DELETE n"},
	{4, "CREATE (:U {k: $k})"}, // refused where the constraint is and the value is there
	{2, "MATCH (n:U) WHERE n.k % 2 = $j % 2 DELETE n RETURN count(n)"},
	{1, "CREATE INDEX a_k IF NOT EXISTS FOR (n:A) ON (n.k)"},
	{1, "DROP INDEX a_k IF EXISTS"},
	{1, "CREATE CONSTRAINT u_k IF NOT EXISTS FOR (n:U) REQUIRE n.k IS UNIQUE"}, // refused where values double
	{1, "DROP CONSTRAINT u_k IF EXISTS"},
	{1, "CREATE (:%s {v: $v})"}, // the tenant's own label
}

var reads = []template{
	{4, "MATCH (n) RETURN n"},
	{4, "MATCH ()-[r]->() RETURN r"},
	{4, "MATCH (n) RETURN count(*)"},
	{3, "MATCH (n) RETURN id(n), labels(n), keys(n)"},
	{3, "MATCH ()-[r]->() RETURN type(r), count(*), min(id(r)), max(id(r))"},
	{4, "MATCH (a)-[r]->(b) WHERE a.k > $k RETURN a.k, type(r), b.k ORDER BY a.k, type(r), b.k, id(r) LIMIT 20"},
	{3, "MATCH p = (:B)-[:R]->(:C) RETURN p LIMIT 5"},
	{3, "MATCH (a:A {k: $k}) OPTIONAL MATCH (a)-[:S]->(b) RETURN a, collect(b.k)"},
	{3, "MATCH (n:A) WHERE n.k IN [$k, $j, 3] RETURN n.k, n.v, n.m ORDER BY id(n)"},
	{2, "MATCH (n) WITH labels(n) AS l, n UNWIND l AS label RETURN label, count(*) ORDER BY label"},
	{2, "MATCH (a)-[*1..2]->(b) RETURN count(*)"},
	{2, "SHOW INDEXES"},
	{2, "SHOW CONSTRAINTS"},
	{1, "EXPLAIN MATCH (n) RETURN n"},
}

// mistakes are refused; what the refusal says must not speak of anybody else.
var mistakes = []template{
	{1, "MATCH (n RETURN n"}, {1, "RETURN x"}, {1, "RETURN nosuchfunction(1)"}, {1, "RETURN $missing"},
	{1, "UNWIND [1, 0] AS d RETURN 1 / d"}, {1, "MATCH (n:A) SET n.v = {a: 1}"}, {1, "CREATE (n:A {k: $k}) DELETE 1"},
	{1, "MATCH (n:B {k: $k})-[:R]->() DELETE n"}, // refused where it has relationships
	{1, "CALL nosuch.procedure()"}, {1, "RETURN 9223372036854775807 + 1"},
}

var paths = []string{"/stats", "/schema", "/schema/labels", "/schema/rel_types", "/schema/indexes", "/databases", "/cluster/stats/self", "/nosuch"}

// generator makes a tenant's program.
type generator struct {
	random *rand.Rand
	mark   string
	label  string
}

// program is a tenant's random operations. The same seed and mark make the same program.
func program(seed uint64, mark string, length, nodes int) []step {
	g := &generator{random: rand.New(rand.NewPCG(seed, uint64(len(mark)))), mark: mark, label: "Only_" + mark}
	steps := make([]step, 0, length)
	for range length {
		s := g.step()
		s.node = g.random.IntN(nodes)
		steps = append(steps, s)
	}
	return steps
}

func (g *generator) step() step {
	switch dice := g.random.IntN(100); {
	case dice < 50:
		return step{query: g.query(writes)}
	case dice < 85:
		q := g.query(reads)
		if g.random.IntN(10) == 0 { // a follower learns of a commit by the next append or a timer: these are slow
			q.Consistency = "bookmark" // the client adds its last one
		}
		return step{query: q}
	case dice < 92:
		return step{query: g.query(mistakes)}
	case dice < 93:
		return step{query: cluster.Query{Text: "MATCH (n) RETURN n", Database: "nosuch"}}
	}
	return step{path: paths[g.random.IntN(len(paths))]}
}

func (g *generator) query(templates []template) cluster.Query {
	total := 0
	for _, t := range templates {
		total += t.weight
	}
	dice := g.random.IntN(total)
	var text string
	for _, t := range templates {
		if dice -= t.weight; dice < 0 {
			text = t.text
			break
		}
	}
	if text == "CREATE (:%s {v: $v})" {
		text = fmt.Sprintf(text, g.label)
	}
	return cluster.Query{Text: text, Parameters: map[string]any{
		"k": g.random.IntN(24), "j": g.random.IntN(24), "c": 1 + g.random.IntN(6),
		"v": fmt.Sprintf("%s %d", g.mark, g.random.IntN(1000)), "f": float64(g.random.IntN(100)) + 0.5,
	}}
}
