package api

import (
	"context"
	"errors"
	"time"

	"github.com/hivellm/nexus/api/answer"
	"github.com/hivellm/nexus/api/bookmark"
	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher"
	"github.com/hivellm/nexus/graph/value"
	"github.com/hivellm/nexus/raft"
)

// followerPatience is how long a follower waits for its own machine before the leader serves the read (R4).
const followerPatience = 5 * time.Millisecond

// read serves a query that changes nothing, never through the log.
func (s *Service) read(ctx context.Context, r *run, sink Sink) (Summary, error) {
	level := r.level()
	summary := Summary{Consistency: level, Node: s.node.Self().Name}
	var index uint64
	var err error
	switch level {
	case Strong:
		return s.readStrong(ctx, r, summary, sink)
	case AtBookmark:
		index, err = s.bookmarkIndex(ctx, r)
	case Local:
		summary.Staleness, err = s.localStaleness(r)
		index = s.machine.Applied()
	}
	if err != nil {
		return Summary{}, err
	}
	return s.evaluate(ctx, r, index, summary, sink)
}

// readStrong reads here once this node's machine is far enough; a follower that is behind, or whose copy of the database
// is damaged (R18), has the leader serve the read.
// Where the leader is lost before anything was said, the read is asked again: it changes nothing.
func (s *Service) readStrong(ctx context.Context, r *run, summary Summary, sink Sink) (Summary, error) {
	for attempt := newAttempts(ctx); ; {
		index, here, err := s.strongIndex(ctx)
		if err != nil {
			return Summary{}, err
		}
		if here {
			served, err := s.evaluate(ctx, r, index, summary, sink)
			if !servedElsewhere(err) || s.lanes.Term() != 0 {
				return served, err
			} // nothing was said yet: the leader's copy serves the read
		}
		answered := &firstWord{Sink: sink}
		served, err := s.forwardRead(ctx, r, answered)
		if !errors.Is(err, errLeaderLost) || answered.spoken() {
			return served, err
		}
		if attempt.pause() != nil {
			return Summary{}, raft.ErrNoLeader
		}
	}
}

// servedElsewhere tells whether a read failed by what is this node's own affair: its copy, or its memory.
func servedElsewhere(err error) bool {
	return errors.Is(err, fsm.ErrDamaged) || errors.Is(err, fsm.ErrMemoryFull) || errors.As(err, new(*fsm.TooBigError))
}

// evaluate runs the query on this node's applied version, which is at least as new as index.
func (s *Service) evaluate(ctx context.Context, r *run, index uint64, summary Summary, sink Sink) (Summary, error) {
	pinned, err := s.machine.Pin(ctx, r.request.Principal.Tenant(), r.database.Number)
	if err != nil {
		return Summary{}, err
	}
	defer pinned.Release()
	rows, began := newRowSink(sink), time.Now()
	done, err := cypher.Read(ctx, r.query, pinned.Graph, r.options, rows)
	if enough := (*EnoughError)(nil); errors.As(err, &enough) {
		done.Rows = enough.Rows
	} else if err != nil {
		return Summary{}, err
	}
	summary.Rows, summary.Compute = done.Rows, time.Since(began)
	summary.Stats, summary.Notifications, summary.Plan = done.Stats, done.Notifications, done.Plan
	summary.Bookmark = s.sealer.Seal(r.request.Principal.Tenant(), bookmark.Position{Epoch: s.machine.Epoch(), Index: max(index, pinned.Index)})
	summary.Leader = s.leaderName()
	return summary, nil
}

// level is the consistency a read gets: a given bookmark implies its own level.
func (r *run) level() Consistency {
	switch {
	case r.request.Consistency != "":
		return r.request.Consistency
	case r.request.Bookmark != "":
		return AtBookmark
	}
	return Strong
}

// strongIndex gets the read index and waits until this node's machine has it. here = false: this follower is behind,
// and the leader should serve the read.
func (s *Service) strongIndex(ctx context.Context) (index uint64, here bool, err error) {
	if index, err = s.readIndex(ctx); err != nil {
		return 0, false, err
	}
	if s.lanes.Term() != 0 {
		return index, true, s.node.WaitApplied(ctx, index)
	}
	patience, cancel := context.WithTimeout(ctx, followerPatience)
	defer cancel()
	if err := s.node.WaitApplied(patience, index); err != nil {
		return index, false, ctx.Err()
	}
	return index, true, nil
}

// readIndex asks for the read index, again while there is no leader to tell it (docs/decisions/0004).
func (s *Service) readIndex(ctx context.Context) (uint64, error) {
	index, err := s.node.ReadIndex(ctx)
	if !errors.Is(err, raft.ErrNoLeader) {
		return index, err
	}
	for attempt := newAttempts(ctx); errors.Is(err, raft.ErrNoLeader); index, err = s.node.ReadIndex(ctx) {
		if attempt.pause() != nil {
			return 0, err
		}
	}
	return index, err
}

// bookmarkIndex opens the bookmark and waits until this node's machine has it, to the deadline: then STALE.
func (s *Service) bookmarkIndex(ctx context.Context, r *run) (uint64, error) {
	position, err := s.sealer.Open(r.request.Principal.Tenant(), r.request.Bookmark)
	if err != nil {
		return 0, err
	}
	if position.Epoch != s.machine.Epoch() {
		return 0, bookmark.ErrInvalid
	}
	if err := s.node.WaitApplied(ctx, position.Index); err != nil {
		return 0, Refuse(CodeStale, "This node has not reached the bookmark within the query's time")
	}
	return s.machine.Applied(), nil
}

// localStaleness measures how old a local read may be, and refuses what is older than the request bears (R5).
func (s *Service) localStaleness(r *run) (time.Duration, error) {
	most := s.maxStaleness
	switch asked := r.request.MaxStaleness; {
	case asked > most:
		r.notes = append(r.notes, cappedNote("max_staleness_ms", uint64(most.Milliseconds())))
	case asked > 0:
		most = asked
	}
	age, known := s.node.Freshness()
	if !known || age > most {
		return 0, Refuse(CodeStale, "This node cannot promise a state younger than %d ms", most.Milliseconds())
	}
	return age, nil
}

// rowSink encodes rows as they come, straight into the answer or into one reused buffer.
type rowSink struct {
	sink   Sink
	direct DirectSink // the same, where it takes rows directly
	buffer []byte
}

func newRowSink(sink Sink) *rowSink {
	direct, _ := sink.(DirectSink)
	return &rowSink{sink: sink, direct: direct}
}

func (r *rowSink) Columns(names []string) error { return r.sink.Columns(names) }

func (r *rowSink) Row(g *graph.Graph, row []value.Value) error {
	if r.direct != nil {
		buffer, err := answer.AppendRow(r.direct.BeginRow(), g, row)
		if err != nil {
			return err
		}
		return r.direct.EndRow(buffer)
	}
	encoded, err := answer.AppendRow(r.buffer[:0], g, row)
	if err != nil {
		return err
	}
	r.buffer = encoded
	return r.sink.Row(encoded)
}
