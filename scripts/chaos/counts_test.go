package chaos

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hivellm/nexus/scripts/cluster"
)

const (
	countClients = 16
	countBatch   = 100
)

// checkCounts writes nodes and relationships in batches through every node at once, and counts them on each.
func checkCounts(t *testing.T, c *cluster.Cluster) {
	nodes, relationships := cluster.Size(2_000, 10_000), cluster.Size(10_000, 50_000)
	ctx := cluster.Within(t, 3*time.Minute)
	k := tenant(t, ctx, c, "counts")
	cluster.Ask(t, ctx, k.Client, c.Nodes[0], cluster.Query{Text: "CREATE INDEX counted FOR (n:Counted) ON (n.i)"})
	started := time.Now()
	inBatches(t, ctx, c, k, nodes, "UNWIND $batch AS i CREATE (:Counted {i: i, name: 'node ' + toString(i)})")
	written := time.Since(started)
	strongly(t, ctx, c, k.Client, "MATCH (n:Counted) RETURN count(n)", int64(nodes))
	started = time.Now()
	inBatches(t, ctx, c, k, relationships,
		"UNWIND $batch AS i MATCH (a:Counted {i: i % $nodes}) MATCH (b:Counted {i: (i * 7 + 1) % $nodes}) CREATE (a)-[:LINK {i: i}]->(b)")
	t.Logf("%d nodes in %v, %d relationships in %v, %d clients, batches of %d", nodes, written.Round(time.Millisecond),
		relationships, time.Since(started).Round(time.Millisecond), countClients, countBatch)
	strongly(t, ctx, c, k.Client, "MATCH (n) RETURN count(n)", int64(nodes))
	strongly(t, ctx, c, k.Client, "MATCH ()-[r]->() RETURN count(r)", int64(relationships))
	strongly(t, ctx, c, k.Client, "MATCH ()-[r:LINK]->() RETURN count(DISTINCT r.i)", int64(relationships))
	if n, r := agree(t, c, k.ID); n != uint64(nodes) || r != uint64(relationships) {
		t.Errorf("digests speak of %d nodes and %d relationships, wanted %d and %d", n, r, nodes, relationships)
	}
}

// inBatches runs a query over the numbers 0 to total-1 in batches, by countClients clients through every node.
func inBatches(t *testing.T, ctx context.Context, c *cluster.Cluster, k *cluster.Tenant, total int, text string) {
	t.Helper()
	var next atomic.Int64
	nodes := cluster.Size(2_000, 10_000)
	err := each(ctx, countClients, func(ctx context.Context, client int) error {
		node := c.Nodes[client%len(c.Nodes)]
		for {
			from := int(next.Add(countBatch)) - countBatch
			if from >= total {
				return nil
			}
			batch := make([]int, 0, countBatch)
			for i := from; i < min(total, from+countBatch); i++ {
				batch = append(batch, i)
			}
			if _, err := good(ctx, k.Client, node, cluster.Query{Text: text, Parameters: map[string]any{"batch": batch, "nodes": nodes}}); err != nil {
				return err
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}
