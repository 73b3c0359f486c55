package chaos

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hivellm/nexus/scripts/cluster"
)

const (
	residencyTenants = 30
	residencyBatch   = 250
	residencyText    = 2_500 // bytes of a node's property
	residencyBeyond  = 512 << 20
)

// TestResidency has every one of thirty tenants read and written in turn, on nodes whose memory.budget is a third of what
// they hold together: no request fails, no process outgrows budget and 512 MiB, and the digests agree.
func TestResidency(t *testing.T) {
	budget := cluster.Size(16<<20, 256<<20)
	nodes := 3 * budget / residencyTenants / (residencyText + 200)
	c := cluster.New(t, cluster.Options{Env: []string{fmt.Sprintf("NEXUS_MEMORY_BUDGET=%d", budget)}})
	ctx := cluster.Within(t, 10*time.Minute)
	var tenants []*cluster.Tenant
	most := uint64(0)
	for i := range residencyTenants {
		k := tenant(t, ctx, c, fmt.Sprint("resident", i))
		fill(t, ctx, c, k, nodes)
		tenants = append(tenants, k)
		most = max(most, rss(t, c))
		withinBudget(t, ctx, c, budget)
	}
	for round := range 2 {
		for i, k := range tenants {
			for at, n := range c.Nodes {
				want := int64(nodes + round*len(c.Nodes) + at)
				got, err := insist(t, ctx, k.Client, n, cluster.Query{Text: "MATCH (n) RETURN count(n)"}).Int()
				if err != nil || got != want {
					t.Fatalf("%s of tenant %d counts %d nodes, not %d (%v)", n.Name, i, got, want, err)
				}
				insist(t, ctx, k.Client, n, cluster.Query{Text: "CREATE (:Turn {round: $round})", Parameters: map[string]any{"round": round}})
			}
			most = max(most, rss(t, c))
			withinBudget(t, ctx, c, budget)
		}
	}
	t.Logf("%d tenants of %d nodes, budget %d MiB: at most %d MiB resident in a process", residencyTenants, nodes, budget>>20, most>>20)
	if limit := uint64(budget + residencyBeyond); most > limit {
		t.Errorf("a process held %d bytes, more than %d", most, limit)
	}
	agree(t, c, tenants[0].ID)
}

// fill makes nodes of some bytes each, in batches through one node.
func fill(t *testing.T, ctx context.Context, c *cluster.Cluster, k *cluster.Tenant, nodes int) {
	t.Helper()
	text := strings.Repeat("x", residencyText)
	for made := 0; made < nodes; made += residencyBatch {
		insist(t, ctx, k.Client, c.Nodes[made/residencyBatch%len(c.Nodes)], cluster.Query{
			Text:       "UNWIND range(1, $n) AS i CREATE (:Data {i: i, text: $text})",
			Parameters: map[string]any{"n": min(residencyBatch, nodes-made), "text": text},
		})
	}
}

// withinBudget sees that no node holds more of tenants' data than its memory.budget, by its own status.
func withinBudget(t *testing.T, ctx context.Context, c *cluster.Cluster, budget int) {
	t.Helper()
	for _, n := range c.Nodes {
		if found := residentBytes(t, ctx, c, n); found > uint64(budget) {
			t.Errorf("%s has %d bytes of tenants' data in memory, more than its budget of %d", n.Name, found, budget)
		}
	}
}

// insist asks until the answer is good: while leadership moves, as it may on a machine that has other work, a request
// is told that it did not happen, or that nobody knows; it is asked again under its key.
func insist(t *testing.T, ctx context.Context, k *cluster.Client, n *cluster.Node, q cluster.Query) *cluster.Answer {
	t.Helper()
	q.Key = rand.Text()
	for {
		answer, _, err := k.Cypher(ctx, n, q)
		if err == nil && answer.Problem == nil {
			return answer
		}
		again := err != nil || answer.Problem.Code == "NO_LEADER" || answer.Problem.Code == "UNKNOWN_OUTCOME"
		if err == nil {
			err = answer.Err()
		}
		if !again || ctx.Err() != nil {
			t.Fatalf("%s on %s: %v", q.Text, n.Name, err)
		}
		pause(ctx)
	}
}

// rss is the largest process's memory.
func rss(t *testing.T, c *cluster.Cluster) (most uint64) {
	t.Helper()
	for _, n := range c.Nodes {
		bytes, err := n.ResidentBytes()
		if err != nil {
			t.Fatal(err)
		}
		most = max(most, bytes)
	}
	return most
}
