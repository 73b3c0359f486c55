package chaos

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hivellm/nexus/fsm/fsmtest"
	"github.com/hivellm/nexus/scripts/cluster"
	"github.com/hivellm/nexus/tenancy"
)

// TestMigrate brings a standalone database into a tenant while another one writes, breaks the command off on the way, and
// has it find a record that was changed in the source's store.
func TestMigrate(t *testing.T) {
	nodes := cluster.Size(4_000, 100_000)
	c := cluster.New(t, cluster.Options{Spare: 1})
	ctx := cluster.Within(t, 10*time.Minute)
	alone, err := c.Standalone(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = alone.Kill() }()
	fillAlone(t, ctx, alone, nodes)
	if err := alone.Kill(); err != nil { // its log is ahead of its store
		t.Fatal(err)
	}
	into, busy := tenant(t, ctx, c, "migrated"), tenant(t, ctx, c, "busy")
	loaded, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- keepWriting(loaded, c, busy) }()
	broken, cancel := context.WithTimeout(ctx, 1500*time.Millisecond)
	_, _, _ = c.Command(broken, "migrate", "--from", alone.Dir, "--tenant", into.ID)
	cancel()
	started := time.Now()
	output, code, err := c.Command(ctx, "migrate", "--from", alone.Dir, "--tenant", into.ID, "-o", "json")
	took := time.Since(started)
	stop()
	if err != nil || code != 0 {
		t.Fatalf("exit code %d, %v: %s", code, err, output)
	}
	if err := <-done; err != nil && ctx.Err() == nil {
		t.Fatal(err)
	}
	t.Logf("%d nodes and %d relationships beside another tenant's writes, broken off once: the rest in %v", nodes, 5*nodes, took.Round(time.Millisecond))
	if n, r := agree(t, c, into.ID); n != uint64(nodes) || r != uint64(5*nodes) {
		t.Errorf("%d nodes and %d relationships came over", n, r)
	}
	if !strings.Contains(output, digestOf(t, ctx, c, into.ID)) {
		t.Errorf("the target's digest is not the source's: %s", output)
	}
	id := tenancy.IDFromNumber(1)
	if err := fsmtest.ChangeProperty(filepath.Join(alone.Dir, "machine"), id, 0, soundText, sickText); err != nil {
		t.Fatal(err)
	}
	other := tenant(t, ctx, c, "never")
	output, code, err = c.Command(ctx, "migrate", "--from", alone.Dir, "--tenant", other.ID)
	if err != nil || code == 0 || !strings.Contains(output, "damaged") {
		t.Errorf("a source with a changed record: exit code %d, %v: %s", code, err, output)
	}
}

func fillAlone(t *testing.T, ctx context.Context, alone *cluster.Standalone, nodes int) {
	t.Helper()
	const batch = 1000
	ask := func(text string, parameters map[string]any) {
		t.Helper()
		cluster.Ask(t, ctx, alone.Client, alone.Node, cluster.Query{Text: text, Parameters: parameters})
	}
	ask("CREATE CONSTRAINT ids FOR (n:N) REQUIRE n.i IS UNIQUE", nil)
	for from := 0; from < nodes; from += batch {
		ask("UNWIND range($from, $to) AS i CREATE (:N {i: i, text: CASE i WHEN 7 THEN $sound ELSE 'some text' END})",
			map[string]any{"from": from, "to": min(from+batch, nodes) - 1, "sound": soundText})
	}
	for from := 0; from < nodes; from += batch {
		ask("UNWIND range($from, $to) AS i UNWIND range(1, 5) AS k MATCH (a:N {i: i}), (b:N {i: (i + k * 17) % $all}) CREATE (a)-[:R {k: k}]->(b)",
			map[string]any{"from": from, "to": min(from+batch, nodes) - 1, "all": nodes})
	}
}

// keepWriting writes until its context ends.
func keepWriting(ctx context.Context, c *cluster.Cluster, k *cluster.Tenant) error {
	for i := 0; ctx.Err() == nil; i++ {
		if _, err := good(ctx, k.Client, c.Nodes[i%len(c.Nodes)], cluster.Query{Text: "CREATE (:Busy {i: $i})", Parameters: map[string]any{"i": i}}); err != nil && ctx.Err() == nil {
			return fmt.Errorf("the tenant beside: %w", err)
		}
	}
	return nil
}

func digestOf(t *testing.T, ctx context.Context, c *cluster.Cluster, tenantID string) string {
	t.Helper()
	digest, err := c.Agree(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range digest.Databases {
		if d.TenantID == tenantID {
			return d.Digest
		}
	}
	return "none"
}
