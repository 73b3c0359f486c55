package api

import (
	"context"
	"errors"
	"fmt"

	"github.com/hivellm/nexus/api/lane"
	"github.com/hivellm/nexus/api/wire"
	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/raft/peer"
	"github.com/hivellm/nexus/raft/proposer"
	"github.com/hivellm/nexus/tenancy"
)

// operation is something that only the leader does: a change of tenants, keys, databases or the cluster. The node that
// was asked sends it there; the leader authorizes again and runs it.
type operation struct {
	name     string
	function tenancy.Function
	run      func(s *Service, ctx context.Context, p tenancy.Principal, in []byte) (operationResult, error)
}

// operationResult is what an operation answered, and the index after which every node knows of it.
type operationResult struct {
	Index   uint64
	Body    []byte
	Refusal *Error
}

// remoteOperation is an operation on its one hop.
type remoteOperation struct {
	Name        string
	KeyID       string
	AuthVersion uint64
	Body        []byte
}

// operations is the table; an operation that is not here cannot be asked of a leader.
var operations = []operation{
	leaderOperation("tenant.create", tenancy.FunctionTenantWrite, (*Service).createTenant),
	leaderOperation("tenant.update", tenancy.FunctionTenantWrite, (*Service).updateTenant),
	leaderOperation("tenant.delete", tenancy.FunctionTenantWrite, (*Service).deleteTenant),
	leaderOperation("tenant.import", tenancy.FunctionTenantWrite, (*Service).importTenant),
	leaderOperation("key.create", tenancy.FunctionKeyWrite, (*Service).createKey),
	leaderOperation("key.revoke", tenancy.FunctionKeyWrite, (*Service).revokeKey),
	leaderOperation("key.rotate", tenancy.FunctionKeyWrite, (*Service).rotateKey),
	leaderOperation("database.create", tenancy.FunctionDatabaseWrite, (*Service).createDatabase),
	leaderOperation("database.drop", tenancy.FunctionDatabaseWrite, (*Service).dropDatabase),
	leaderOperation("cluster.transfer", tenancy.FunctionClusterWrite, (*Service).transferLeadership),
	leaderOperation("cluster.drain", tenancy.FunctionClusterWrite, (*Service).drainMember),
	leaderOperation("cluster.undrain", tenancy.FunctionClusterWrite, (*Service).undrainMember),
	leaderOperation("cluster.remove", tenancy.FunctionClusterWrite, (*Service).removeMember),
}

// leaderOperation wraps a typed method as a row of the table.
func leaderOperation[In, Out any](name string, f tenancy.Function, run func(*Service, context.Context, tenancy.Principal, In) (Out, uint64, error)) operation {
	return operation{name: name, function: f, run: func(s *Service, ctx context.Context, p tenancy.Principal, body []byte) (operationResult, error) {
		var in In
		if err := wire.Unmarshal(body, &in); err != nil {
			return operationResult{}, fmt.Errorf("decode %s: %w", name, err)
		}
		out, index, err := run(s, ctx, p, in)
		if err != nil {
			return operationResult{}, err
		}
		encoded, err := wire.Marshal(&out)
		if err != nil {
			return operationResult{}, fmt.Errorf("encode the answer of %s: %w", name, err)
		}
		return operationResult{Index: index, Body: encoded}, nil
	}}
}

// lookupOperation finds an operation of the table.
func lookupOperation(name string) (operation, bool) {
	for _, o := range operations {
		if o.name == name {
			return o, true
		}
	}
	return operation{}, false
}

// do runs a table operation where it must run, and returns once this node's machine knows of it too.
func do[In, Out any](s *Service, ctx context.Context, p tenancy.Principal, name string, in In) (Out, error) {
	var out Out
	body, err := wire.Marshal(&in)
	if err != nil {
		return out, s.explain(fmt.Errorf("encode %s: %w", name, err))
	}
	result, err := s.operate(ctx, p, name, body)
	if err != nil {
		return out, s.explain(err)
	}
	if err := s.node.WaitApplied(ctx, result.Index); err != nil {
		return out, s.explain(err)
	}
	if err := wire.Unmarshal(result.Body, &out); err != nil {
		return out, s.explain(fmt.Errorf("decode the answer of %s: %w", name, err))
	}
	return out, nil
}

func (s *Service) operate(ctx context.Context, p tenancy.Principal, name string, body []byte) (operationResult, error) {
	o, ok := lookupOperation(name)
	if !ok {
		return operationResult{}, fmt.Errorf("no operation %q", name)
	}
	if err := s.checkFunction(p, o.function); err != nil {
		return operationResult{}, err
	}
	for attempt := newAttempts(ctx); ; {
		result, err := s.operateOnce(ctx, p, o, body)
		if !isNotTaken(err) {
			return result, err
		}
		if attempt.pause() != nil {
			return operationResult{}, lane.ErrNoLeader
		}
	}
}

func (s *Service) operateOnce(ctx context.Context, p tenancy.Principal, o operation, body []byte) (operationResult, error) {
	if s.lanes.Term() != 0 {
		return o.run(s, ctx, p, body)
	}
	leader, ok := s.node.Leader()
	if !ok || leader.ID == s.node.Self().ID {
		return operationResult{}, errNotTaken
	}
	request, err := wire.Marshal(&remoteOperation{Name: o.name, KeyID: p.KeyID(), AuthVersion: p.AuthVersion(), Body: body})
	if err != nil {
		return operationResult{}, fmt.Errorf("encode a forwarded operation: %w", err)
	}
	answer, err := s.node.Call(ctx, leader.ID, methodOperation, request)
	switch {
	case errors.Is(err, peer.ErrNotTaken):
		return operationResult{}, errNotTaken
	case err != nil:
		return operationResult{}, fmt.Errorf("%w: %w", lane.ErrUnknownOutcome, err)
	}
	var result operationResult
	if err := wire.Unmarshal(answer, &result); err != nil {
		return operationResult{}, fmt.Errorf("decode a forwarded operation's answer: %w", err)
	}
	if result.Refusal != nil {
		return operationResult{}, result.Refusal
	}
	return result, nil
}

// serveOperation runs an operation for a node that forwarded it: the leader authorizes the key again.
func (s *Service) serveOperation(ctx context.Context, _ string, request []byte) ([]byte, error) {
	var remote remoteOperation
	if err := wire.Unmarshal(request, &remote); err != nil {
		return nil, peer.Refuse(peer.CodeRefused, "an operation that cannot be decoded: %v", err)
	}
	o, ok := lookupOperation(remote.Name)
	if !ok {
		return nil, peer.Refuse(peer.CodeRefused, "no operation %q", remote.Name)
	}
	if s.lanes.Term() == 0 {
		return nil, peer.Refuse(refusedNotLeading, "this node does not lead")
	}
	if !steering[o.function] {
		defer s.work.begin()()
	}
	principal, err := s.reauthorize(remote.KeyID, remote.AuthVersion)
	if err == nil {
		err = s.checkFunction(principal, o.function)
	}
	var result operationResult
	if err == nil {
		result, err = o.run(s, ctx, principal, remote.Body)
	}
	switch {
	case isNotTaken(err):
		return nil, peer.Refuse(refusedNotLeading, "leadership ended")
	case err != nil:
		result = operationResult{Refusal: s.explain(err)}
	}
	return wire.Marshal(&result)
}

// command proposes one system command in the term this node leads, and waits for its fate as a lane does (R8, R10).
func (s *Service) command(ctx context.Context, make func(fsm.Header) fsm.Command) (fsm.Result, error) {
	term := s.lanes.Term()
	if term == 0 {
		return fsm.Result{}, errNotTaken
	}
	header := fsm.Header{Term: term, TimeMs: nowMs(), Request: newRequestID()}
	encoded, err := fsm.Encode(make(header))
	if err != nil {
		return fsm.Result{}, err
	}
	watch := s.machine.Watch(header.Request, term)
	defer watch.Cancel()
	proposal := s.node.Propose(ctx, encoded, term)
	select {
	case <-watch.Done():
	case <-proposal.Done():
		if proposal.Wait(ctx).Kind == proposer.NotAppended {
			return fsm.Result{}, errNotTaken
		}
	case <-ctx.Done():
		return fsm.Result{}, lane.ErrUnknownOutcome
	}
	select {
	case <-watch.Done():
		return commandOutcome(watch.Outcome())
	case <-ctx.Done():
		return fsm.Result{}, lane.ErrUnknownOutcome
	}
}

func commandOutcome(outcome fsm.WatchOutcome) (fsm.Result, error) {
	switch outcome.Kind {
	case fsm.OutcomeApplied:
		if errors.Is(outcome.Result.Err, fsm.ErrConflict) {
			return fsm.Result{}, errNotTaken // refused by its term: it did not happen
		}
		return outcome.Result, outcome.Result.Err
	case fsm.OutcomeLaterTerm:
		return fsm.Result{}, lane.ErrNoLeader
	}
	return fsm.Result{}, lane.ErrUnknownOutcome
}
