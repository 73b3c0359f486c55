package api

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hivellm/nexus/api/forward"
	"github.com/hivellm/nexus/api/lane"
	"github.com/hivellm/nexus/api/tx"
	"github.com/hivellm/nexus/api/wire"
	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/raft/peer"
	"github.com/hivellm/nexus/tenancy"
)

// methodTx carries every step of a transaction to the node that holds it.
const methodTx = "api.tx"

// txStep says which step a forwarded call is.
type txStep uint8

const (
	txBegin txStep = iota + 1
	txStatement
	txCommit
	txRollback
)

// remoteTx is one step of a transaction on its one hop.
type remoteTx struct {
	Step txStep
	// Term is the term a begin is meant for; the others name theirs by their id.
	Term        uint64
	KeyID       string
	AuthVersion uint64
	ID          string
	Spec        TxSpec
	ArrivedMs   int64

	Query      string
	Parameters []byte // canonical
	Database   string
	TimeoutMs  int64
}

// txAnswer is what the step answered.
type txAnswer struct {
	Info    TxInfo
	Summary Summary
	Commit  TxCommit
}

// forwardTx sends a step to a node. An error that isNotTaken says that it definitely did not begin there; an *Error is
// that node's own answer; any other leaves open what happened.
func (s *Service) forwardTx(ctx context.Context, node string, step remoteTx, p tenancy.Principal, sink Sink) (txAnswer, error) {
	step.KeyID, step.AuthVersion = p.KeyID(), p.AuthVersion()
	request, err := wire.Marshal(&step)
	if err != nil {
		return txAnswer{}, fmt.Errorf("encode a step of a transaction: %w", err)
	}
	end, err := forward.Do(ctx, s.node, node, methodTx, request, sink)
	var failure *forward.Failure
	switch {
	case errors.As(err, &failure):
		return txAnswer{}, remoteFailure(err)
	case errors.Is(err, peer.ErrNotTaken):
		return txAnswer{}, errNotTaken
	case err != nil:
		return txAnswer{}, err
	}
	var answer txAnswer
	if err := wire.Unmarshal(end, &answer); err != nil {
		return txAnswer{}, fmt.Errorf("decode a step's answer: %w", err)
	}
	return answer, nil
}

// forwardStatement runs a statement at the node that holds its transaction. A statement whose answer was lost may stand
// in the transaction: it is not sent again.
func (s *Service) forwardStatement(ctx context.Context, id tx.ID, request Request, writes bool, sink Sink) (Summary, error) {
	step := remoteTx{
		Step: txStatement, ID: id.Text, Query: request.Query, Parameters: encodeParameters(request.Parameters),
		Database: request.Database, TimeoutMs: request.Timeout.Milliseconds(), ArrivedMs: request.ArrivedMs,
	}
	answer, err := s.forwardTx(ctx, id.Node, step, request.Principal, sink)
	var refusal *Error
	switch {
	case err == nil, errors.As(err, &refusal):
		return answer.Summary, err
	case s.machine.AppliedTerm() > id.Term, isNotTaken(err):
		return Summary{}, s.goneTerm(ctx, request.Principal, id)
	case writes:
		return Summary{}, Refuse(CodeUnknownOutcome, "The answer of the statement was lost on its way: whether the transaction holds it is unknown. Roll it back and begin again")
	}
	return Summary{}, lane.ErrNoLeader
}

// forwardRollback gives a transaction up at the node that holds it; doing so twice does no harm.
func (s *Service) forwardRollback(ctx context.Context, p tenancy.Principal, id tx.ID) error {
	_, err := s.forwardTx(ctx, id.Node, remoteTx{Step: txRollback, ID: id.Text}, p, discard{})
	var refusal *Error
	if err == nil || errors.As(err, &refusal) {
		return err
	}
	return s.goneTerm(ctx, p, id)
}

// forwardCommit commits at the node that holds the transaction, and finds the outcome out here where that node does not
// tell it.
func (s *Service) forwardCommit(ctx context.Context, p tenancy.Principal, id tx.ID, arrivedMs int64) (TxCommit, error) {
	watch := s.machine.WatchThrough(id.Request(), id.Term)
	defer watch.Cancel() // may be done twice
	for attempt := newAttempts(ctx); ; {
		answer, err := s.askCommit(ctx, p, id, arrivedMs, watch)
		var refusal *Error
		switch {
		case err == nil, errors.As(err, &refusal):
			return answer.Commit, err
		case !isNotTaken(err) || s.machine.AppliedTerm() > id.Term:
			return s.awaitCommit(ctx, p, id, watch)
		case attempt.pause() != nil:
			return TxCommit{}, lane.ErrNoLeader
		}
	}
}

// askCommit sends a commit. Once this node's machine knows the outcome, the other has a moment to tell it, no more.
func (s *Service) askCommit(ctx context.Context, p tenancy.Principal, id tx.ID, arrivedMs int64, watch *fsm.Watch) (txAnswer, error) {
	ctx, giveUp := context.WithCancel(ctx)
	var patience sync.WaitGroup
	defer patience.Wait()
	defer giveUp()
	patience.Go(func() { afterOutcome(ctx, watch, giveUp) })
	return s.forwardTx(ctx, id.Node, remoteTx{Step: txCommit, ID: id.Text, ArrivedMs: arrivedMs}, p, discard{})
}

// afterOutcome calls giveUp a moment after a watch was told, unless ctx ends before.
func afterOutcome(ctx context.Context, watch *fsm.Watch, giveUp func()) {
	select {
	case <-watch.Done():
	case <-ctx.Done():
		return
	}
	grace := time.NewTimer(answerGrace)
	defer grace.Stop()
	select {
	case <-grace.C:
		giveUp()
	case <-ctx.Done():
	}
}

// serveTx runs a step for a node that forwarded it: the key is authorized again here.
func (s *Service) serveTx(ctx context.Context, _ string, stream *peer.ServerStream) error {
	defer s.work.begin()()
	return forward.Serve(stream, func(encoded []byte, sink forward.Sink) (end, failure []byte, err error) {
		var step remoteTx
		if err := wire.Unmarshal(encoded, &step); err != nil {
			return nil, nil, peer.Refuse(peer.CodeRefused, "a step that cannot be decoded: %v", err)
		}
		answer, err := s.runTx(ctx, step, sink)
		switch {
		case step.Step == txBegin && isNotTaken(err):
			return nil, nil, peer.Refuse(refusedNotLeading, "this node does not lead term %d", step.Term)
		case err != nil:
			failure, err := wire.Marshal(s.explain(err))
			return nil, failure, err
		}
		end, err = wire.Marshal(&answer)
		return end, nil, err
	})
}

func (s *Service) runTx(ctx context.Context, step remoteTx, sink Sink) (answer txAnswer, err error) {
	p, err := s.reauthorize(step.KeyID, step.AuthVersion)
	if err != nil {
		return answer, err
	}
	if step.Step == txBegin {
		if err := s.checkBegin(p, &step.Spec); err != nil {
			return answer, err
		}
		if s.lanes.Term() != step.Term {
			return answer, errNotTaken
		}
		answer.Info, err = s.beginHere(ctx, step.Term, p, step.Spec)
		return answer, err
	}
	if step.Step == txStatement {
		answer.Summary, err = s.runRemoteStatement(ctx, p, step, sink)
		return answer, err
	}
	id, err := s.openTx(p, step.ID)
	switch {
	case err != nil:
	case step.Step == txCommit:
		answer.Commit, err = s.commitHere(ctx, p, id, step.ArrivedMs)
	case step.Step == txRollback:
		err = s.rollbackHere(ctx, p, id)
	default:
		err = Refuse(CodeBadRequest, "There is no step %d of a transaction", step.Step)
	}
	return answer, err
}

func (s *Service) runRemoteStatement(ctx context.Context, p tenancy.Principal, step remoteTx, sink Sink) (Summary, error) {
	parameters, err := decodeParameters(step.Parameters)
	if err != nil {
		return Summary{}, err
	}
	request := Request{
		Principal: p, Query: step.Query, Parameters: parameters, Database: step.Database,
		Timeout: time.Duration(step.TimeoutMs) * time.Millisecond, ArrivedMs: step.ArrivedMs, forwarded: true,
	}
	if _, err := s.checkStatement(request); err != nil {
		return Summary{}, err
	}
	id, err := s.txIDs.Open(p.Tenant(), step.ID)
	if err != nil {
		return Summary{}, err
	}
	return s.statementHere(ctx, id, request, sink)
}
