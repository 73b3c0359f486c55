package chaos

import (
	"context"
	"errors"
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
	ctx := cluster.Within(t, 3*time.Minute)
	if err := lanes(ctx, t.Logf, c, "lanes", time.Duration(cluster.Size(1, 5))*time.Second); err != nil {
		t.Error(err)
	}
}

func lanes(ctx context.Context, logf func(string, ...any), c *cluster.Cluster, name string, heavyFor time.Duration) error {
	leader, err := c.Leader(ctx)
	if err != nil {
		return err
	}
	light, err := c.Tenant(ctx, name+"-light", nil)
	if err != nil {
		return err
	}
	heavy, err := c.Tenant(ctx, name+"-heavy", nil)
	if err != nil {
		return err
	}
	if err := c.CreateDatabase(ctx, light, "second"); err != nil {
		return err
	}
	rows, err := calibrate(ctx, heavy.Client, leader, heavyFor)
	if err != nil {
		return err
	}
	if _, err := creates(ctx, light.Client, leader, time.Second); err != nil { // warm
		return err
	}
	alone, err := creates(ctx, light.Client, leader, heavyFor)
	if err != nil {
		return err
	}
	logf("alone: %s", alone)
	for _, beside := range []long{
		{"another tenant's long write", heavy.Client, "default"},
		{"a long write in the tenant's other database", light.Client, "second"},
	} {
		loaded, took, err := beside.run(ctx, light.Client, leader, rows)
		if err != nil {
			return err
		}
		logf("beside %s of %v: %s", beside.name, took.Round(time.Millisecond), loaded)
		if loaded.longest > took/2 {
			return violation("beside %s a single create took %v: it stood behind it", beside.name, loaded.longest)
		}
		if cluster.Full() && loaded.p99 > laneFactor*max(alone.p99, laneFloor) { // quick runs share the machine with other tests
			return violation("beside %s a single create's p99 is %v, more than %d × %v", beside.name, loaded.p99, laneFactor, alone.p99)
		}
	}
	return nil
}

// long is a write that takes long, somewhere else.
type long struct {
	name     string
	k        *cluster.Client
	database string
}

// run times single creates while the long write runs.
func (l long) run(ctx context.Context, light *cluster.Client, n *cluster.Node, rows int) (latencies, time.Duration, error) {
	running, finished := context.WithCancel(ctx)
	ended := make(chan error, 1)
	started := time.Now()
	go func() {
		defer finished()
		_, err := good(ctx, l.k, n, cluster.Query{
			Text: heavyQuery, Parameters: map[string]any{"n": rows}, Database: l.database, TimeoutMs: 60_000,
		})
		ended <- err
	}()
	loaded, err := createsUntil(ctx, running, light, n)
	return loaded, time.Since(started), errors.Join(err, <-ended)
}

// calibrate finds how many rows make the heavy query last about so long.
func calibrate(ctx context.Context, k *cluster.Client, n *cluster.Node, want time.Duration) (int, error) {
	for rows := 100; ; rows *= 4 {
		started := time.Now()
		_, err := good(ctx, k, n, cluster.Query{Text: heavyQuery, Parameters: map[string]any{"n": rows}, TimeoutMs: 60_000})
		took := time.Since(started)
		if err != nil || took >= want/10 {
			return int(float64(rows) * float64(want) / float64(took)), err
		}
	}
}

// latencies are what requests took.
type latencies struct {
	count             int
	p50, p99, longest time.Duration
}

func (l latencies) String() string {
	return fmt.Sprintf("%d requests, p50 %v, p99 %v, longest %v", l.count, l.p50, l.p99, l.longest)
}

func creates(ctx context.Context, k *cluster.Client, n *cluster.Node, span time.Duration) (latencies, error) {
	running, stop := context.WithTimeout(ctx, span)
	defer stop()
	return createsUntil(ctx, running, k, n)
}

// createsUntil creates one node after another, by one client, while running lasts.
func createsUntil(ctx, running context.Context, k *cluster.Client, n *cluster.Node) (latencies, error) {
	var took []time.Duration
	for running.Err() == nil {
		started := time.Now()
		if _, err := good(ctx, k, n, cluster.Query{Text: "CREATE (:Single {i: $i})", Parameters: map[string]any{"i": len(took)}}); err != nil {
			return latencies{}, err
		}
		took = append(took, time.Since(started))
	}
	if len(took) == 0 {
		return latencies{}, violation("not one single create was made meanwhile")
	}
	return latenciesOf(took), nil
}

// latenciesOf sums up what some writes took; none for none.
func latenciesOf(took []time.Duration) latencies {
	if len(took) == 0 {
		return latencies{}
	}
	slices.Sort(took)
	at := func(part float64) time.Duration {
		return took[min(len(took)-1, int(part*float64(len(took))))].Round(10 * time.Microsecond)
	}
	return latencies{count: len(took), p50: at(0.5), p99: at(0.99), longest: at(1)}
}
