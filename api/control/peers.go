package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hivellm/nexus/api/wire"
	"github.com/hivellm/nexus/hivehub"
	"github.com/hivellm/nexus/raft/peer"
)

// What nodes ask their leader.
const (
	methodLearn  = "control.learn"
	methodPull   = "control.pull"
	methodStatus = "control.status"
)

const (
	// refusedNotLeading is the code of a node that does not reconcile.
	refusedNotLeading = "not_leading"
	// statusTimeout bounds the question for the leader's part of a status.
	statusTimeout = time.Second
)

// errNoLeader says that nobody is known to ask.
var errNoLeader = errors.New("no leader is known")

// learned answers a question for a key: the index after which it is known, or that there is none.
type learned struct {
	Index   uint64
	Unknown bool
}

// Learn asks for a key that this node does not know. It waits at most hivehub.LearnWait, and tells whether the key may be
// known now.
func (p *Plane) Learn(keyID string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), hivehub.LearnWait)
	defer cancel()
	return p.learner.Learn(ctx, keyID) == nil
}

// askLeader is the question of this node's learner.
func (p *Plane) askLeader(ctx context.Context, keyID string) error {
	p.counts.learnQuestions.Add(1)
	err := p.reconciler.Learn(ctx, keyID)
	if !errors.Is(err, hivehub.ErrNotRunning) {
		return err
	}
	var answer learned
	if err := p.ask(ctx, methodLearn, []byte(keyID), &answer); err != nil {
		return err
	}
	if answer.Unknown {
		return hivehub.ErrNotFound
	}
	return p.config.Node.WaitApplied(ctx, answer.Index)
}

func (p *Plane) serveLearn(ctx context.Context, _ string, request []byte) ([]byte, error) {
	err := p.reconciler.Learn(ctx, string(request))
	answer := learned{Index: p.config.Machine.Applied(), Unknown: errors.Is(err, hivehub.ErrNotFound)}
	if err != nil && !answer.Unknown {
		return nil, refusal(err)
	}
	return wire.Marshal(&answer)
}

// pull has the hub asked now, by the leader, and waits until this node has applied what came.
func (p *Plane) pull(ctx context.Context) error {
	err := p.reconciler.PullNow(ctx)
	if !errors.Is(err, hivehub.ErrNotRunning) {
		return err
	}
	var index uint64
	if err := p.ask(ctx, methodPull, nil, &index); err != nil {
		return err
	}
	return p.config.Node.WaitApplied(ctx, index)
}

func (p *Plane) servePull(ctx context.Context, _ string, _ []byte) ([]byte, error) {
	if err := p.reconciler.PullNow(ctx); err != nil {
		return nil, refusal(err)
	}
	index := p.config.Machine.Applied()
	return wire.Marshal(&index)
}

// Status is what a person sees of the control plane.
type Status struct {
	State    hivehub.State
	LastPull time.Time // the zero time for never
	// Outbox counts usage reports that the hub has not acknowledged.
	Outbox int
	// Breaker is the leader's; "" where the leader did not answer.
	Breaker hivehub.BreakerState
}

// Status is the state as this node sees it; the breaker is asked of the leader.
func (p *Plane) Status(ctx context.Context) Status {
	s := Status{State: p.State(), LastPull: p.hub.LastPull(), Outbox: p.hub.Waiting()}
	if leader, ok := p.config.Node.Leader(); ok && leader.ID == p.config.Node.Self().ID {
		s.Breaker = p.reconciler.Status().Breaker
		return s
	}
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	var breaker string
	if p.ask(ctx, methodStatus, nil, &breaker) == nil { // without an answer it stays unknown
		s.Breaker = hivehub.BreakerState(breaker)
	}
	return s
}

func (p *Plane) serveStatus(context.Context, string, []byte) ([]byte, error) {
	breaker := string(p.reconciler.Status().Breaker)
	return wire.Marshal(&breaker)
}

// Counts are what this node's reconciler and its side of the plane did since they were made.
func (p *Plane) Counts() (hivehub.Counts, Counts) {
	return p.reconciler.Status().Counts, Counts{
		Events: p.counts.events.Load(), EventsRefused: p.counts.eventsRefused.Load(), LearnQuestions: p.counts.learnQuestions.Load(),
		ExpiredRefusals: p.counts.expiredRefusals.Load(), Dropped: p.counts.dropped.Load(),
	}
}

// ask asks the leader.
func (p *Plane) ask(ctx context.Context, method string, request []byte, into any) error {
	leader, ok := p.config.Node.Leader()
	if !ok || leader.ID == p.config.Node.Self().ID {
		return errNoLeader
	}
	answer, err := p.config.Node.Call(ctx, leader.ID, method, request)
	if err != nil {
		return fmt.Errorf("ask the leader: %w", err)
	}
	return wire.Unmarshal(answer, into)
}

// refusal is the answer of a leader that could not do it.
func refusal(err error) error {
	if errors.Is(err, hivehub.ErrNotRunning) {
		return peer.Refuse(refusedNotLeading, "%v", err)
	}
	return peer.Fail(peer.CodeFailed, "%v", err)
}
