package chaos

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/hivellm/nexus/scripts/cluster"
)

const (
	restartReady  = 5 * time.Second // from the start of the process to ready
	restartMemory = 200 << 20       // what it may take by then, mapped files left out
	restartSmall  = 1 << 20         // what a tenant of ten nodes takes at most
	restartRows   = 2_000           // of a write, each three records
)

// TestRestart starts a node again that holds many records, after a clean stop and after kill -9, alone and among others:
// it is ready in time, has replayed the end of its log at most, has loaded nothing and taken little memory, and answers a
// small tenant without loading the large one.
func TestRestart(t *testing.T) {
	for _, nodes := range []int{1, 3} {
		t.Run(fmt.Sprint(nodes), func(t *testing.T) { checkRestart(t, nodes) })
	}
}

func checkRestart(t *testing.T, nodes int) {
	c := cluster.New(t, cluster.Options{Nodes: nodes})
	ctx := cluster.Within(t, 10*time.Minute)
	large, small := tenant(t, ctx, c, "large"), tenant(t, ctx, c, "small")
	cluster.Ask(t, ctx, small.Client, c.Nodes[0], cluster.Query{Text: "UNWIND range(1, 10) AS i CREATE (:Few {i: i})"})
	records := cluster.Size(20_000, 1_000_000)
	fillRecords(t, ctx, c, large, records)
	n, err := c.Leader(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, how := range []string{"stopped", "killed", "stopped after a kill"} {
		last := endLeader(t, ctx, c, n, how)
		r := startTimed(t, ctx, c, n)
		t.Logf("%d nodes, %d records, %s: ready after %v with %d MiB; opened at index %d of %d", nodes, records, how, r.took.Round(time.Millisecond), r.memory>>20, r.opened, last)
		r.judge(t, how, last)
		if nodes == 1 && r.loaded != 0 { // beside others a node warms what its leader holds (R22)
			t.Errorf("%s: %d bytes of tenants' data in memory at ready", how, r.loaded)
		}
		began := time.Now()
		if got := cluster.AskInt(t, ctx, small.Client, n, cluster.Query{Text: "MATCH (f:Few) RETURN count(f)", Consistency: "local"}); got != 10 {
			t.Errorf("%s: the small tenant counts %d", how, got)
		}
		answered := time.Since(began)
		if bytes := residentBytes(t, ctx, c, n); nodes == 1 && bytes > restartSmall {
			t.Errorf("%s: %d bytes in memory after the small tenant's answer", how, bytes)
		}
		t.Logf("the small tenant was answered after %v more", answered.Round(10*time.Microsecond))
		fillRecords(t, ctx, c, large, records/10) // what the next end finds unflushed
	}
	agree(t, c, large.ID)
}

// fillRecords makes that many nodes and relationships, together.
func fillRecords(t *testing.T, ctx context.Context, c *cluster.Cluster, k *cluster.Tenant, records int) {
	t.Helper()
	for made := 0; made < records; made += 3 * restartRows {
		insist(t, ctx, k.Client, c.Nodes[0], cluster.Query{
			Text:       "UNWIND range(1, $n) AS i CREATE (:Person {i: $from + i, name: 'a person of some name'})-[:KNOWS {since: i}]->(:Person {i: -i})",
			Parameters: map[string]any{"from": made, "n": restartRows},
		})
	}
}

// endLeader ends a node while it leads, and returns what it had applied.
func endLeader(t *testing.T, ctx context.Context, c *cluster.Cluster, n *cluster.Node, how string) (applied uint64) {
	t.Helper()
	if !c.Leads(ctx, n) {
		if err := c.Transfer(ctx, n); err != nil {
			t.Fatal(err)
		}
	}
	last, err := c.Digest(ctx, n)
	if err != nil {
		t.Fatal(err)
	}
	if how == "killed" {
		err = n.Kill()
	} else {
		err = n.Stop(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	return last.AppliedIndex
}

// restarted is what was seen of a start.
type restarted struct {
	took   time.Duration
	memory uint64
	opened uint64 // the index at which the store was opened
	loaded uint64
}

func startTimed(t *testing.T, ctx context.Context, c *cluster.Cluster, n *cluster.Node) (r restarted) {
	t.Helper()
	began := time.Now()
	if err := n.Start(); err != nil {
		t.Fatal(err)
	}
	if err := c.ReadyNode(ctx, n); err != nil {
		t.Fatal(err)
	}
	r.took = time.Since(began)
	var err error
	if r.memory, err = n.PrivateBytes(); err != nil {
		t.Fatal(err)
	}
	if r.opened, err = n.LoggedNumber("store_index"); err != nil {
		t.Fatal(err)
	}
	r.loaded = residentBytes(t, ctx, c, n)
	return r
}

func (r restarted) judge(t *testing.T, how string, last uint64) {
	t.Helper()
	if r.took > restartReady {
		t.Errorf("%s: ready after %v, more than %v", how, r.took, restartReady)
	}
	if r.memory > restartMemory {
		t.Errorf("%s: %d bytes of memory at ready, more than %d", how, r.memory, restartMemory)
	}
	if how != "killed" && r.opened < last {
		t.Errorf("%s: a clean stop left the store at index %d, %d was applied", how, r.opened, last)
	}
	if cluster.Full() && r.opened < last/2 {
		t.Errorf("%s: the store was opened at index %d of %d: it replays the log", how, r.opened, last)
	}
}

// residentBytes is what a node says that tenants' data take in its memory.
func residentBytes(t *testing.T, ctx context.Context, c *cluster.Cluster, n *cluster.Node) uint64 {
	t.Helper()
	status, err := c.Status(ctx, n)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range status.Nodes {
		if m.Name == n.Name {
			return m.ResidentBytes
		}
	}
	t.Fatalf("%s does not stand in its own status", n.Name)
	return 0
}
