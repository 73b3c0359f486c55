package cypher_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher"
)

// hostile are queries that would run for minutes or hold gigabytes, each inside another part of the evaluator.
var hostile = []struct{ name, text string }{
	{"unwind", `UNWIND range(1, 2000000) AS a UNWIND range(1, 2000000) AS b WITH a + b AS c WHERE c < 0 RETURN c`},
	{"cartesian product", `MATCH (a), (b), (c), (d) RETURN count(*) AS n`},
	{"paths", `MATCH p = (a:P {i: 0})-[:R*1..30]-(b) RETURN count(p) AS n`},
	{"paths to a goal", `MATCH p = (a:P {i: 0})-[:R*1..30]->(b:P {i: 7}) RETURN count(p) AS n`},
	{"all shortest paths", `UNWIND range(1, 500000) AS i MATCH (a:P {i: 0}), (b:P {i: i % 60}) WHERE a <> b MATCH p = allShortestPaths((a)-[:R*]-(b)) RETURN sum(length(p)) AS n`},
	{"collect", `UNWIND range(1, 2000000) AS i RETURN size(collect(i)) AS n`},
	{"collect of lists", `UNWIND range(1, 100000) AS i RETURN size(collect(range(1, 100000))) AS n`},
	{"sort", `UNWIND range(1, 2000000) AS i RETURN i ORDER BY i % 1000, -i`},
	{"sort of texts", `UNWIND range(1, 2000000) AS i WITH toString(i) AS s RETURN s ORDER BY reverse(s)`},
	{"distinct", `UNWIND range(1, 2000000) AS i RETURN count(DISTINCT i % 2000000) AS n`},
	{"groups", `UNWIND range(1, 2000000) AS i RETURN i % 2000000 AS g, count(*) AS n`},
	{"percentile", `UNWIND range(1, 2000000) AS i RETURN percentileCont((i * 7919) % 1000003, 0.5) AS n`},
	{"percentiles", `UNWIND range(1, 2000000) AS i RETURN i % 2 AS g, percentileDisc((i * 7919) % 1000003, 0.5) AS n`},
	{"comprehension", `RETURN size([x IN range(1, 2000000) WHERE x % 7 = 0 | x * x]) AS n`},
	{"comprehensions in each other", `RETURN size([x IN range(1, 100000) | size([y IN range(1, 100000) | x * y])]) AS n`},
	{"reduce", `RETURN reduce(s = 0, x IN range(1, 2000000) | s + x % 3) AS n`},
	{"reduce of texts", `RETURN size(reduce(s = '', x IN range(1, 2000000) | s + 'x')) AS n`},
	{"in a long list", `WITH range(1, 2000000) AS l UNWIND range(1, 1000000) AS x WITH x WHERE -x IN l RETURN count(*) AS n`},
	{"equality of long lists", `WITH range(1, 2000000) AS l, range(1, 2000000) AS k UNWIND range(1, 1000000) AS x WITH x WHERE l <> k RETURN count(*) AS n`},
	{"order of long lists", `WITH range(1, 2000000) AS l, range(1, 2000000) AS k UNWIND range(1, 1000000) AS x WITH x WHERE l < k RETURN count(*) AS n`},
	{"distinct long lists", `WITH range(1, 1000000) AS l UNWIND range(1, 1000000) AS x RETURN count(DISTINCT l) AS n`},
	{"long texts", `WITH reduce(s = 'x', i IN range(1, 22) | s + s) AS t UNWIND range(1, 1000000) AS x WITH x WHERE t CONTAINS 'y' RETURN count(*) AS n`},
	{"text replaced", `WITH reduce(s = 'x', i IN range(1, 22) | s + s) AS t UNWIND range(1, 1000000) AS x RETURN sum(size(replace(t, 'xx', 'yy'))) AS n`},
	{"size of a text", `WITH reduce(s = 'é', i IN range(1, 21) | s + s) AS t UNWIND range(1, 1000000) AS x RETURN sum(size(t)) AS n`},
	{"a regular expression", `WITH reduce(s = 'x', i IN range(1, 22) | s + s) AS t UNWIND range(1, 1000000) AS x WITH x WHERE t =~ '(x|xx)*y' RETURN count(*) AS n`},
	{"exists", `UNWIND range(1, 2000000) AS i MATCH (a) WHERE NOT EXISTS { MATCH (a)-[:R*1..12]->(b:Q) } RETURN count(a) AS n`},
	{"pattern comprehension", `MATCH (a) RETURN size([(a)-[:R*1..12]-(b) | b]) AS n`},
	{"subquery", `UNWIND range(1, 500000) AS i CALL { MATCH (a), (b), (c) RETURN count(*) AS n } RETURN sum(n) AS n`},
	{"union", `UNWIND range(1, 2000000) AS i RETURN i UNION UNWIND range(1, 2000000) AS i RETURN i`},
	{"optional", `UNWIND range(1, 2000000) AS i OPTIONAL MATCH (q:Q {i: i}) RETURN count(q) AS n`},
	{"create", `UNWIND range(1, 2000000) AS i CREATE (:X {i: i})`},
	{"merge", `UNWIND range(1, 2000000) AS i MERGE (:X {i: i % 100})`},
	{"set", `UNWIND range(1, 500000) AS i MATCH (a) SET a.x = i`},
	{"foreach", `FOREACH (x IN range(1, 2000000) | CREATE (:X))`},
}

// mesh is a graph in which everybody knows six others: paths explode.
func mesh(tb testing.TB) *graph.Graph {
	return write(tb, graph.Empty(), nil,
		`UNWIND range(0, 59) AS i CREATE (:P {i: i})`,
		`MATCH (a:P) UNWIND [1, 2, 3, 5, 8, 13] AS k MATCH (b:P {i: (a.i + k) % 60}) CREATE (a)-[:R]->(b)`)
}

// biteWithin is what INTERFACE promises, and biteAfter how long a query runs before it is ended.
const (
	biteWithin = time.Second
	biteAfter  = 30 * time.Millisecond
)

// runHostile runs a query under limits and tells how it ended.
func runHostile(ctx context.Context, tb testing.TB, g *graph.Graph, text string, limits cypher.Limits) error {
	tb.Helper()
	q := mustPrepare(tb, text)
	d := graph.NewDraft(g, graph.Stamp{Term: 1, Sequence: g.Stamp().Sequence + 1}, graph.DraftLimits{MaxOperations: 1 << 30, MaxBytes: 1 << 30})
	var err error
	if q.Writes() {
		_, err = cypher.Write(ctx, q, d, cypher.Options{Limits: limits}, &discard{})
	} else {
		_, err = cypher.Read(ctx, q, g, cypher.Options{Limits: limits}, &discard{})
	}
	return err
}

// A kill, a cancel and the time limit are one thing to the evaluator: the end of its context. It must be seen soon
// wherever a query is. A machine that is busy with others gets three tries.
func TestInterrupt_BitesWhereverAQueryIs(t *testing.T) {
	g := mesh(t)
	for _, one := range hostile {
		t.Run(one.name, func(t *testing.T) {
			took := bite(t, g, one.text)
			for try := 1; try < 3 && took > biteWithin; try++ {
				took = bite(t, g, one.text)
			}
			if took > biteWithin {
				t.Errorf("went on for %v", took)
			}
			t.Logf("went on for %v", took)
		})
	}
}

// bite ends a query while it runs and tells how long it went on.
func bite(t *testing.T, g *graph.Graph, text string) time.Duration {
	t.Helper()
	reason := errors.New("killed")
	ctx, cancel := context.WithCancelCause(t.Context())
	var ended time.Time
	timer := time.AfterFunc(biteAfter, func() {
		ended = time.Now()
		cancel(reason)
	})
	defer timer.Stop()
	err := runHostile(ctx, t, g, text, cypher.Limits{MaxMemoryBytes: 96 << 20})
	var limit *cypher.LimitError
	switch {
	case errors.As(err, &limit) && limit.Limit == "memory":
		return 0 // another limit was faster
	case !errors.As(err, &limit) || limit.Limit != "time" || !errors.Is(err, reason):
		t.Fatalf("ended with %v", err)
	}
	return time.Since(ended)
}

// Rows and memory are bounded by the tenant's limits wherever a query is, and the error names which one it was.
func TestLimits_AreNamed(t *testing.T) {
	g := mesh(t)
	for _, one := range []struct{ name, text, limit string }{
		{"collect", `UNWIND range(1, 200000) AS i RETURN size(collect(i)) AS n`, "memory"},
		{"sort", `UNWIND range(1, 200000) AS i RETURN i ORDER BY -i`, "memory"},
		{"groups", `UNWIND range(1, 200000) AS i RETURN i, count(*) AS n`, "memory"},
		{"distinct", `UNWIND range(1, 200000) AS i WITH DISTINCT i AS d RETURN count(d) AS n`, "memory"},
		{"percentile", `UNWIND range(1, 200000) AS i RETURN percentileDisc(i, 0.5) AS n`, "memory"},
		{"a list", `RETURN size(range(1, 200000)) AS n`, "memory"},
		{"a text", `RETURN size(reduce(s = 'x', i IN range(1, 24) | s + s)) AS n`, "memory"},
		{"shortest paths", `MATCH (a:P {i: 0}), (b:P {i: 30}) MATCH p = allShortestPaths((a)-[:R*]-(b)) WITH collect(p) AS l UNWIND range(1, 4000) AS i RETURN collect([i, l]) AS n`, "memory"},
		{"paths", `MATCH (a:P {i: 0})-[:R*1..9]-(b) RETURN b.i AS n`, "rows"},
		{"a cartesian product", `MATCH (a), (b), (c) RETURN a.i AS n`, "rows"},
		{"rows", `UNWIND range(1, 5000) AS i RETURN i`, "rows"},
	} {
		err := runHostile(t.Context(), t, g, one.text, cypher.Limits{MaxMemoryBytes: 1 << 20, MaxRows: 1000})
		var limit *cypher.LimitError
		if !errors.As(err, &limit) || limit.Limit != one.limit || limit.Value == 0 {
			t.Errorf("%s ended with %v, wanted the limit of %s", one.name, err, one.limit)
		}
	}
}

// paces counts the checkpoints of a sort: those at which nothing was answered yet and no more is held than before.
type paces struct {
	held    int64
	sorting int
}

func (p *paces) Pace(rows uint64, memory int64) error {
	if rows == 0 && memory > 0 && memory == p.held {
		p.sorting++
	}
	p.held = memory
	return nil
}

// A sort has checkpoints while it orders what it has gathered.
func TestInterrupt_ASortHasCheckpoints(t *testing.T) {
	q := mustPrepare(t, `UNWIND range(1, 50000) AS i RETURN i ORDER BY i % 1009, -i`)
	p := &paces{}
	if _, err := cypher.Read(t.Context(), q, graph.Empty(), cypher.Options{Pacer: p}, &discard{}); err != nil {
		t.Fatal(err)
	}
	if p.sorting < 10 {
		t.Errorf("%d checkpoints while 50000 rows were sorted", p.sorting)
	}
}
