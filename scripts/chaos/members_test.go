package chaos

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hivellm/nexus/scripts/cluster"
)

// memberClients read and write while members come and go; each asks once more, elsewhere, when it is not answered well.
const memberClients = 16

// TestMembers has a fourth node join and the first one, the leader, leave under load; then it looks at who is refused.
func TestMembers(t *testing.T) {
	c := cluster.New(t, cluster.Options{Spare: 1})
	ctx := cluster.Within(t, 2*time.Minute)
	first := tenant(t, ctx, c, "before")
	load := startLoad(ctx, first.Client, c.Nodes)
	defer load.stop()
	load.flows(t, ctx)

	joined := join(t, ctx, c)
	load.goTo(c.Nodes)
	second := tenant(t, ctx, c, "made while it joined")
	cluster.Ask(t, ctx, second.Client, joined, cluster.Query{Text: "UNWIND range(1, 50) AS i CREATE (:Made {i: i})"})
	load.flows(t, ctx)

	leaving, rest := c.Nodes[0], c.Nodes[1:]
	if !c.Leads(ctx, leaving) {
		if err := c.Transfer(ctx, leaving); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	told, err := c.Nexus(ctx, "cluster", "drain", leaving.Name, "--wait", "-o", "json")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("drained in %v: %s", time.Since(began).Round(time.Millisecond), strings.Join(strings.Fields(told), " "))
	if code, err := leaving.AwaitEnd(ctx); err != nil || code != 0 {
		t.Fatalf("the node that left ended with %d, %v", code, err)
	}
	load.flows(t, ctx)
	load.goTo(rest)
	load.flows(t, ctx)
	load.stop()
	load.judge(t, ctx, rest)
	status, err := c.Status(ctx, rest[0])
	if err != nil || len(status.Nodes) != 3 || status.Tolerated != 1 {
		t.Fatalf("the cluster after it: %+v, %v", status, err)
	}
	agree(t, c, second.ID)
	checkRefusals(t, ctx, c, leaving, rest)
	if nodes, _ := agree(t, c, second.ID); nodes != 50 {
		t.Errorf("%d nodes of the tenant made meanwhile, 50 were created", nodes)
	}
}

// join has a fourth node come, die half way, come again, and become a voter.
func join(t *testing.T, ctx context.Context, c *cluster.Cluster) *cluster.Node {
	t.Helper()
	via := c.Nodes[0]
	joined, err := c.Add(ctx)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	role := func(want string) {
		t.Helper()
		err := cluster.Until(ctx, joined.Name+" to be a "+want, func() (bool, error) {
			now, err := c.Role(ctx, via, joined.Name)
			return err == nil && now == want, joined.Died()
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	role("learner")
	if err := errors.Join(joined.Kill(), joined.Start()); err != nil {
		t.Fatal(err)
	}
	role("voter")
	t.Logf("joined, died half way, came again and votes after %v", time.Since(began).Round(time.Millisecond))
	return joined
}

// checkRefusals looks at what must be refused, and by what name, in a cluster of three that one node has left.
func checkRefusals(t *testing.T, ctx context.Context, c *cluster.Cluster, left *cluster.Node, rest []*cluster.Node) {
	t.Helper()
	ends := func(n *cluster.Node, why string) {
		t.Helper()
		code, err := n.AwaitEnd(ctx)
		logged, reading := n.Logged(why)
		if err := errors.Join(err, reading); err != nil || !logged {
			t.Fatalf("%s ended with %d, %v; it says %q: %v", n.Name, code, err, why, logged)
		}
	}
	refused := func(code int, text string, arguments ...string) {
		t.Helper()
		_, err := c.Nexus(ctx, arguments...)
		var failed *cluster.Failed
		if !errors.As(err, &failed) || failed.Code != code || !strings.Contains(failed.Text, text) {
			t.Fatalf("nexus %s: %v, wanted exit %d with %q", strings.Join(arguments, " "), err, code, text)
		}
	}
	if err := left.Start(); err != nil {
		t.Fatal(err)
	}
	ends(left, "was removed from the cluster: its folder cannot be used again")
	leader, err := c.Leader(ctx)
	if err != nil {
		t.Fatal(err)
	}
	dead := rest[slices.IndexFunc(rest, func(n *cluster.Node) bool { return n != leader })]
	refused(7, "nexus cluster drain "+dead.Name, "cluster", "remove", dead.Name)
	refused(3, "nobody", "cluster", "drain", "nobody")
	if err := dead.Kill(); err != nil {
		t.Fatal(err)
	}
	refused(7, "of the 2 voters that remain 2 must answer, and 1 does ("+dead.Name+" does not)", "cluster", "drain", leader.Name)
	refused(7, "nexus cluster remove "+dead.Name, "cluster", "drain", leader.Name)
	told, err := c.Nexus(ctx, "cluster", "remove", dead.Name)
	if err != nil || !strings.Contains(told, "2 voters remain, failures_tolerated: 0") {
		t.Fatalf("remove a dead node: %s, %v", told, err)
	}
	if err := dead.Start(); err != nil {
		t.Fatal(err)
	}
	ends(dead, "removed from the cluster")
}

// load is clients that read and write. Safe for concurrent use.
type load struct {
	k     *cluster.Client
	nodes atomic.Pointer[[]*cluster.Node]
	done  atomic.Int64
	again atomic.Int64
	end   context.CancelFunc
	group errgroup.Group

	mu     sync.Mutex
	wrote  map[string]bool // guarded by mu: what was answered well
	failed []string        // guarded by mu: what failed twice
}

func startLoad(ctx context.Context, k *cluster.Client, nodes []*cluster.Node) *load {
	l := &load{k: k, wrote: map[string]bool{}}
	l.goTo(nodes)
	working, end := context.WithCancel(ctx)
	l.end = end
	for client := range memberClients {
		l.group.Go(func() error {
			for i := 0; working.Err() == nil; i++ {
				l.request(ctx, client, i)
			}
			return nil
		})
	}
	return l
}

// goTo names the nodes that clients know from now on.
func (l *load) goTo(nodes []*cluster.Node) {
	known := slices.Clone(nodes)
	l.nodes.Store(&known)
}

// request is a write by even clients, a strong read by odd ones: at one node, and once more at the next.
func (l *load) request(ctx context.Context, client, i int) {
	q := cluster.Query{Text: "MATCH (w:Kept) RETURN count(w)", TimeoutMs: 10_000}
	name := fmt.Sprintf("%d-%d", client, i)
	if client%2 == 0 {
		q = cluster.Query{Text: "CREATE (:Kept {name: $name})", Parameters: map[string]any{"name": name}, Key: name, TimeoutMs: 10_000}
	}
	var why []string
	for attempt := range 2 {
		nodes := *l.nodes.Load()
		n := nodes[(client+i+attempt)%len(nodes)]
		answer, outcome, err := l.k.Cypher(ctx, n, q)
		if outcome == cluster.Done {
			l.answered(q, name, attempt)
			return
		}
		if err == nil {
			err = answer.Err()
		}
		why = append(why, fmt.Sprintf("%s: %v", n.Name, err))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed = append(l.failed, name+": "+strings.Join(why, ", then "))
}

func (l *load) answered(q cluster.Query, name string, attempt int) {
	l.done.Add(1)
	l.again.Add(int64(attempt))
	if q.Key != "" {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.wrote[name] = true
	}
}

// flows waits until some hundred more requests are answered.
func (l *load) flows(t *testing.T, ctx context.Context) {
	t.Helper()
	before := l.done.Load()
	err := cluster.Until(ctx, "requests to flow", func() (bool, error) { return l.done.Load() >= before+300, nil })
	if err != nil {
		t.Fatal(err)
	}
}

func (l *load) stop() {
	l.end()
	_ = l.group.Wait() // clients note what fails
}

// judge: nothing failed twice, and what was answered well is there once, on every node.
func (l *load) judge(t *testing.T, ctx context.Context, nodes []*cluster.Node) {
	t.Helper()
	t.Logf("%d requests answered, %d of them at the second attempt, %d failed", l.done.Load(), l.again.Load(), len(l.failed))
	if len(l.failed) > 0 {
		t.Errorf("%d requests failed twice: %s", len(l.failed), strings.Join(l.failed[:min(5, len(l.failed))], "; "))
	}
	for _, n := range nodes {
		rows, err := cluster.Ask(t, ctx, l.k, n, cluster.Query{Text: "MATCH (w:Kept) RETURN w.name, count(*)", TimeoutMs: 30_000}).Rows()
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]string{}
		for _, row := range rows {
			found[fmt.Sprint(row[0])] = fmt.Sprint(row[1])
		}
		for name := range l.wrote {
			if found[name] != "1" {
				t.Errorf("%s: write %s was answered well and is there %q times", n.Name, name, found[name])
			}
		}
	}
}
