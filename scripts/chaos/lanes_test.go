package chaos

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hivellm/nexus/scripts/cluster"
)

const (
	laneFactor = 2 // a long write elsewhere may make the p99 of single creates this many times as long
	heavyQuery = "UNWIND range(1, $n) AS a UNWIND range(1, 1000) AS b WITH sum(a * b % 7) AS s CREATE (:Heavy {s: s})"
	// laneFloor is the shortest p99 that is compared: below it a scheduler's slice on a busy core decides.
	laneFloor = 5 * time.Millisecond
)

// checkLanes times single creates alone, and while another tenant, and another database of the tenant, runs a write
// that takes long.
func checkLanes(t *testing.T, c *cluster.Cluster) {
	heavyFor := time.Duration(cluster.Size(1, 5)) * time.Second
	ctx := cluster.Within(t, 3*time.Minute)
	leader, err := c.Leader(ctx)
	if err != nil {
		t.Fatal(err)
	}
	light, heavy := tenant(t, ctx, c, "light"), tenant(t, ctx, c, "heavy")
	if err := c.CreateDatabase(ctx, light, "second"); err != nil {
		t.Fatal(err)
	}
	rows := calibrate(t, ctx, heavy.Client, leader, heavyFor)
	creates(t, ctx, light.Client, leader, time.Second) // warm
	alone := creates(t, ctx, light.Client, leader, heavyFor)
	t.Logf("alone: %s", alone)
	for _, beside := range []struct {
		name     string
		k        *cluster.Client
		database string
	}{{"another tenant's long write", heavy.Client, "default"}, {"a long write in the tenant's other database", light.Client, "second"}} {
		running, finished := context.WithCancel(ctx)
		long := make(chan error, 1)
		started := time.Now()
		go func() {
			defer finished()
			_, err := good(ctx, beside.k, leader, cluster.Query{
				Text: heavyQuery, Parameters: map[string]any{"n": rows}, Database: beside.database, TimeoutMs: 60_000,
			})
			long <- err
		}()
		loaded := createsUntil(t, ctx, running, light.Client, leader)
		if err := <-long; err != nil {
			t.Fatal(err)
		}
		t.Logf("beside %s of %v: %s", beside.name, time.Since(started).Round(time.Millisecond), loaded)
		if most := laneFactor * max(alone.p99, laneFloor); loaded.p99 > most {
			t.Errorf("beside %s a single create's p99 is %v, more than %d × %v", beside.name, loaded.p99, laneFactor, alone.p99)
		}
		if loaded.longest > heavyFor/2 {
			t.Errorf("beside %s a single create took %v: it stood behind it", beside.name, loaded.longest)
		}
	}
}

// calibrate finds how many rows make the heavy query last about so long.
func calibrate(t *testing.T, ctx context.Context, k *cluster.Client, n *cluster.Node, want time.Duration) int {
	t.Helper()
	rows := 100
	for {
		started := time.Now()
		cluster.Ask(t, ctx, k, n, cluster.Query{Text: heavyQuery, Parameters: map[string]any{"n": rows}, TimeoutMs: 60_000})
		took := time.Since(started)
		if took >= want/10 {
			return int(float64(rows) * float64(want) / float64(took))
		}
		rows *= 4
	}
}

// latencies are what single creates took.
type latencies struct {
	count             int
	p50, p99, longest time.Duration
}

func (l latencies) String() string {
	return fmt.Sprintf("%d single creates, p50 %v, p99 %v, longest %v", l.count, l.p50, l.p99, l.longest)
}

func creates(t *testing.T, ctx context.Context, k *cluster.Client, n *cluster.Node, span time.Duration) latencies {
	t.Helper()
	running, stop := context.WithTimeout(ctx, span)
	defer stop()
	return createsUntil(t, ctx, running, k, n)
}

// createsUntil creates one node after another, by one client, while running lasts.
func createsUntil(t *testing.T, ctx, running context.Context, k *cluster.Client, n *cluster.Node) latencies {
	t.Helper()
	var took []time.Duration
	for running.Err() == nil {
		started := time.Now()
		if _, err := good(ctx, k, n, cluster.Query{Text: "CREATE (:Single {i: $i})", Parameters: map[string]any{"i": len(took)}}); err != nil {
			t.Fatal(err)
		}
		took = append(took, time.Since(started))
	}
	if len(took) == 0 {
		t.Fatal("not one single create was made meanwhile")
	}
	slices.Sort(took)
	at := func(part float64) time.Duration {
		return took[min(len(took)-1, int(part*float64(len(took))))].Round(10 * time.Microsecond)
	}
	return latencies{count: len(took), p50: at(0.5), p99: at(0.99), longest: at(1)}
}
