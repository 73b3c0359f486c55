package chaos

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hivellm/nexus/scripts/cluster"
)

const (
	killWriters = 8
	// killProgress is how many writes are acknowledged between two kills.
	killProgress = 50
	// failoverMost is how long the first acknowledged write may take after the leader was killed.
	failoverMost = 3 * time.Second
	// writeTimeoutMs is a writer's patience with one attempt.
	writeTimeoutMs = 3_000
	// keyPatience is how long a writer with a key goes on trying.
	keyPatience = 60 * time.Second
	retryPause  = 10 * time.Millisecond
)

// written names one write: its writer and its number.
type written struct{ writer, sequence int }

// fate is what a writer knows of a write.
type fate struct {
	outcome cluster.Outcome
	keyed   bool
	tries   int
}

// recorder holds what writers know. Safe for concurrent use.
type recorder struct {
	c *cluster.Cluster
	k *cluster.Client
	// keyed says which writers carry keys.
	keyed func(writer int) bool

	mu    sync.Mutex
	fates map[written]fate // guarded by mu

	acknowledged atomic.Int64
	failed       atomic.Pointer[error] // of the first writer that ended early
	// killedAt is when the last kill was, as nanoseconds since begin; firstAfter how long after it the first write that
	// began after it was acknowledged.
	begin      time.Time
	killedAt   atomic.Int64
	firstAfter atomic.Int64
}

func (r *recorder) note(w written, f fate, began time.Duration) {
	r.mu.Lock()
	r.fates[w] = f
	r.mu.Unlock()
	if f.outcome != cluster.Done {
		return
	}
	r.acknowledged.Add(1)
	if killed := r.killedAt.Load(); int64(began) > killed {
		r.firstAfter.CompareAndSwap(0, int64(time.Since(r.begin))-killed)
	}
}

// killed starts the watch for the first acknowledged write after a kill.
func (r *recorder) killed() {
	r.killedAt.Store(int64(time.Since(r.begin)))
	r.firstAfter.Store(0)
}

// checkKills kills nodes under writers, every third time the leader, twice all, and then looks for every write.
func checkKills(t *testing.T, c *cluster.Cluster) {
	random := cluster.Random(t)
	rounds := cluster.Size(3, 20)
	ctx := cluster.Within(t, time.Duration(rounds)*15*time.Second+time.Minute)
	k := tenant(t, ctx, c, "kills")
	r := newRecorder(c, k.Client, func(writer int) bool { return writer%2 == 0 })
	finish := r.start(ctx, killWriters)
	var failovers []time.Duration
	for round := range rounds {
		victims, leader := c.Nodes, false
		switch {
		case cluster.Full() && (round == rounds/3 || round == 2*rounds/3): // all of them
		case round%3 == 2:
			n, err := c.Leader(ctx)
			if err != nil {
				t.Fatal(err)
			}
			victims, leader = []*cluster.Node{n}, true
		default:
			n := c.Nodes[random.IntN(len(c.Nodes))]
			victims, leader = []*cluster.Node{n}, c.Leads(ctx, n)
		}
		took, err := r.round(ctx, victims)
		if err != nil {
			t.Fatal(err)
		}
		if leader {
			failovers = append(failovers, took)
		}
	}
	if err := finish(); err != nil {
		t.Error(err)
	}
	r.report(t, failovers)
	if err := r.verify(ctx); err != nil {
		t.Error(err)
	}
	agree(t, c, k.ID)
}

func newRecorder(c *cluster.Cluster, k *cluster.Client, keyed func(int) bool) *recorder {
	return &recorder{c: c, k: k, keyed: keyed, fates: map[written]fate{}, begin: time.Now()}
}

// start starts writers; finish stops them, waits until each knows what it can know, and returns the first error.
func (r *recorder) start(ctx context.Context, writers int) (finish func() error) {
	writing, stop := context.WithCancel(ctx)
	var group errgroup.Group
	for i := range writers {
		group.Go(func() error {
			err := r.write(ctx, writing, i)
			if err != nil {
				r.failed.CompareAndSwap(nil, &err)
			}
			return err
		})
	}
	return func() error {
		stop()
		return group.Wait()
	}
}

// round kills, measures, restarts, and waits until writes flow again. It returns how long the first acknowledged write
// took after the kill, where somebody was left to take it.
func (r *recorder) round(ctx context.Context, victims []*cluster.Node) (time.Duration, error) {
	for _, n := range victims {
		if err := n.Kill(); err != nil {
			return 0, err
		}
	}
	r.killed()
	if len(victims) == 1 {
		first := func() (bool, error) { return r.firstAfter.Load() != 0, r.broken() }
		if err := cluster.Until(ctx, "a write after "+victims[0].Name+" was killed", first); err != nil {
			return 0, err
		}
	}
	for _, n := range victims {
		if err := n.Start(); err != nil {
			return 0, err
		}
	}
	if err := r.c.Ready(ctx); err != nil {
		return 0, err
	}
	return time.Duration(r.firstAfter.Load()), r.flows(ctx)
}

// flows waits until killProgress more writes are acknowledged.
func (r *recorder) flows(ctx context.Context) error {
	before := r.acknowledged.Load()
	return cluster.Until(ctx, "writes to flow", func() (bool, error) {
		return r.acknowledged.Load() >= before+killProgress, r.broken()
	})
}

// broken is the error of a writer that ended early, nil while all write.
func (r *recorder) broken() error {
	if err := r.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// write creates one node after another until it is told to stop. Writers that carry keys ask again until they are
// answered; the others never ask twice. The last write is brought to its end.
func (r *recorder) write(ctx, writing context.Context, writer int) error {
	for sequence := 0; writing.Err() == nil; sequence++ {
		w, keyed := written{writer, sequence}, r.keyed(writer)
		q := cluster.Query{
			Text:       "CREATE (:Written {writer: $writer, sequence: $sequence})",
			Parameters: map[string]any{"writer": writer, "sequence": sequence},
			TimeoutMs:  writeTimeoutMs,
		}
		began := time.Since(r.begin)
		f, err := fate{}, error(nil)
		if keyed {
			q.Key = fmt.Sprintf("kill-%d-%d", writer, sequence)
			f, err = persist(ctx, r.c, r.k, q, writer+sequence)
		} else {
			f, err = once(ctx, r.c, r.k, q, writer+sequence)
		}
		if err != nil {
			return fmt.Errorf("writer %d, write %d: %w", writer, sequence, err)
		}
		r.note(w, f, began)
		if f.outcome != cluster.Done {
			pause(ctx)
		}
	}
	return nil
}

// once asks once. Only answers that speak of the cluster are borne.
func once(ctx context.Context, c *cluster.Cluster, k *cluster.Client, q cluster.Query, turn int) (fate, error) {
	answer, outcome, err := k.Cypher(ctx, c.Nodes[turn%len(c.Nodes)], q)
	if err == nil {
		err = bearable(answer)
	} else {
		err = nil // the outcome says it
	}
	return fate{outcome: outcome, tries: 1}, err
}

// persist asks again with the same key, at one node after another, until it is answered.
func persist(ctx context.Context, c *cluster.Cluster, k *cluster.Client, q cluster.Query, turn int) (fate, error) {
	f := fate{keyed: true, outcome: cluster.Refused}
	until := time.Now().Add(keyPatience)
	for time.Now().Before(until) {
		f.tries++
		answer, outcome, err := k.Cypher(ctx, c.Nodes[(turn+f.tries)%len(c.Nodes)], q)
		if err == nil {
			if err := bearable(answer); err != nil {
				return f, err
			}
		}
		if outcome == cluster.Done {
			f.outcome = cluster.Done
			return f, nil
		}
		if outcome == cluster.Unknown {
			f.outcome = cluster.Unknown // an earlier attempt may still take effect, whatever a later one says
		}
		pause(ctx)
	}
	return f, fmt.Errorf("no answer for %s within %v", q.Key, keyPatience)
}

// bearable: a writer may be told that the cluster cannot now, that its time was over before it ran, or that the outcome
// is unknown; nothing else.
func bearable(a *cluster.Answer) error {
	if p := a.Problem; p != nil && p.Status != 503 && p.Code != "UNKNOWN_OUTCOME" && p.Code != "QUERY_LIMIT_EXCEEDED" {
		return a.Err()
	}
	return nil
}

// pause paces whoever asks again.
func pause(ctx context.Context) {
	select {
	case <-time.After(retryPause):
	case <-ctx.Done():
	}
}

func (r *recorder) report(t *testing.T, failovers []time.Duration) {
	t.Helper()
	counts := map[string]int{}
	for _, f := range r.fates {
		switch {
		case f.outcome == cluster.Done && f.tries > 1:
			counts["acknowledged after asking again"]++
		case f.outcome == cluster.Done:
			counts["acknowledged"]++
		case f.outcome == cluster.Unknown:
			counts["unknown"]++
		default:
			counts["refused"]++
		}
	}
	t.Logf("writes: %v", counts)
	if len(failovers) == 0 {
		return
	}
	slices.Sort(failovers)
	longest, median := failovers[len(failovers)-1], failovers[len(failovers)/2]
	t.Logf("first acknowledged write after a leader was killed: max %v, median %v (%d kills)",
		longest.Round(time.Millisecond), median.Round(time.Millisecond), len(failovers))
	if longest > failoverMost {
		t.Errorf("the first write after a leader was killed took %v, more than %v", longest, failoverMost)
	}
}

// verify compares what every node holds with what the writers know.
func (r *recorder) verify(ctx context.Context) error {
	for _, n := range r.c.Nodes {
		answer, err := good(ctx, r.k, n, cluster.Query{
			Text: "MATCH (w:Written) RETURN w.writer, w.sequence, count(*)", Consistency: "strong",
		})
		if err != nil {
			return err
		}
		found, err := foundOf(answer)
		if err != nil {
			return err
		}
		lost, doubled, invented := 0, 0, 0
		for w, f := range r.fates {
			count := found[w]
			switch {
			case count > 1:
				doubled++
			case count == 0 && f.outcome == cluster.Done:
				lost++
			case count == 1 && f.outcome == cluster.Refused:
				invented++
			}
			delete(found, w)
		}
		if lost+doubled+invented+len(found) > 0 {
			return violation("%s: of %d writes %d lost, %d doubled, %d there although refused, %d of nobody",
				n.Name, len(r.fates), lost, doubled, invented, len(found))
		}
	}
	return nil
}

func foundOf(answer *cluster.Answer) (map[written]int, error) {
	rows, err := answer.Rows()
	if err != nil {
		return nil, err
	}
	found := make(map[written]int, len(rows))
	for _, row := range rows {
		var n [3]int
		for i := range n {
			if _, err := fmt.Sscan(fmt.Sprint(row[i]), &n[i]); err != nil {
				return nil, fmt.Errorf("row %v: %w", row, err)
			}
		}
		found[written{n[0], n[1]}] = n[2]
	}
	return found, nil
}
