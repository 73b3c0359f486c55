package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hivellm/nexus/scripts/cluster"
)

// usedNow is what a tenant's own figures say.
type usedNow struct {
	Storage struct {
		Used  uint64 `json:"used_bytes"`
		Limit uint64 `json:"limit_bytes"`
	} `json:"storage"`
	Period struct {
		Requests uint64 `json:"requests_used"`
	} `json:"period"`
	Usage struct {
		Requests uint64 `json:"requests"`
		Unknown  uint64 `json:"unknown_requests"`
	} `json:"usage"`
}

func usedOn(ctx context.Context, k *cluster.Client, n *cluster.Node) (u usedNow, err error) {
	return u, k.Call(ctx, http.MethodGet, n, "/cluster/stats/self", nil, &u)
}

// checkQuotas holds the limits of a month, a rate and the storage from outside, under kills.
func checkQuotas(t *testing.T, c *cluster.Cluster) {
	for _, check := range []struct {
		name string
		run  func(*testing.T, *cluster.Cluster)
	}{{"Month", checkMonth}, {"Rate", checkRate}, {"Storage", checkStorage}} {
		t.Run(check.name, func(t *testing.T) { check.run(t, c) })
	}
}

// spenders is what clients of a limited tenant saw.
type spenders struct{ admitted, unanswered atomic.Int64 }

// exhaust asks a node until the month is used up. A node that does not answer is asked again.
func (y *spenders) exhaust(ctx context.Context, k *cluster.Client, n *cluster.Node) error {
	for ctx.Err() == nil {
		answer, outcome, err := k.Cypher(ctx, n, cluster.Query{Text: "RETURN 1", Consistency: "local"})
		wait := time.Duration(0)
		switch {
		case err != nil:
			if outcome != cluster.Refused {
				y.unanswered.Add(1)
			}
			wait = 50 * time.Millisecond
		case answer.Problem == nil:
			y.admitted.Add(1)
		case answer.Problem.Code == "QUOTA_EXCEEDED":
			return nil
		case answer.Problem.Code == "RATE_LIMIT_EXCEEDED":
			wait = time.Second
		case answer.Problem.Status == http.StatusServiceUnavailable:
			wait = 50 * time.Millisecond
		default:
			return answer.Err()
		}
		if !pauseFor(ctx, wait) {
			break
		}
	}
	return context.Cause(ctx)
}

func pauseFor(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// checkMonth: three nodes, many clients, kill -9 in between: never more than the limit, and no less than 99 % of it.
func checkMonth(t *testing.T, c *cluster.Cluster) {
	limit, clients, kills := cluster.Size(1500, 5000), cluster.Size(8, 64), cluster.Size(2, 5)
	ctx := cluster.Within(t, 4*time.Minute)
	k, err := c.Tenant(ctx, "a month", map[string]any{"requests_per_month": limit})
	if err != nil {
		t.Fatal(err)
	}
	random := cluster.Random(t)
	var seen spenders
	done := make(chan error, 1)
	go func() {
		done <- each(ctx, clients*len(c.Nodes), func(ctx context.Context, i int) error { return seen.exhaust(ctx, k.Client, c.Nodes[i%len(c.Nodes)]) })
	}()
	for round := range kills {
		before := seen.admitted.Load()
		part := int64(limit / (2 * kills))
		_ = cluster.Until(ctx, "requests between kills", func() (bool, error) { return seen.admitted.Load() >= before+part, ctx.Err() })
		if err := killOne(ctx, c, random, round%2 == 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	u := settledMonth(t, ctx, c, k.Client)
	admitted, unanswered := uint64(seen.admitted.Load()), uint64(seen.unanswered.Load())
	t.Logf("limit %d: %d answered, %d without an answer, %d settled, %d unknown, %d kills", limit, admitted, unanswered, u.Usage.Requests, u.Usage.Unknown, kills)
	switch {
	case admitted > uint64(limit) || u.Period.Requests > uint64(limit):
		t.Errorf("more than the limit of %d was admitted", limit)
	case u.Usage.Requests < admitted || u.Usage.Requests > admitted+unanswered:
		t.Errorf("%d are billed; %d were answered, and %d more may have run", u.Usage.Requests, admitted, unanswered)
	case u.Usage.Requests*100 < uint64(limit)*99:
		t.Errorf("only %d of %d could be reached", u.Usage.Requests, limit)
	case u.Usage.Unknown != 0:
		t.Errorf("%d are unknown, though no power was lost", u.Usage.Unknown)
	}
}

// killOne kills a node, the leader where that is asked for, and waits until all are ready again.
func killOne(ctx context.Context, c *cluster.Cluster, random *rand.Rand, leader bool) error {
	n := c.Nodes[random.IntN(len(c.Nodes))]
	if leader {
		found, err := c.Leader(ctx)
		if err != nil {
			return err
		}
		n = found
	}
	if err := n.Kill(); err != nil {
		return err
	}
	if err := n.Start(); err != nil {
		return err
	}
	return c.Ready(ctx)
}

// settledMonth waits until all nodes say the same of what was used.
func settledMonth(t *testing.T, ctx context.Context, c *cluster.Cluster, k *cluster.Client) (last usedNow) {
	t.Helper()
	var since time.Time
	err := cluster.Until(ctx, "the month to be settled", func() (bool, error) {
		var all []usedNow
		for _, n := range c.Nodes {
			u, err := usedOn(ctx, k, n)
			if err != nil {
				return false, ctx.Err()
			}
			all = append(all, u)
		}
		if slices.ContainsFunc(all, func(u usedNow) bool { return u != all[0] }) || all[0] != last {
			last, since = all[0], time.Now()
		}
		return time.Since(since) > 3*time.Second, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return last
}

// span is when an admitted request was under way.
type span struct{ sent, received time.Duration }

// checkRate: what was certainly admitted in any window stays within burst + rate·w over all nodes; one node alone gets
// nearly all of it.
func checkRate(t *testing.T, c *cluster.Cluster) {
	const rate, burst, clients = 100, 200, 8
	ctx := cluster.Within(t, 3*time.Minute)
	k, err := c.Tenant(ctx, "a rate", map[string]any{"requests_per_second": rate, "burst": burst})
	if err != nil {
		t.Fatal(err)
	}
	all, alone := time.Duration(cluster.Size(6, 20))*time.Second, time.Duration(cluster.Size(24, 40))*time.Second
	begin := time.Now()
	var mu sync.Mutex
	var spans []span
	load := func(nodes []*cluster.Node, until time.Duration) {
		err := each(ctx, clients*len(nodes), func(ctx context.Context, i int) error {
			for time.Since(begin) < until {
				sent := time.Since(begin)
				answer, _, err := k.Cypher(ctx, nodes[i%len(nodes)], cluster.Query{Text: "RETURN 1", Consistency: "local"})
				switch {
				case err != nil:
					return err
				case answer.Problem == nil:
					mu.Lock()
					spans = append(spans, span{sent, time.Since(begin)})
					mu.Unlock()
				case answer.Problem.Code != "RATE_LIMIT_EXCEEDED":
					return answer.Err()
				default:
					pauseFor(ctx, 30*time.Millisecond)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	load(c.Nodes, all)
	load(c.Nodes[:1], all+alone)
	for _, window := range []time.Duration{time.Second, 10 * time.Second} {
		if most := within(spans, window); most > burst+rate*int(window/time.Second) {
			t.Errorf("%d were admitted within %v, at most %d may", most, window, burst+rate*int(window/time.Second))
		}
	}
	last := 0
	for _, s := range spans {
		if s.received >= all+alone-4*time.Second {
			last++
		}
	}
	t.Logf("%d admitted in %v; %d in the last 4 s, by one node alone", len(spans), all+alone, last)
	if last < 4*rate*cluster.Size(70, 90)/100 {
		t.Errorf("one node alone got %d in 4 s", last)
	}
}

// within is the greatest number of spans that lie wholly within a window of a length.
func within(spans []span, window time.Duration) (most int) {
	for _, from := range spans {
		count := 0
		for _, s := range spans {
			if s.sent >= from.sent && s.received <= from.sent+window {
				count++
			}
		}
		most = max(most, count)
	}
	return most
}

// checkStorage: clients write up to the limit of storage while leaders are killed: not a byte beyond it, the same on every
// node and after all have loaded their records again, and what is deleted comes back.
func checkStorage(t *testing.T, c *cluster.Cluster) {
	const limit = 600_000
	clients, kills := cluster.Size(4, 64), cluster.Size(1, 4)
	ctx := cluster.Within(t, 4*time.Minute)
	k, err := c.Tenant(ctx, "storage", map[string]any{"max_storage_bytes": limit})
	if err != nil {
		t.Fatal(err)
	}
	random := cluster.Random(t)
	var refused atomic.Int64
	done := make(chan error, 1)
	go func() {
		done <- each(ctx, clients*len(c.Nodes), func(ctx context.Context, i int) error {
			for mine := 0; mine < 3; {
				answer, _, err := k.Cypher(ctx, c.Nodes[i%len(c.Nodes)], cluster.Query{
					Text: "UNWIND range(1, 10) AS i CREATE (:Full {text: $text})", Parameters: map[string]any{"text": fmt.Sprintf("%0200d", i)}, TimeoutMs: writeTimeoutMs,
				})
				switch {
				case ctx.Err() != nil:
					return context.Cause(ctx)
				case err != nil || answer.Problem != nil && (answer.Problem.Status == http.StatusServiceUnavailable || answer.Problem.Status == http.StatusConflict):
					pauseFor(ctx, 50*time.Millisecond)
				case answer.Problem == nil:
				case answer.Problem.Code == "STORAGE_QUOTA_EXCEEDED":
					mine++
					refused.Add(1)
				default:
					return answer.Err()
				}
			}
			return nil
		})
	}()
	for range kills {
		if err := killOne(ctx, c, random, true); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	full := sameStorage(t, ctx, c, k.Client)
	if full > limit || full < limit-3_500 {
		t.Errorf("%d bytes are in use, the limit is %d", full, limit)
	}
	for _, n := range c.Nodes {
		if err := n.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	for _, n := range c.Nodes {
		if err := n.Start(); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	agree(t, c, k.ID)
	count := cluster.AskInt(t, ctx, k.Client, c.Nodes[0], cluster.Query{Text: "MATCH (n:Full) RETURN count(n)"})
	strongly(t, ctx, c, k.Client, "MATCH (n:Full) RETURN count(n)", count) // each loads its records, and compares bytes and digest
	if again := sameStorage(t, ctx, c, k.Client); again != full {
		t.Errorf("%d bytes after all started again, %d before", again, full)
	}
	if _, err := good(ctx, k.Client, c.Nodes[1], cluster.Query{Text: "MATCH (n:Full) DELETE n"}); err != nil {
		t.Fatal(err)
	}
	if left := sameStorage(t, ctx, c, k.Client); left > 100 { // the names of a label and a property stay
		t.Errorf("%d bytes are in use of a tenant that holds nothing", left)
	}
	t.Logf("limit %d: %d bytes of %d nodes, %d refused, %d kills of leaders", limit, full, count, refused.Load(), kills)
}

// sameStorage is what all nodes say that the tenant holds.
func sameStorage(t *testing.T, ctx context.Context, c *cluster.Cluster, k *cluster.Client) uint64 {
	t.Helper()
	var held []uint64
	for _, n := range c.Nodes {
		u, err := usedOn(ctx, k, n)
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, u.Storage.Used)
	}
	if slices.ContainsFunc(held, func(b uint64) bool { return b != held[0] }) {
		t.Errorf("the nodes say %v bytes", held)
	}
	return held[0]
}
