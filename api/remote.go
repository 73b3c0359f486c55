package api

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hivellm/nexus/api/forward"
	"github.com/hivellm/nexus/api/lane"
	"github.com/hivellm/nexus/api/running"
	"github.com/hivellm/nexus/api/wire"
	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/graph/value"
	"github.com/hivellm/nexus/raft"
	"github.com/hivellm/nexus/raft/peer"
	"github.com/hivellm/nexus/scripts/planted"
	"github.com/hivellm/nexus/tenancy"
)

// Peer methods of the service.
const (
	methodCypher    = "api.cypher"
	methodOperation = "api.operation"
)

// refusedNotLeading is the code of a peer's refusal to run what is meant for a term it does not lead.
const refusedNotLeading = "not_leading"

// remoteRequest is a query on its one hop: what was asked, by which key, and the term it is meant for.
type remoteRequest struct {
	Term        uint64
	ID          fsm.RequestID
	KeyID       string
	AuthVersion uint64

	Function       string
	ReadOnly       bool
	Query          string
	Parameters     []byte // canonical
	Database       string
	Consistency    Consistency
	TimeoutMs      int64
	IdempotencyKey string
	Route          string
	ArrivedMs      int64
}

// function finds the function that was asked for; the zero one asks for the plan's.
func (r *remoteRequest) function() (tenancy.Function, error) {
	if r.Function == "" {
		return tenancy.Function{}, nil
	}
	function, known := tenancy.LookupFunction(r.Function)
	if !known {
		return tenancy.Function{}, Refuse(CodeNotFound, "This node knows no function %q", r.Function)
	}
	return function, nil
}

func encodeRemote(r *run, id fsm.RequestID, term uint64, left time.Duration) ([]byte, error) {
	q := r.request
	return wire.Marshal(&remoteRequest{
		Term: term, ID: id, KeyID: q.Principal.KeyID(), AuthVersion: q.Principal.AuthVersion(),
		Function: q.Function.Name(), ReadOnly: q.ReadOnly, Query: q.Query, Parameters: encodeParameters(q.Parameters), Database: q.Database, Consistency: Strong,
		TimeoutMs: left.Milliseconds(), IdempotencyKey: q.IdempotencyKey, Route: q.Route, ArrivedMs: q.ArrivedMs,
	})
}

// errLeaderLost says that the way to the leader broke, or that it leads no longer, before a read was answered.
var errLeaderLost = fmt.Errorf("the leader was lost before it answered: %w", raft.ErrNoLeader)

// forwardRead has the leader serve a strong read (R4). The answer comes through as it is.
func (s *Service) forwardRead(ctx context.Context, r *run, sink Sink) (Summary, error) {
	leader, ok := s.node.Leader()
	if !ok {
		return Summary{}, errLeaderLost
	}
	request, err := encodeRemote(r, fsm.RequestID{}, s.machine.AppliedTerm(), remaining(ctx))
	if err != nil {
		return Summary{}, fmt.Errorf("encode a forwarded read: %w", err)
	}
	defer r.running.Set(running.Waiting)
	r.running.Set(running.Elsewhere)
	end, err := forward.Do(ctx, s.node, leader.ID, methodCypher, request, sink)
	var failure *forward.Failure
	switch {
	case err == nil:
		return decodeSummary(end)
	case errors.As(err, &failure):
		return Summary{}, remoteFailure(err)
	case ctx.Err() != nil:
		return Summary{}, context.Cause(ctx)
	}
	return Summary{}, fmt.Errorf("%w: %w", errLeaderLost, err)
}

// forwardWrite sends a write to the leader. The node that holds a request watches its own machine for it, so that it
// learns the outcome whatever becomes of the leader or the way to it (R10).
func (s *Service) forwardWrite(ctx context.Context, r *run, id fsm.RequestID, sink Sink) (Summary, error) {
	leader, ok := s.node.Leader()
	term := s.machine.AppliedTerm()
	if !ok || term == 0 || leader.ID == s.node.Self().ID {
		return Summary{}, errNotTaken
	}
	request, err := encodeRemote(r, id, term, remaining(ctx))
	if err != nil {
		return Summary{}, fmt.Errorf("encode a forwarded write: %w", err)
	}
	watch := s.machine.WatchThrough(id, term)
	defer watch.Cancel()
	guarded := &firstWord{Sink: sink}
	defer r.running.Set(running.Waiting)
	r.running.Set(running.Elsewhere)
	end, err := s.askLeader(ctx, leader.ID, request, watch, guarded)
	var failure *forward.Failure
	switch {
	case err == nil:
		return decodeSummary(end)
	case errors.As(err, &failure):
		return Summary{}, remoteFailure(err)
	case errors.Is(err, peer.ErrNotTaken), planted.On("forward-again") && !guarded.spoken():
		return Summary{}, errNotTaken
	case guarded.spoken(): // rows went out: only a cut-off tells the truth
		return Summary{}, lane.ErrUnknownOutcome
	}
	return s.awaitOutcome(ctx, r, watch, sink)
}

// answerGrace is how long a leader may keep silent once this node's own machine says what became of a write.
const answerGrace = time.Second

// askLeader sends a write on its hop and takes the answer. It gives the answer up where the leader keeps silent although
// the watch was told: a leader that hangs must not hide an outcome that is known here.
func (s *Service) askLeader(ctx context.Context, leader string, request []byte, watch *fsm.Watch, guarded *firstWord) ([]byte, error) {
	ctx, giveUp := pastDeadline(ctx)
	var patience sync.WaitGroup
	defer patience.Wait()
	defer giveUp()
	patience.Go(func() {
		afterOutcome(ctx, watch, func() {
			if guarded.hush() {
				giveUp()
			}
		})
	})
	return forward.Do(ctx, s.node, leader, methodCypher, request, guarded)
}

// pastDeadline is ctx, but it ends only answerGrace after a deadline: the leader has the same one, and its word is worth
// more than silence.
func pastDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			time.AfterFunc(answerGrace, cancel) // it may be over by then
			return
		}
		cancel()
	})
	return longer, func() {
		stop()
		cancel()
	}
}

// awaitOutcome finds out what became of a forwarded write whose answer was lost.
func (s *Service) awaitOutcome(ctx context.Context, r *run, watch *fsm.Watch, sink Sink) (Summary, error) {
	select {
	case <-watch.Done():
	case <-ctx.Done():
		select {
		case <-watch.Done(): // both at once: what is known is told
		default:
			return Summary{}, lane.ErrUnknownOutcome
		}
	}
	return s.tellOutcome(r, watch.Outcome(), sink)
}

func (s *Service) tellOutcome(r *run, outcome fsm.WatchOutcome, sink Sink) (Summary, error) {
	if outcome.Kind == fsm.OutcomeApplied {
		if outcome.Result.Err != nil {
			return Summary{}, outcome.Result.Err
		}
		summary, err := lane.DecodeSummary(outcome.Result.Stats)
		if err != nil {
			return Summary{}, err
		}
		return s.deliver(r, lane.Result{Summary: summary, Index: outcome.Result.Index, Replayed: true}, sink)
	}
	if kept := r.kept(); kept != nil {
		if result, found, err := lane.Replay(s.machine, r.place(), kept); found {
			if err != nil {
				return Summary{}, err
			}
			return s.deliver(r, result, sink)
		}
	}
	if outcome.Kind == fsm.OutcomeLaterTerm {
		return Summary{}, lane.ErrNoLeader
	}
	return Summary{}, lane.ErrUnknownOutcome
}

// firstWord notes whether anything of an answer went out, and lets nothing out once the answer was given up.
type firstWord struct {
	Sink

	mu     sync.Mutex // guards both below; at most one is ever true
	spoke  bool
	hushed bool
}

// errHushed ends an answer that was given up.
var errHushed = errors.New("the answer was given up")

// Columns implements Sink.
func (f *firstWord) Columns(names []string) error {
	f.mu.Lock()
	f.spoke = !f.hushed
	f.mu.Unlock()
	if !f.spoken() {
		return errHushed
	}
	return f.Sink.Columns(names)
}

// spoken tells whether anything went out.
func (f *firstWord) spoken() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.spoke
}

// hush gives the answer up, unless something went out already.
func (f *firstWord) hush() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hushed = !f.spoke
	return f.hushed
}

// remoteFailure decodes the other node's refusal; a request that was not taken is that.
func remoteFailure(err error) error {
	var failure *forward.Failure
	if !errors.As(err, &failure) {
		if errors.Is(err, peer.ErrNotTaken) {
			return lane.ErrNoLeader
		}
		return err
	}
	var refusal Error
	if err := wire.Unmarshal(failure.Encoded, &refusal); err != nil {
		return fmt.Errorf("decode a peer's refusal: %w", err)
	}
	return &refusal
}

func decodeSummary(end []byte) (Summary, error) {
	var summary Summary
	if err := wire.Unmarshal(end, &summary); err != nil {
		return Summary{}, fmt.Errorf("decode a peer's summary: %w", err)
	}
	return summary, nil
}

func decodeParameters(encoded []byte) (*value.Map, error) {
	v, rest, err := value.Decode(encoded)
	if err != nil || len(rest) > 0 || v.Kind() != value.KindMap {
		return nil, fmt.Errorf("decode forwarded parameters: %w", errors.Join(err, errors.New("not one map")))
	}
	return v.Map(), nil
}

// remaining is what is left of the context's time; 0 = no bound.
func remaining(ctx context.Context) time.Duration {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return 0
	}
	return max(time.Millisecond, time.Until(deadline))
}
