package chaos

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hivellm/nexus/scripts/cluster"
)

// scenarioWriters is how many writers write during a scenario's faults.
const scenarioWriters = 24

// leaderStalled holds both followers until the leader gives up, lets them go on, and judges every write.
func leaderStalled(ctx context.Context, s *stage) error {
	return s.underWrites(ctx, cluster.Size(2, 4), func(r *recorder) error {
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
	return s.underWrites(ctx, cluster.Size(2, 5), func(r *recorder) error {
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
