package chaos

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hivellm/nexus/scripts/cluster"
)

const (
	indexWriters = 16 // of the database that gets an index
	indexBeside  = 4  // of another tenant
	indexFactor  = 2  // what the build may make of their p99
	indexBatch   = 5_000
)

// TestIndexBuild makes an index over many nodes under writers of the same database and of another tenant: nobody's p99
// gets twice as long, the index is whole on every node at last, and finds what was written meanwhile.
func TestIndexBuild(t *testing.T) {
	c := cluster.New(t, cluster.Options{})
	ctx := cluster.Within(t, 10*time.Minute)
	nodes := cluster.Size(20_000, 1_000_000)
	owner, beside := tenant(t, ctx, c, "indexed"), tenant(t, ctx, c, "beside")
	for made := 0; made < nodes; made += indexBatch {
		insist(t, ctx, owner.Client, c.Nodes[made/indexBatch%len(c.Nodes)], cluster.Query{
			Text: "UNWIND range($from, $to) AS i CREATE (:P {x: i, name: 'a person of some name'})", Parameters: map[string]any{"from": made, "to": made + indexBatch - 1},
		})
	}
	agree(t, c, owner.ID)
	w := &indexLoad{c: c, tenants: [2]*cluster.Tenant{owner, beside}}
	span := time.Duration(cluster.Size(1, 10)) * time.Second
	before, err := w.during(ctx, func(ctx context.Context) error { return lasting(ctx, span) })
	if err != nil {
		t.Fatal(err)
	}
	var asked, built time.Duration
	meanwhile, err := w.during(ctx, func(ctx context.Context) error {
		began := time.Now()
		_, err := good(ctx, owner.Client, c.Nodes[0], cluster.Query{Text: "CREATE INDEX i FOR (p:P) ON (p.x)"})
		if asked = time.Since(began); err != nil {
			return err
		}
		err = indexWhole(ctx, c, owner)
		built = time.Since(began)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("an index over %d nodes: answered after %v, whole on all nodes after %v", nodes, asked.Round(time.Millisecond), built.Round(time.Millisecond))
	for i, who := range []string{"the same database", "another tenant"} {
		t.Logf("writers of %s: before %s; meanwhile %s", who, before[i], meanwhile[i])
		if cluster.Full() && meanwhile[i].p99 > indexFactor*max(before[i].p99, laneFloor) {
			t.Errorf("the p99 of writers of %s is %v, more than %d × %v", who, meanwhile[i].p99, indexFactor, before[i].p99)
		}
	}
	strongly(t, ctx, c, owner.Client, "MATCH (p:P) WHERE p.x >= 0 RETURN count(p)", int64(nodes))
	strongly(t, ctx, c, owner.Client, "MATCH (p:P) WHERE p.x < 0 RETURN count(p)", int64(w.wrote[0]))
	agree(t, c, owner.ID)
}

// indexWhole waits until every node says that its index is whole.
func indexWhole(ctx context.Context, c *cluster.Cluster, owner *cluster.Tenant) error {
	for _, n := range c.Nodes {
		err := cluster.Until(ctx, "the index on "+n.Name, func() (bool, error) {
			answer, err := good(ctx, owner.Client, n, cluster.Query{Text: "SHOW INDEXES", Consistency: "local"})
			if err != nil {
				return false, err
			}
			rows, err := answer.Rows()
			if err != nil || len(rows) != 1 {
				return false, err // it has not heard of it yet
			}
			return slices.Contains(rows[0], any("ONLINE")), nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// indexLoad is the writers of two tenants: each writes one node after another, of the indexed label with numbers below
// zero.
type indexLoad struct {
	c       *cluster.Cluster
	tenants [2]*cluster.Tenant

	mu    sync.Mutex
	next  int                // guarded by mu
	wrote [2]int             // guarded by mu
	took  [2][]time.Duration // guarded by mu
}

// during writes while something else happens, and tells what each tenant's writes took.
func (w *indexLoad) during(ctx context.Context, do func(context.Context) error) ([2]latencies, error) {
	w.took = [2][]time.Duration{}
	running, stop := context.WithCancel(ctx)
	defer stop()
	var writers errgroup.Group
	for i := range indexWriters + indexBeside {
		who := 0
		if i >= indexWriters {
			who = 1
		}
		writers.Go(func() error {
			for running.Err() == nil {
				if err := w.write(ctx, who, w.c.Nodes[i%len(w.c.Nodes)]); err != nil {
					stop()
					return err
				}
			}
			return nil
		})
	}
	err := do(running)
	stop()
	if failed := writers.Wait(); failed != nil {
		err = failed
	}
	if err != nil {
		return [2]latencies{}, err
	}
	return [2]latencies{latenciesOf(w.took[0]), latenciesOf(w.took[1])}, nil
}

func (w *indexLoad) write(ctx context.Context, who int, n *cluster.Node) error {
	w.mu.Lock()
	w.next++
	x := -w.next
	w.mu.Unlock()
	label := "P"
	if who == 1 {
		label = "Q"
	}
	began := time.Now()
	_, err := good(ctx, w.tenants[who].Client, n, cluster.Query{Text: "CREATE (:" + label + " {x: $x})", Parameters: map[string]any{"x": x}})
	took := time.Since(began)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wrote[who]++
	w.took[who] = append(w.took[who], took)
	return err
}
