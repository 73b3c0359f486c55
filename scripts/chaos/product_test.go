package chaos

import (
	"context"
	"fmt"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hivellm/nexus/scripts/cluster"
)

// TestProduct runs the checks one after another on one cluster: those without faults first.
func TestProduct(t *testing.T) {
	c := cluster.New(t, cluster.Options{})
	for _, check := range []struct {
		name string
		run  func(*testing.T, *cluster.Cluster)
	}{
		{"Counts", checkCounts},
		{"Merge", checkMerge},
		{"Northwind", checkNorthwind},
		{"Lanes", checkLanes},
		{"Hostile", checkHostile},
		{"Idle", checkIdle},
		{"Damage", checkDamage},
		{"Scenarios", checkScenarios},
		{"Kills", checkKills},
		{"Histories", checkHistories},
		{"Quotas", checkQuotas},
	} {
		t.Run(check.name, func(t *testing.T) { check.run(t, c) })
	}
}

// tenant makes a tenant named after the test.
func tenant(t *testing.T, ctx context.Context, c *cluster.Cluster, name string) *cluster.Tenant {
	t.Helper()
	made, err := c.Tenant(ctx, name, nil)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// each runs n clients at once and returns the first error.
func each(ctx context.Context, n int, run func(ctx context.Context, i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for i := range n {
		group.Go(func() error { return run(ctx, i) })
	}
	return group.Wait()
}

// good runs a query that must be answered well at the first attempt.
func good(ctx context.Context, k *cluster.Client, n *cluster.Node, q cluster.Query) (*cluster.Answer, error) {
	answer, _, err := k.Cypher(ctx, n, q)
	if err != nil {
		return nil, err
	}
	if err := answer.Err(); err != nil {
		return nil, fmt.Errorf("%s: %.120s: %w", n.Name, q.Text, err)
	}
	return answer, nil
}

// agree checks that every node holds the same data, and returns the tenant's counts.
func agree(t *testing.T, c *cluster.Cluster, tenantID string) (nodes, relationships uint64) {
	t.Helper()
	digest, err := c.Agree(cluster.Within(t, 30*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range digest.Databases {
		if d.TenantID == tenantID {
			nodes += d.Nodes
			relationships += d.Relationships
		}
	}
	return nodes, relationships
}

// strongly asks every node for one integer, which must be want on each.
func strongly(t *testing.T, ctx context.Context, c *cluster.Cluster, k *cluster.Client, text string, want int64) {
	t.Helper()
	for _, n := range c.Nodes {
		if got := cluster.AskInt(t, ctx, k, n, cluster.Query{Text: text, Consistency: "strong"}); got != want {
			t.Errorf("%s: %s = %d, wanted %d", n.Name, text, got, want)
		}
	}
}
