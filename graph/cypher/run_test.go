package cypher_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher"
	"github.com/hivellm/nexus/graph/value"
)

func readWith(ctx context.Context, t *testing.T, g *graph.Graph, text string, options cypher.Options) (string, error) {
	t.Helper()
	var out lines
	_, err := cypher.Read(ctx, mustPrepare(t, text), g, options, &out)
	return out.String(), err
}

func TestRead_LimitOfRows(t *testing.T) {
	options := cypher.Options{Limits: cypher.Limits{MaxRows: 3}}
	if _, err := readWith(t.Context(), t, graph.Empty(), `UNWIND range(1, 3) AS x RETURN x`, options); err != nil {
		t.Fatal(err)
	}
	_, err := readWith(t.Context(), t, graph.Empty(), `UNWIND range(1, 4) AS x RETURN x`, options)
	var limit *cypher.LimitError
	if !errors.As(err, &limit) || limit.Limit != "rows" || limit.Value != 3 {
		t.Fatalf("%v", err)
	}
}

func TestRead_LimitOfMemory(t *testing.T) {
	g := write(t, graph.Empty(), nil, `UNWIND range(1, 1000) AS x CREATE (:N {x: x, s: 'a text of some length, to weigh something'})`)
	options := cypher.Options{Limits: cypher.Limits{MaxMemoryBytes: 1 << 20}}
	for _, text := range []string{
		`MATCH (a:N), (b:N) RETURN collect(a.s + b.s) AS list`,
		`MATCH (a:N), (b:N) RETURN a.x, b.x ORDER BY a.x + b.x`,
		`MATCH (a:N), (b:N) RETURN DISTINCT a.x, b.x`,
		`MATCH (a:N), (b:N) RETURN a.x, b.x, count(*) AS n`,
		`RETURN range(1, 60000000) AS list`,
		`RETURN [x IN range(1, 20000) | [y IN range(1, 20000) | y]] AS list`,
		`RETURN reduce(s = 'x', i IN range(1, 40) | s + s) AS s`,
		`RETURN reduce(s = [1], i IN range(1, 40) | s + s) AS s`,
	} {
		_, err := readWith(t.Context(), t, g, text, options)
		var limit *cypher.LimitError
		if !errors.As(err, &limit) || limit.Limit != "memory" {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := readWith(t.Context(), t, g, `MATCH (a:N) UNWIND range(1, 1000) AS i WITH a.s AS s RETURN count(*) AS n`, options); err != nil {
		t.Errorf("rows that flow by must not count: %v", err)
	}
}

func TestRead_StopsWithItsContext(t *testing.T) {
	g := people(t, 300)
	for _, text := range []string{
		`MATCH (a), (b), (c), (d) RETURN count(*) AS n`,
		`MATCH (a)-[*]->(b) RETURN count(*) AS n`,
		`UNWIND range(1, 1000000) AS x UNWIND range(1, 1000000) AS y RETURN count(*) AS n`,
		`RETURN reduce(s = 0, i IN range(1, 10000) | s + size([j IN range(1, 10000) WHERE j = i])) AS n`,
		`MATCH (a), (b), (c), (d) WITH a WHERE a.id < 0 RETURN a`,
		`MATCH (a), (b), (c) WHERE a.id + b.id = c.id RETURN a ORDER BY b.id DESC`,
		`MATCH (a) WHERE all(x IN range(1, 60000000) WHERE x > 0) RETURN a`,
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		began := time.Now()
		_, err := readWith(ctx, t, g, text, cypher.Options{Limits: cypher.Limits{MaxMemoryBytes: 1 << 28}})
		cancel()
		var limit *cypher.LimitError
		if !errors.As(err, &limit) {
			t.Errorf("%s: %v", text, err)
		}
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("%s took %v to stop", text, took)
		}
	}
}

func TestRead_RefusesToWrite(t *testing.T) {
	_, err := readWith(t.Context(), t, graph.Empty(), `CREATE ()`, cypher.Options{})
	var e *cypher.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v", err)
	}
}

func TestRead_SharedByGoroutines(t *testing.T) {
	g := people(t, 300)
	q := mustPrepare(t, `MATCH (p:Person {id: $id})-[:KNOWS]->(f) WHERE exists { (f)-->() } RETURN collect(f.id) AS ids, count(*) AS n`)
	want := make([]string, 50)
	run := func(id int) (string, error) {
		var out lines
		_, err := cypher.Read(context.Background(), q, g, cypher.Options{Params: map[string]value.Value{"id": value.Int(int64(id))}}, &out)
		return out.String(), err
	}
	for id := range want {
		var err error
		if want[id], err = run(id); err != nil {
			t.Fatal(err)
		}
	}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for id := range want {
				if got, err := run(id); err != nil || got != want[id] {
					t.Errorf("%d: %s, %v", id, got, err)
				}
			}
		})
	}
	wait.Wait()
}

// TestQuery_PlanFitsOtherGraphs runs one prepared query on graphs with and without its index.
func TestQuery_PlanFitsOtherGraphs(t *testing.T) {
	indexed := write(t, graph.Empty(), nil, `CREATE INDEX FOR (n:N) ON (n.x)`, `UNWIND range(1, 9) AS x CREATE (:N {x: x})`)
	plain := write(t, graph.Empty(), nil, `CREATE INDEX FOR (n:M) ON (n.y)`, `UNWIND range(1, 9) AS x CREATE (:N {x: x})`)
	q := mustPrepare(t, `MATCH (n:N) WHERE n.x IN [3, 4] OR n.x = 5 MATCH (m:N {x: n.x}) RETURN m.x AS x ORDER BY x`)
	for _, g := range []*graph.Graph{indexed, plain, indexed} {
		var out lines
		if _, err := cypher.Read(t.Context(), q, g, cypher.Options{}, &out); err != nil || out.String() != "x\n3\n4\n5\n" {
			t.Fatalf("%s %v", out.String(), err)
		}
	}
}

func TestQuery_Kind(t *testing.T) {
	for text, want := range map[string]cypher.Kind{
		`MATCH (n) RETURN n`: cypher.KindRead, `CREATE ()`: cypher.KindWrite, `SHOW INDEXES`: cypher.KindSchemaRead,
		`DROP INDEX a`: cypher.KindSchemaWrite, `EXPLAIN CREATE ()`: cypher.KindRead,
		`MATCH (n) CALL { WITH n SET n.x = 1 } RETURN n`: cypher.KindWrite, `CALL db.labels()`: cypher.KindRead,
	} {
		q := mustPrepare(t, text)
		if q.Kind() != want || q.Writes() != (want == cypher.KindWrite || want == cypher.KindSchemaWrite) {
			t.Errorf("%s: %d, writes %t", text, q.Kind(), q.Writes())
		}
	}
}

func TestQuery_Parameters(t *testing.T) {
	q := mustPrepare(t, `MATCH (n {x: $b}) WHERE n.y = $a RETURN n LIMIT $b`)
	if got := strings.Join(q.Parameters(), " "); got != "a b" {
		t.Fatal(got)
	}
	options := cypher.Options{
		Parameters: value.NewMap([]string{"a", "b"}, []value.Value{value.Int(1), value.Int(2)}),
		Now:        time.Date(2026, 11, 24, 1, 2, 3, 0, time.UTC),
	}
	if out, err := readWith(t.Context(), t, graph.Empty(), `RETURN $a + $b AS sum, toString(datetime()) AS now`, options); err != nil || out != "sum | now\n3 | \"2026-11-24T01:02:03Z\"\n" {
		t.Fatalf("%s %v", out, err)
	}
}

func TestQuery_Builtins(t *testing.T) {
	g := write(t, graph.Empty(), nil, `CREATE (:B {y: 1})-[:R {x: 1}]->(:A)`)
	for text, want := range map[string]string{
		`CALL db.labels()`: "label\n\"A\"\n\"B\"\n", `CALL db.relationshipTypes() YIELD relationshipType AS t RETURN t`: "t\n\"R\"\n",
		`CALL db.propertyKeys`: "propertyKey\n\"x\"\n\"y\"\n",
	} {
		if out, err := readWith(t.Context(), t, g, text, cypher.Options{}); err != nil || out != want {
			t.Errorf("%s: %s %v", text, out, err)
		}
	}
}

func TestQuery_SeedDecidesRandomNumbers(t *testing.T) {
	ask := func(seed uint64) string {
		out, err := readWith(t.Context(), t, graph.Empty(), `RETURN rand() AS a, rand() AS b, randomUUID() AS c`, cypher.Options{Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if first := ask(1); first != ask(1) || first == ask(2) {
		t.Fatal("random numbers must follow from the seed")
	}
}

func TestCache_KeepsWithinItsBound(t *testing.T) {
	c := cypher.NewCache(80 << 10)
	first, err := c.Prepare(`RETURN 0 AS x`)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := c.Prepare(`RETURN 0 AS x`); again != first {
		t.Fatal("a query that is kept must be found")
	}
	for i := range 100 {
		if _, err := c.Prepare(fmt.Sprintf(`RETURN %d AS x`, i)); err != nil {
			t.Fatal(err)
		}
	}
	if n := c.Len(); n == 0 || n > 10 {
		t.Fatalf("%d queries are kept", n)
	}
	if _, err := c.Prepare(`RETURN`); err == nil {
		t.Fatal("no error")
	}
	if _, err := cypher.NewCache(0).Prepare(`RETURN 1`); err != nil {
		t.Fatal(err)
	}
}
