package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/hivellm/nexus/scripts/cluster"
)

// errViolation says that a promise was broken, not that a scenario could not be played.
var errViolation = errors.New("a promise is broken")

func violation(format string, values ...any) error {
	return fmt.Errorf("%w: %s", errViolation, fmt.Sprintf(format, values...))
}

// scenario is a shape of events in which certain bugs show.
type scenario struct {
	name string
	// shape says in one sentence what happens.
	shape string
	play  func(ctx context.Context, s *stage) error
}

// stage is what a scenario is played on.
type stage struct {
	c      *cluster.Cluster
	k      *cluster.Tenant
	random *rand.Rand
	logf   func(string, ...any)
	name   string // unlike any other stage's on this cluster
}

var scenarios = []scenario{
	{"KeyOfNothing", "a keyed write that changed nothing is answered; another client writes what it looks for; the key is asked again", keyOfNothing},
	{"KeyAnswered", "a keyed write whose second run would fail is asked again after its answer", keyAnswered},
	{"KeyInFlight", "two requests with one key wait in a lane at once; the second run would fail", keyInFlight},
	{"ConstraintAmongWrites", "a unique constraint is made while clients create doubles", constraintAmongWrites},
	{"LanesApart", "single creates beside another tenant's, and another database's, long write", lanesApart},
	{"AllRestarted", "two tenants write the same ids and change what they wrote; all nodes stop and start from what they stored", allRestarted},
	{"LeaderStalled", "the leader's followers stand still until it steps down, with writes in flight that commit later", leaderStalled},
	{"LeaderKilled", "the leader is killed under writes through its followers that carry no key", leaderKilled},
	{"BatchLost", "what a leader appended reaches nobody and another takes over; MERGE found in it what is lost", batchLost},
	{"Transactions", "transactions of three worlds through all nodes while leaders are killed, paused and moved; judged by their order", transactions},
}

// checkScenarios plays every scenario: none may find a broken promise.
func checkScenarios(t *testing.T, c *cluster.Cluster) {
	random := cluster.Random(t)
	for _, s := range scenarios {
		if s.name == "LanesApart" {
			continue // the check Lanes is the same, with figures
		}
		t.Run(s.name, func(t *testing.T) {
			if err := playOn(cluster.Within(t, 2*time.Minute), t, c, s, random, 0); err != nil {
				t.Error(err)
			}
		})
	}
}

// playOn plays a scenario with a tenant of its own. A node that ends by itself is a broken promise in every scenario.
func playOn(ctx context.Context, t testing.TB, c *cluster.Cluster, s scenario, random *rand.Rand, attempt int) error {
	name := fmt.Sprintf("%s-%d", s.name, attempt)
	k, err := c.Tenant(ctx, name, nil)
	if err != nil {
		return err
	}
	err = s.play(ctx, &stage{c: c, k: k, random: random, logf: t.Logf, name: name})
	if died := c.Died(); died != nil {
		return violation("%v, meanwhile: %v", died, err)
	}
	return err
}

// anyNode is one of the nodes.
func (s *stage) anyNode() *cluster.Node { return s.c.Nodes[s.random.IntN(len(s.c.Nodes))] }

// ask runs a query that must be answered well.
func (s *stage) ask(ctx context.Context, n *cluster.Node, text string, parameters map[string]any) (*cluster.Answer, error) {
	return good(ctx, s.k.Client, n, cluster.Query{Text: text, Parameters: parameters})
}

// count asks for one integer.
func (s *stage) count(ctx context.Context, n *cluster.Node, text string) (int64, error) {
	answer, err := s.ask(ctx, n, text, nil)
	if err != nil {
		return 0, err
	}
	return answer.Int()
}

// leaderAndFollowers waits for a leader.
func (s *stage) leaderAndFollowers(ctx context.Context) (leader *cluster.Node, followers []*cluster.Node, err error) {
	leader, err = s.c.Leader(ctx)
	for _, n := range s.c.Nodes {
		if n != leader {
			followers = append(followers, n)
		}
	}
	return leader, followers, err
}

// lasting waits for a span that is part of a scenario's shape.
func lasting(ctx context.Context, span time.Duration) error {
	timer := time.NewTimer(span)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func all(nodes []*cluster.Node, do func(*cluster.Node) error) error {
	var errs []error
	for _, n := range nodes {
		errs = append(errs, do(n))
	}
	return errors.Join(errs...)
}

func keyOfNothing(ctx context.Context, s *stage) error {
	q := cluster.Query{Text: "MATCH (:Flag) CREATE (:Effect)", Key: s.name}
	if _, err := good(ctx, s.k.Client, s.anyNode(), q); err != nil {
		return err
	}
	if _, err := s.ask(ctx, s.anyNode(), "CREATE (:Flag)", nil); err != nil {
		return err
	}
	again, err := good(ctx, s.k.Client, s.anyNode(), q)
	if err != nil {
		return err
	}
	effects, err := s.count(ctx, s.anyNode(), "MATCH (e:Effect) RETURN count(e)")
	switch {
	case err != nil:
		return err
	case effects != 0:
		return violation("a key that was answered had an effect later")
	case !again.Replayed:
		return violation("the second answer does not say that it is replayed: %s", again.Body)
	}
	return nil
}

// onceOnly is a write that fails when it is run twice on the same node of the graph.
const onceOnly = "MATCH (o:Once {i: $i}) SET o.n = o.n - 1 RETURN 10 / o.n"

func keyAnswered(ctx context.Context, s *stage) error {
	if _, err := s.ask(ctx, s.anyNode(), "CREATE (:Once {i: 0, n: 2})", nil); err != nil {
		return err
	}
	q := cluster.Query{Text: onceOnly, Parameters: map[string]any{"i": 0}, Key: s.name}
	first, err := good(ctx, s.k.Client, s.anyNode(), q)
	if err != nil {
		return err
	}
	for range 3 {
		again, _, err := s.k.Cypher(ctx, s.anyNode(), q)
		switch {
		case err != nil:
			return err
		case again.Problem != nil && again.Problem.Status == 503:
			return again.Err()
		case again.Problem != nil:
			return violation("asked again, an answered key says %v", again.Err())
		case !again.Replayed || string(again.RawRows) != string(first.RawRows):
			return violation("asked again, an answered key says %s, first %s", again.Body, first.Body)
		}
	}
	return nil
}

func keyInFlight(ctx context.Context, s *stage) error {
	for i := range cluster.Size(2, 5) {
		leader, followers, err := s.leaderAndFollowers(ctx)
		if err != nil {
			return err
		}
		if _, err := s.ask(ctx, leader, "CREATE (:Once {i: $i, n: 2})", map[string]any{"i": i}); err != nil {
			return err
		}
		if err := all(followers, (*cluster.Node).Pause); err != nil {
			return err
		}
		blocked := background(ctx, s.k.Client, leader, cluster.Query{Text: "CREATE (:Blocker)"})
		err = lasting(ctx, 40*time.Millisecond)
		q := cluster.Query{Text: onceOnly, Parameters: map[string]any{"i": i}, Key: fmt.Sprintf("%s-%d", s.name, i)}
		one, two := background(ctx, s.k.Client, leader, q), background(ctx, s.k.Client, leader, q)
		err = errors.Join(err, lasting(ctx, 60*time.Millisecond), all(followers, (*cluster.Node).Resume))
		first, second := <-one, <-two
		<-blocked
		if err != nil {
			return err
		}
		for _, r := range []reply{first, second} {
			if p := r.answer; r.err == nil && p.Problem != nil && p.Problem.Status != 503 && p.Problem.Code != "UNKNOWN_OUTCOME" {
				return violation("of two requests with one key, one says %v", p.Err())
			}
		}
		if n, err := s.count(ctx, leader, fmt.Sprintf("MATCH (o:Once {i: %d}) RETURN o.n", i)); err != nil || n < 1 {
			return errors.Join(err, violation("one key had effect twice"))
		}
	}
	return nil
}

// reply is what a request in the background came to.
type reply struct {
	answer  *cluster.Answer
	outcome cluster.Outcome
	err     error
}

func background(ctx context.Context, k *cluster.Client, n *cluster.Node, q cluster.Query) <-chan reply {
	done := make(chan reply, 1)
	go func() {
		answer, outcome, err := k.Cypher(ctx, n, q)
		done <- reply{answer, outcome, err}
	}()
	return done
}

func constraintAmongWrites(ctx context.Context, s *stage) error {
	const clients = 8
	for round := range cluster.Size(3, 10) {
		label := fmt.Sprintf("Only%d", round)
		creating, stop := context.WithCancel(ctx)
		done := make(chan error, 1)
		go func() {
			done <- each(creating, clients, func(creating context.Context, client int) error {
				for i := 0; creating.Err() == nil; i++ { // values double while nothing forbids it
					answer, _, err := s.k.Cypher(ctx, s.c.Nodes[client%len(s.c.Nodes)], cluster.Query{
						Text: fmt.Sprintf("MERGE (:%s {k: $client}) CREATE (:Other)", label), Parameters: map[string]any{"client": client},
					})
					if err == nil && answer.Problem != nil && answer.Problem.Status == 400 {
						return answer.Err()
					}
					_, _, _ = s.k.Cypher(ctx, s.c.Nodes[i%len(s.c.Nodes)], cluster.Query{
						Text: fmt.Sprintf("CREATE (:%s {k: $k})", label), Parameters: map[string]any{"k": 100 + i},
					})
				}
				return nil
			})
		}()
		err := lasting(ctx, time.Duration(5+s.random.IntN(40))*time.Millisecond)
		answer, _, asked := s.k.Cypher(ctx, s.anyNode(), cluster.Query{
			Text: fmt.Sprintf("CREATE CONSTRAINT only_%d FOR (n:%s) REQUIRE n.k IS UNIQUE", round, label)})
		err = errors.Join(err, asked, lasting(ctx, 30*time.Millisecond))
		stop()
		if err := errors.Join(err, <-done); err != nil {
			return err
		}
		if answer.Problem != nil {
			continue // there were doubles already: refused, as promised
		}
		doubles, err := s.count(ctx, s.anyNode(), fmt.Sprintf("MATCH (n:%s) WITH n.k AS k, count(*) AS c WHERE c > 1 RETURN count(k)", label))
		if err != nil {
			return err
		}
		if doubles > 0 {
			return violation("a unique constraint is online over %d values that double", doubles)
		}
	}
	return nil
}

func lanesApart(ctx context.Context, s *stage) error {
	return lanes(ctx, s.logf, s.c, s.name, 2*time.Second)
}
