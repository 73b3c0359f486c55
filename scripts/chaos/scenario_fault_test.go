package chaos

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hivellm/nexus/scripts/cluster"
)

// scenarioWriters is how many writers write during a scenario's faults.
const scenarioWriters = 24

// allRestarted has two tenants write, stops every node cleanly, so that stores are flushed, and starts them again: each
// must find its own and nothing else.
func allRestarted(ctx context.Context, s *stage) error {
	other, err := s.c.Tenant(ctx, s.name+"-other", nil)
	if err != nil {
		return err
	}
	own := []struct {
		k     *cluster.Client
		label string
		count int64
	}{{s.k.Client, "Mine", 250}, {other.Client, "Theirs", 120}}
	for _, o := range own {
		text := fmt.Sprintf("UNWIND range(1, $n) AS i CREATE (:%s {i: i})-[:TO]->(:%s {i: -i})", o.label, o.label)
		if _, err := good(ctx, o.k, s.anyNode(), cluster.Query{Text: text, Parameters: map[string]any{"n": o.count / 2}}); err != nil {
			return err
		}
		if _, err := good(ctx, o.k, s.anyNode(), cluster.Query{Text: "MATCH (n) SET n.seen = true"}); err != nil {
			return err
		}
	}
	if err := s.c.StopAll(ctx); err != nil {
		return err
	}
	if err := all(s.c.Nodes, (*cluster.Node).Start); err != nil {
		return err
	}
	if err := s.c.Ready(ctx); err != nil {
		if died := s.c.Died(); died != nil {
			return violation("a node does not start from what it stored: %v", died)
		}
		return err
	}
	for _, o := range own {
		for _, n := range s.c.Nodes {
			for text, want := range map[string]int64{
				fmt.Sprintf("MATCH (n:%s) RETURN count(n)", o.label): o.count,
				"MATCH (n) WHERE n.seen RETURN count(n)":             o.count,
				"MATCH (n) RETURN count(n)":                          o.count,
				"MATCH ()-[r]->() RETURN count(r)":                   o.count / 2,
			} {
				answer, err := good(ctx, o.k, n, cluster.Query{Text: text, TimeoutMs: 10_000})
				if err != nil {
					return violation("%s after all nodes started again: %v", text, err)
				}
				if got, err := answer.Int(); err != nil || got != want {
					return violation("%s: %s is %d after all nodes started again, %d was written (%v)", n.Name, text, got, want, err)
				}
			}
		}
	}
	return nil
}

// leaderStalled holds both followers until the leader gives up, lets them go on, and judges every write.
func leaderStalled(ctx context.Context, s *stage) error {
	return s.underWrites(ctx, cluster.Size(1, 4), func(r *recorder) error {
		_, followers, err := s.leaderAndFollowers(ctx)
		if err != nil {
			return err
		}
		err = all(followers, (*cluster.Node).Pause)
		err = errors.Join(err, lasting(ctx, time.Duration(350+s.random.IntN(450))*time.Millisecond))
		return errors.Join(err, all(followers, (*cluster.Node).Resume))
	})
}

// leaderKilled kills the leader under writes and judges every one.
func leaderKilled(ctx context.Context, s *stage) error {
	return s.underWrites(ctx, cluster.Size(1, 5), func(r *recorder) error {
		leader, _, err := s.leaderAndFollowers(ctx)
		if err != nil {
			return err
		}
		_, err = r.round(ctx, []*cluster.Node{leader})
		return err
	})
}

// underWrites makes a fault some times under writers without keys, then judges what they wrote.
func (s *stage) underWrites(ctx context.Context, times int, fault func(*recorder) error) error {
	r := newRecorder(s.c, s.k.Client, func(int) bool { return false })
	finish := r.start(ctx, scenarioWriters)
	err := r.flows(ctx)
	for i := 0; i < times && err == nil; i++ {
		if err = fault(r); err == nil {
			err = errors.Join(s.c.Ready(ctx), r.flows(ctx))
		}
	}
	if err := errors.Join(err, finish()); err != nil {
		return err
	}
	return r.verify(ctx)
}

// pair is what is known of a CREATE and a MERGE of the same thing, sent at once.
type pair struct{ create, merge cluster.Outcome }

// batchLost has the leader append what reaches nobody: its followers stand still, are killed and come back without it,
// while the leader itself stands still until one of them leads. What was answered well must be there.
func batchLost(ctx context.Context, s *stage) error {
	for range cluster.Size(1, 3) {
		if err := s.loseBatch(ctx); err != nil {
			return err
		}
		if _, err := s.ask(ctx, s.anyNode(), "MATCH (p:Pair) DELETE p", nil); err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) loseBatch(ctx context.Context) error {
	leader, followers, err := s.leaderAndFollowers(ctx)
	if err != nil {
		return err
	}
	working, stop := context.WithCancel(ctx)
	defer stop()
	var mu sync.Mutex
	known := map[written]pair{}
	var clients errgroup.Group
	for client := range scenarioWriters {
		clients.Go(func() error {
			for sequence := 0; working.Err() == nil; sequence++ {
				p := s.sendPair(ctx, leader, written{client, sequence})
				mu.Lock()
				known[written{client, sequence}] = p
				mu.Unlock()
			}
			return nil
		})
	}
	err = lasting(ctx, 200*time.Millisecond)
	err = errors.Join(err, all(followers, (*cluster.Node).Pause), lasting(ctx, 80*time.Millisecond))
	err = errors.Join(err, all(followers, (*cluster.Node).Kill), leader.Pause(), all(followers, (*cluster.Node).Start))
	if err == nil {
		_, err = s.c.Leader(ctx)
	}
	stop()
	err = errors.Join(err, leader.Resume(), clients.Wait())
	if err == nil {
		err = s.c.Ready(ctx)
	}
	if err != nil {
		return err
	}
	return s.judgePairs(ctx, known)
}

func (s *stage) sendPair(ctx context.Context, n *cluster.Node, w written) pair {
	parameters := map[string]any{"writer": w.writer, "sequence": w.sequence}
	create := background(ctx, s.k.Client, n, cluster.Query{
		Text: "CREATE (:Pair {writer: $writer, sequence: $sequence})", Parameters: parameters, TimeoutMs: 10_000})
	merge := background(ctx, s.k.Client, n, cluster.Query{
		Text: "MERGE (p:Pair {writer: $writer, sequence: $sequence}) RETURN id(p)", Parameters: parameters, TimeoutMs: 10_000})
	one, two := <-create, <-merge
	return pair{one.outcome, two.outcome}
}

func (s *stage) judgePairs(ctx context.Context, known map[written]pair) error {
	answer, err := s.ask(ctx, s.anyNode(), "MATCH (p:Pair) RETURN p.writer, p.sequence, count(*)", nil)
	if err != nil {
		return err
	}
	found, err := foundOf(answer)
	if err != nil {
		return err
	}
	refused, lost := 0, 0
	for w, p := range known {
		switch {
		case found[w] == 0 && (p.create == cluster.Done || p.merge == cluster.Done):
			lost++
		case p.create == cluster.Refused || p.merge == cluster.Refused:
			refused++
		}
	}
	s.logf("batch lost: %d pairs, %d with a refusal", len(known), refused)
	if lost > 0 {
		return violation("%d of %d pairs were answered well, one of them a MERGE perhaps, and are not there", lost, len(known))
	}
	return nil
}
