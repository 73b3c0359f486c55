package cypher_test

import (
	"context"
	"testing"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher"
	"github.com/hivellm/nexus/graph/value"
)

// BenchmarkIndex asks 100 000 nodes and as many relationships, without indexes and with them.
func BenchmarkIndex(b *testing.B) {
	plain := write(b, graph.Empty(), map[string]value.Value{"n": value.Int(100_000)},
		`UNWIND range(0, $n - 1) AS i CREATE (:Person {id: (i * 7919) % $n, name: 'person ' + toString(i), city: 'city ' + toString(i % 100)})
		 -[:KNOWS {since: i}]->(:Other)`)
	indexed := write(b, plain, nil, `CREATE INDEX FOR (p:Person) ON (p.id)`, `CREATE INDEX FOR (p:Person) ON (p.name)`,
		`CREATE INDEX FOR (p:Person) ON (p.city, p.id)`, `CREATE INDEX FOR ()-[r:KNOWS]-() ON (r.since)`)
	for _, c := range []struct{ name, text string }{
		{"orderLimit10", `MATCH (p:Person) RETURN p.name ORDER BY p.id LIMIT 10`},
		{"orderDescLimit10", `MATCH (p:Person) RETURN p.name ORDER BY p.id DESC LIMIT 10`},
		{"orderAll", `MATCH (p:Person) WITH p ORDER BY p.id RETURN count(p)`},
		{"max", `MATCH (p:Person) RETURN max(p.id)`},
		{"startsWith", `MATCH (p:Person) WHERE p.name STARTS WITH 'person 4711' RETURN p.id`},
		{"compositeRange", `MATCH (p:Person) WHERE p.city = 'city 7' AND p.id < 1000 RETURN p.name`},
		{"relationship", `MATCH (a)-[r:KNOWS {since: 4711}]->(b) RETURN a.name, b`},
	} {
		q := mustPrepare(b, c.text)
		for _, on := range []struct {
			name string
			g    *graph.Graph
		}{{"without", plain}, {"with", indexed}} {
			b.Run(c.name+"/"+on.name, func(b *testing.B) {
				sink := &discard{}
				b.ReportAllocs()
				for b.Loop() {
					if _, err := cypher.Read(context.Background(), q, on.g, cypher.Options{}, sink); err != nil {
						b.Fatal(err)
					}
				}
				if sink.rows == 0 {
					b.Fatal("no rows")
				}
			})
		}
	}
}
