package chaos

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/hivellm/nexus/scripts/cluster"
)

const (
	// hostileFactor is how many times as long the p99 of a quiet tenant's point reads may be beside a hostile tenant.
	hostileFactor = 3
	// hostileFloor is the shortest p99 that is compared: below it the scheduler of a machine that holds three nodes and their
	// clients decides.
	hostileFloor = 5 * time.Millisecond
	// hostileClients send one hostile query after another, to all nodes in turn.
	hostileClients = 8
)

// hostileQueries are what one tenant may do to others: each would run for minutes, or hold gigabytes.
var hostileQueries = []string{
	`MATCH p = (:P {i: 0})-[:R*1..30]-() RETURN count(p) AS n`,
	`MATCH (a), (b), (c), (d) RETURN count(*) AS n`,
	`UNWIND range(1, 30000000) AS a UNWIND range(1, 30000000) AS b WITH a + b AS c WHERE c < 0 RETURN c`,
	`UNWIND range(1, 20000000) AS i RETURN size(collect(i)) AS n`,
	`UNWIND range(1, 20000000) AS i WITH i ORDER BY i % 1000, -i RETURN count(i) AS n`,
}

// checkHostile times a quiet tenant's point reads alone, and beside a tenant that does its worst. No node may die and no
// leader be lost by it.
func checkHostile(t *testing.T, c *cluster.Cluster) {
	ctx := cluster.Within(t, 3*time.Minute)
	quiet, hostile := tenant(t, ctx, c, "hostile-quiet"), tenant(t, ctx, c, "hostile-worst")
	leader, err := c.Leader(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range []struct {
		k    *cluster.Client
		text string
	}{
		{quiet.Client, `CREATE INDEX FOR (p:Person) ON (p.id)`},
		{quiet.Client, `UNWIND range(0, 999) AS i CREATE (:Person {id: i, name: 'person ' + toString(i)})`},
		{hostile.Client, `UNWIND range(0, 199) AS i CREATE (:P {i: i})`},
		{hostile.Client, `MATCH (a:P) UNWIND [1, 2, 3, 5, 8, 13] AS k MATCH (b:P {i: (a.i + k) % 200}) CREATE (a)-[:R]->(b)`},
	} {
		if _, err := good(ctx, one.k, leader, cluster.Query{Text: one.text}); err != nil {
			t.Fatal(err)
		}
	}
	span := time.Duration(cluster.Size(2, 10)) * time.Second
	pointReads(ctx, t, quiet.Client, leader, time.Second) // warm
	alone := pointReads(ctx, t, quiet.Client, leader, span)
	stop := attack(ctx, c, hostile.Client)
	beside := pointReads(ctx, t, quiet.Client, leader, span)
	answered := stop()
	t.Logf("alone: %s", alone)
	t.Logf("beside %d clients of a hostile tenant: %s; %d of its queries came to an end", hostileClients, beside, answered)
	after, err := c.Leader(ctx)
	if err != nil || after != leader {
		t.Errorf("the leader was lost: %v", err)
	}
	for _, n := range c.Nodes {
		if n.State() != cluster.Up {
			t.Errorf("%s died", n.Name)
		}
	}
	if cluster.Full() && beside.p99 > hostileFactor*max(alone.p99, hostileFloor) { // quick runs share the machine with other tests
		t.Errorf("a quiet tenant's point reads: p99 %v beside a hostile one, more than %d × %v", beside.p99, hostileFactor, alone.p99)
	}
}

// attack sends hostile queries until stop, which tells how many were answered.
func attack(ctx context.Context, c *cluster.Cluster, k *cluster.Client) (stop func() int) {
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	var mu sync.Mutex // guards answered
	answered := 0
	for client := range hostileClients {
		group.Go(func() {
			for i := client; ctx.Err() == nil; i++ {
				q := cluster.Query{Text: hostileQueries[i%len(hostileQueries)], Consistency: "strong", TimeoutMs: 5_000}
				if _, _, err := k.Cypher(ctx, c.Nodes[i%len(c.Nodes)], q); err == nil { // most are refused by a limit
					mu.Lock()
					answered++
					mu.Unlock()
				}
			}
		})
	}
	return func() int {
		cancel()
		group.Wait()
		mu.Lock()
		defer mu.Unlock()
		return answered
	}
}

// pointReads reads one person after another.
func pointReads(ctx context.Context, t *testing.T, k *cluster.Client, n *cluster.Node, span time.Duration) latencies {
	t.Helper()
	var took []time.Duration
	for until := time.Now().Add(span); time.Now().Before(until); {
		started := time.Now()
		if _, err := good(ctx, k, n, cluster.Query{Text: `MATCH (p:Person {id: $id}) RETURN p.name`, Parameters: map[string]any{"id": len(took) % 1000}}); err != nil {
			t.Fatal(err)
		}
		took = append(took, time.Since(started))
	}
	return latenciesOf(took)
}
