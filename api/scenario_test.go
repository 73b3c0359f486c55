package api_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/api/apitest"
	"github.com/hivellm/nexus/graph/value"
	"github.com/hivellm/nexus/raft/peer"
)

// The scenarios are the shapes of PROTOCOL §9 in which a planted bug does harm; docs/PLANTED.md says which catches what.

// scene is a cluster of three with one tenant that every node knows.
type scene struct {
	*apitest.Cluster
	leader, follower, third *apitest.Node
	key                     string
}

func newScene(t *testing.T) *scene {
	t.Parallel()
	s := &scene{Cluster: apitest.Start(t, 3)}
	_, s.key = s.Tenant(t, "ann")
	s.leader = s.Leader(t)
	for _, n := range s.Nodes {
		apitest.Authenticate(t, n, s.key)
		switch {
		case n == s.leader:
		case s.follower == nil:
			s.follower = n
		default:
			s.third = n
		}
	}
	must(t, s.follower, s.key, "CREATE (:Warm)") // every connection has been used once
	return s
}

// asked is a write under way.
type asked struct {
	done chan struct{}
	*answer
	err error
}

// start asks a node; the test does not end before the answer.
func (s *scene) start(t *testing.T, n *apitest.Node, request api.Request) *asked {
	t.Helper()
	a := &asked{done: make(chan struct{})}
	t.Cleanup(func() { <-a.done })
	go func() {
		defer close(a.done)
		a.answer, a.err = ask(n, s.key, request)
	}()
	return a
}

// count is what a strong read on a node counts, once there is a leader.
func (s *scene) count(t *testing.T, n *apitest.Node, label string) string {
	t.Helper()
	var got *answer
	apitest.WaitFor(t, "a strong read", func() bool {
		var err error
		got, err = ask(n, s.key, api.Request{Query: "MATCH (n:" + label + ") RETURN count(n) AS n"})
		return err == nil
	})
	return got.text()
}

// large is the size of a parameter that tells an entry from all else that goes over a link.
const large = 200 << 10

// TestScenario_EntryOnAMajorityWhoseLeaderFell: the entry reaches a majority, its leader never learns so, loses its
// leadership, and its machine is behind. No key was given. The write happened: once, and its client hears so.
func TestScenario_EntryOnAMajorityWhoseLeaderFell(t *testing.T) {
	s := newScene(t)
	letter := s.Links.LoseAnswers(s.leader.Name, large)
	text := value.NewMap([]string{"text"}, []value.Value{value.String(strings.Repeat("x", large))})
	write := s.start(t, s.leader, api.Request{Query: "CREATE (:Once {text: $text})", Parameters: text})
	select {
	case <-letter.Answered:
	case <-write.done:
		t.Fatalf("answered before the entry was on a majority: %v", write.err)
	}
	s.Links.Isolate(s.leader.Name)
	apitest.WaitFor(t, "another leader", func() bool {
		return s.follower.Service.Ready().Leader || s.third.Service.Ready().Leader
	})
	s.Links.Heal(s.leader.Name)
	<-write.done
	if write.err != nil {
		t.Errorf("a write that happened was answered: %v", write.err)
	}
	if got := s.count(t, s.follower, "Once"); got != "[1]" {
		t.Fatalf("the write happened %s times; its client was told: %v", got, write.err)
	}
}

// TestScenario_ForwardedWriteWhoseAnswerIsLost: the way to the leader breaks while a forwarded write is under way there.
// No key was given. The forwarder waits for what its own machine says; it never sends the write a second time.
func TestScenario_ForwardedWriteWhoseAnswerIsLost(t *testing.T) {
	s := newScene(t)
	release := s.leader.Gate.Hold()
	defer release()
	write := s.start(t, s.follower, api.Request{Query: "CREATE (:Once)"})
	apitest.WaitFor(t, "the write to be in the log", s.leader.Gate.Waiting)
	s.Links.Sever(s.follower.Name, s.leader.Name)
	release()
	<-write.done
	if write.err != nil {
		t.Errorf("a write that happened was answered: %v", write.err)
	}
	if got := s.count(t, s.leader, "Once"); got != "[1]" {
		t.Fatalf("the write happened %s times", got)
	}
}

// TestScenario_HolderAnswersByItsOwnMachine: a forwarded write was applied by a majority, its forwarder's machine too,
// but the leader hangs and says nothing. The forwarder says what it knows.
func TestScenario_HolderAnswersByItsOwnMachine(t *testing.T) {
	s := newScene(t)
	release := s.leader.Gate.Hold()
	defer release()
	write := s.start(t, s.follower, api.Request{Query: "CREATE (:Once)"})
	select {
	case <-write.done:
	case <-time.After(apitest.Patience / 2):
		t.Fatal("the forwarder waits for a leader that hangs, though its own machine has applied the write")
	}
	if write.err != nil || !write.summary.Replayed {
		t.Errorf("a write that happened was answered: replayed %v, %v", write.summary.Replayed, write.err)
	}
	release()
	if got := s.count(t, s.leader, "Once"); got != "[1]" {
		t.Fatalf("the write happened %s times", got)
	}
}

// TestScenario_ForwardOfAnEarlierTermArrivesLate: a forwarded write was meant for a term that is over, so its client was
// told 503, it did not happen; it arrives when the node leads again, in a later term.
func TestScenario_ForwardOfAnEarlierTermArrivesLate(t *testing.T) {
	s := newScene(t)
	ctx, cancel := context.WithTimeout(t.Context(), apitest.Patience)
	defer cancel()
	term, leading := s.leader.Raft.Leadership()
	if !leading {
		t.Fatal("leadership moved by itself")
	}
	principal := apitest.Authenticate(t, s.follower, s.key)
	letter, err := s.follower.Service.Letter(ctx, api.Request{Principal: principal, Query: "CREATE (:Late)"}, term)
	if err != nil {
		t.Fatal(err)
	}
	s.lead(t, s.third)
	s.lead(t, s.leader)
	stream, err := s.follower.Raft.Stream(ctx, s.leader.Raft.Self().ID, api.MethodCypher, letter)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if frame, err := stream.Receive(); !errors.Is(err, peer.ErrNotTaken) {
		t.Errorf("a write meant for term %d, which is over: answered %q, %v", term, frame, err)
	}
	if got := s.count(t, s.leader, "Late"); got != "[0]" {
		t.Fatalf("a write that did not happen happened %s times in a later term", got)
	}
}

// lead gives leadership to a node.
func (s *scene) lead(t *testing.T, to *apitest.Node) {
	t.Helper()
	apitest.WaitFor(t, "leadership to move", func() bool {
		if to.Service.Ready().Leader {
			return true
		}
		ctx, cancel := context.WithTimeout(context.Background(), apitest.Patience)
		defer cancel()
		_ = s.Leader(t).Raft.TransferLeadership(ctx, to.Raft.Self().ID) // tried again until it leads
		return to.Service.Ready().Leader
	})
}
