package cypher_test

import (
	"context"
	"fmt"
	"syscall"
	"testing"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher"
	"github.com/hivellm/nexus/graph/value"
)

// discard is a sink that only counts.
type discard struct{ rows int }

func (*discard) Columns([]string) error { return nil }
func (d *discard) Row(*graph.Graph, []value.Value) error {
	d.rows++
	return nil
}

// measured runs a benchmark's loop and reports, beside the time on the wall, the processor time of an operation, which
// other programs on the machine disturb less.
func measured(b *testing.B, loop func()) {
	b.Helper()
	b.ReportAllocs()
	before := processorTime(b)
	loop()
	b.ReportMetric(float64(processorTime(b)-before)/float64(b.N), "cpu-ns/op")
}

func processorTime(b *testing.B) int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func mustPrepare(tb testing.TB, text string) *cypher.Query {
	tb.Helper()
	q, err := cypher.Prepare(text)
	if err != nil {
		tb.Fatalf("%s: %v", text, err)
	}
	return q
}

// write runs statements one after another and returns the version after them.
func write(tb testing.TB, g *graph.Graph, parameters map[string]value.Value, statements ...string) *graph.Graph {
	tb.Helper()
	for _, text := range statements {
		q := mustPrepare(tb, text)
		stamp := graph.Stamp{Term: 1, Sequence: g.Stamp().Sequence + 1}
		d := graph.NewDraft(g, stamp, graph.DraftLimits{MaxOperations: 1 << 20, MaxBytes: 1 << 28})
		if _, err := cypher.Write(context.Background(), q, d, cypher.Options{Params: parameters}, &discard{}); err != nil {
			tb.Fatalf("%s: %v", text, err)
		}
		var err error
		if g, err = graph.BuildAll(d.Graph()); err != nil {
			tb.Fatalf("%s: %v", text, err)
		}
	}
	return g
}

// people is a graph of so many people, each knowing five others, in a hundred cities.
func people(tb testing.TB, nodes int) *graph.Graph {
	return write(tb, graph.Empty(), map[string]value.Value{"n": value.Int(int64(nodes))},
		`CREATE INDEX people FOR (p:Person) ON (p.id)`,
		`UNWIND range(0, $n - 1) AS i
		 CREATE (:Person {id: i, name: 'person ' + toString(i), city: 'city ' + toString(i % 100), age: i % 90})`,
		`UNWIND range(0, $n - 1) AS i UNWIND range(1, 5) AS k
		 MATCH (a:Person {id: i}), (b:Person {id: (i * 7 + k * 131) % $n}) CREATE (a)-[:KNOWS {since: k}]->(b)`,
	)
}

func BenchmarkPrepare(b *testing.B) {
	const text = `MATCH (p:Person {id: $id})-[:KNOWS]->(f) WHERE f.age > 30 RETURN f.name AS name ORDER BY name LIMIT 10`
	b.Run("new", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := cypher.Prepare(text); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("cached", func(b *testing.B) {
		cache := cypher.NewCache(1 << 20)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := cache.Prepare(text); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	g := people(b, 10_000)
	for _, c := range []struct{ name, text string }{
		{"return1", `RETURN 1 AS one`},
		{"point", `MATCH (p:Person {id: $id}) RETURN p.name`},
		{"hop1", `MATCH (p:Person {id: $id})-[:KNOWS]->(f) RETURN f.name`},
		{"hop2", `MATCH (p:Person {id: $id})-[:KNOWS]->()-[:KNOWS]->(f) RETURN f`},
		{"hop2count", `MATCH (p:Person {id: $id})-[:KNOWS]->()-[:KNOWS]->(f) RETURN count(DISTINCT f) AS n`},
		{"hop2var", `MATCH (:Person {id: $id})-[:KNOWS*2..2]->(x) RETURN count(DISTINCT x)`},
		{"aggregate10k", `MATCH (p:Person) RETURN p.city AS city, count(*) AS n, avg(p.age) AS age`},
		{"average10k", `MATCH (p:Person) RETURN p.city, avg(p.age)`},
		{"group10k", `MATCH (p:Person) RETURN p.city AS city, count(*) AS n`},
		{"filter10k", `MATCH (p:Person) WHERE p.age > 88 RETURN count(*) AS n`},
		{"top10of10k", `MATCH (p:Person) RETURN p.name AS name ORDER BY p.age DESC, name LIMIT 10`},
		{"count", `MATCH (p:Person) RETURN count(p) AS n`},
		{"shortest", `MATCH (a:Person {id: 1}), (b:Person {id: 5000}) MATCH p = shortestPath((a)-[:KNOWS*]-(b)) RETURN length(p) AS n`},
	} {
		b.Run(c.name, func(b *testing.B) {
			q := mustPrepare(b, c.text)
			sink := &discard{}
			options := cypher.Options{Params: map[string]value.Value{"id": value.Int(4711)}}
			measured(b, func() {
				for b.Loop() {
					if _, err := cypher.Read(context.Background(), q, g, options, sink); err != nil {
						b.Fatal(err)
					}
				}
			})
			if sink.rows == 0 {
				b.Fatal("no rows")
			}
		})
	}
}

func BenchmarkWrite(b *testing.B) {
	for _, size := range []int{1, 1000} {
		b.Run(fmt.Sprintf("create%d", size), func(b *testing.B) {
			q := mustPrepare(b, `UNWIND $rows AS row CREATE (:Person {id: row, name: 'somebody'})`)
			if size == 1 {
				q = mustPrepare(b, `CREATE (:Person {id: 1, name: 'somebody'})`)
			}
			rows := make([]value.Value, size)
			for i := range rows {
				rows[i] = value.Int(int64(i))
			}
			g := people(b, 1000)
			options := cypher.Options{Params: map[string]value.Value{"rows": value.List(rows)}}
			sequence := g.Stamp().Sequence
			measured(b, func() {
				for b.Loop() {
					sequence++
					d := graph.NewDraft(g, graph.Stamp{Term: 1, Sequence: sequence}, graph.DraftLimits{})
					if _, err := cypher.Write(context.Background(), q, d, options, &discard{}); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
	b.Run("merge", func(b *testing.B) {
		g := people(b, 10_000)
		q := mustPrepare(b, `MERGE (p:Person {id: $id}) ON MATCH SET p.seen = true`)
		options := cypher.Options{Params: map[string]value.Value{"id": value.Int(4711)}}
		measured(b, func() {
			for b.Loop() {
				d := graph.NewDraft(g, graph.Stamp{Term: 1, Sequence: 100}, graph.DraftLimits{})
				if _, err := cypher.Write(context.Background(), q, d, options, &discard{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}

// BenchmarkScale asks the same of 10 000 and of 100 000 people who know five each, every time of another one: what a
// read costs must not follow the size of the graph.
func BenchmarkScale(b *testing.B) {
	for _, nodes := range []int{10_000, 100_000} {
		g := graph.Empty()
		for from := 0; from < nodes; from += 10_000 {
			g = write(b, g, map[string]value.Value{"from": value.Int(int64(from))},
				`UNWIND range($from, $from + 9999) AS i CREATE (:Person {id: i, name: 'person ' + toString(i)})`)
		}
		g = write(b, g, nil, `CREATE INDEX people FOR (p:Person) ON (p.id)`)
		for from := 0; from < nodes; from += 10_000 {
			g = write(b, g, map[string]value.Value{"n": value.Int(int64(nodes)), "from": value.Int(int64(from))},
				`UNWIND range($from, $from + 9999) AS i UNWIND range(1, 5) AS k
				 MATCH (a:Person {id: i}), (b:Person {id: (i * 7 + k * 131) % $n}) CREATE (a)-[:KNOWS]->(b)`)
		}
		for _, c := range []struct{ name, text string }{
			{"point", `MATCH (p:Person {id: $id}) RETURN p.name`},
			{"hop2", `MATCH (p:Person {id: $id})-[:KNOWS]->()-[:KNOWS]->(f) RETURN f.name`},
			{"hop2count", `MATCH (:Person {id: $id})-[:KNOWS*2..2]->(x) RETURN count(DISTINCT x)`},
		} {
			b.Run(fmt.Sprint(c.name, "/", nodes), func(b *testing.B) {
				q, sink := mustPrepare(b, c.text), &discard{}
				options := cypher.Options{Params: map[string]value.Value{}}
				measured(b, func() {
					for i := 0; b.Loop(); i++ {
						options.Params["id"] = value.Int(int64(i * 7919 % nodes))
						if _, err := cypher.Read(context.Background(), q, g, options, sink); err != nil {
							b.Fatal(err)
						}
					}
				})
				if sink.rows == 0 {
					b.Fatal("no rows")
				}
			})
		}
	}
}
