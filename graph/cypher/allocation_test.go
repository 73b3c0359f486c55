package cypher_test

import (
	"context"
	"testing"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher"
	"github.com/hivellm/nexus/graph/value"
)

// TestRead_AllocatesNothingPerRow runs queries on a graph and on one of eight times its size: what flows through scans,
// expansions, filters and aggregates must not be allocated row by row, so both allocate about alike.
func TestRead_AllocatesNothingPerRow(t *testing.T) {
	const small, times = 200, 8
	graphs := [2]*graph.Graph{people(t, small), people(t, small*times)}
	for _, text := range []string{
		`MATCH (p:Person) WHERE p.age > 30 AND p.city <> 'city 7' RETURN count(*) AS n`,
		`MATCH (p:Person) WHERE p.name STARTS WITH 'person 1' RETURN count(p.age) AS n`,
		`MATCH (p:Person)-[k:KNOWS]->(f:Person) WHERE k.since < 4 RETURN count(*) AS n`,
		`MATCH (p:Person)-[:KNOWS]->()-[:KNOWS]->(f) WHERE f.age >= p.age RETURN count(*) AS n`,
		`MATCH (p:Person)-[:KNOWS*2..2]->(f) WHERE f.age >= p.age RETURN count(*) AS n`,
		`MATCH (p)-[k]-(f) RETURN count(k.since) AS n`,
		`MATCH (p:Person) WHERE p.id >= 10 RETURN sum(p.age) AS s, avg(p.age) AS a, min(p.id) AS low, max(p.id) AS high`,
		`MATCH (p:Person) RETURN p.city, avg(p.age)`,
		`MATCH (p:Person) RETURN p.age % 5 AS age, p.age > 20 AS older, count(*) AS n, stDev(p.id) AS d`,
		`MATCH (p:Person) RETURN DISTINCT p.city AS city`,
		`MATCH (p:Person) OPTIONAL MATCH (p)-[:KNOWS]->(f) WHERE f.age = 80 RETURN count(f) AS n`,
		`MATCH (p:Person) WHERE exists { (p)-[:KNOWS]->(f) WHERE f.age = 80 } RETURN count(*) AS n`,
		`MATCH (p:Person) RETURN p.name, p.age`,
		`MATCH (p:Person) WITH p.age AS age WHERE age IN [1, 2, 3] RETURN age`,
		`UNWIND $rows AS row MATCH (p:Person) WHERE p.age = row RETURN count(*) AS n`,
	} {
		q := mustPrepare(t, text)
		options := cypher.Options{
			Params: map[string]value.Value{"rows": value.List([]value.Value{value.Int(1), value.Int(2)})},
			Limits: cypher.Limits{MaxRows: 1 << 20, MaxMemoryBytes: 1 << 28},
		}
		var counted [2]float64
		for i, g := range graphs {
			counted[i] = testing.AllocsPerRun(5, func() {
				if _, err := cypher.Read(context.Background(), q, g, options, &discard{}); err != nil {
					t.Fatal(err)
				}
			})
		}
		if most := counted[0] + 24; counted[1] > most {
			t.Errorf("%s\n%g allocations on %d nodes, %g on %d", text, counted[0], small, counted[1], small*times)
		}
	}
}
