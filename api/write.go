package api

import (
	"context"
	"crypto/sha256"
	"encoding/binary"

	"github.com/hivellm/nexus/api/answer"
	"github.com/hivellm/nexus/api/bookmark"
	"github.com/hivellm/nexus/api/lane"
	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/graph/value"
)

// write runs a query that can write: in a lane of this node while it leads, else one hop away.
func (s *Service) write(ctx context.Context, r *run, sink Sink) (Summary, error) {
	if r.request.Bookmark != "" { // a write is at least as new as anything; the bookmark is only checked
		if _, err := s.sealer.Open(r.request.Principal.Tenant(), r.request.Bookmark); err != nil {
			return Summary{}, err
		}
	}
	return s.forwardOrRun(ctx, r, sink)
}

// writeHere runs a write in this node's lane of the term it is meant for.
func (s *Service) writeHere(ctx context.Context, r *run, id fsm.RequestID, term uint64, sink Sink) (Summary, error) {
	job := &lane.Job{Query: r.query, Options: r.options, Request: id, Kept: r.kept(), Encode: answer.AppendRow}
	result, err := s.lanes.Run(ctx, term, r.place(), job)
	if err != nil {
		return Summary{}, err
	}
	return s.deliver(r, result, sink)
}

// deliver hands a finished write's rows to the sink.
func (s *Service) deliver(r *run, result lane.Result, sink Sink) (Summary, error) {
	columns := result.Columns
	if columns == nil {
		columns = r.query.Columns()
	}
	if err := sink.Columns(columns); err != nil {
		return Summary{}, err
	}
	for _, row := range result.Rows {
		if err := sink.Row(row); err != nil {
			return Summary{}, err
		}
	}
	return Summary{
		Stats: result.Summary.Stats, Notifications: result.Summary.Notifications, Plan: result.Summary.Plan,
		Bookmark:    s.sealer.Seal(r.request.Principal.Tenant(), bookmark.Position{Epoch: s.machine.Epoch(), Index: result.Index}),
		Node:        s.node.Self().Name,
		Leader:      s.leaderName(),
		Consistency: Strong,
		Replayed:    result.Replayed,
		Rows:        uint64(len(result.Rows)),
		Compute:     result.Compute,
	}, nil
}

func (r *run) place() lane.Place {
	return lane.Place{Tenant: r.request.Principal.Tenant(), Database: r.database.Number}
}

// kept is what is remembered of the request under the client's own key, nil without one.
func (r *run) kept() *fsm.Kept {
	if r.request.IdempotencyKey == "" {
		return nil
	}
	return &fsm.Kept{Key: r.request.IdempotencyKey, Hash: r.hash(), ArrivedMs: r.request.ArrivedMs, Last: true}
}

// hash is over route, database, query and canonical parameters, each with its length (R10).
func (r *run) hash() [32]byte {
	h := sha256.New()
	for _, part := range [][]byte{
		[]byte(r.request.Route), []byte(r.database.Name), []byte(r.request.Query), encodeParameters(r.request.Parameters),
	} {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		h.Write(length[:])
		h.Write(part)
	}
	return [32]byte(h.Sum(nil))
}

func encodeParameters(m *value.Map) []byte {
	if m == nil {
		m = value.NewMap(nil, nil)
	}
	return value.AppendEncoded(nil, value.MapOf(m))
}

// forwardOrRun sends a write to where the leader is, again while it certainly has no effect: it was not taken (R10), or its
// term ended without it.
func (s *Service) forwardOrRun(ctx context.Context, r *run, sink Sink) (Summary, error) {
	id := newRequestID()
	for attempt := newAttempts(ctx); ; {
		if term := s.lanes.Term(); term != 0 {
			summary, err := s.writeHere(ctx, r, id, term, sink)
			if !didNotHappen(err) {
				return summary, err
			}
		} else {
			summary, err := s.forwardWrite(ctx, r, id, sink)
			if !didNotHappen(err) {
				return summary, err
			}
		}
		if err := attempt.pause(); err != nil {
			return Summary{}, lane.ErrNoLeader
		}
	}
}
