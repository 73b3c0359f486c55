package api

import (
	"context"
	"errors"
	"time"

	"github.com/hivellm/nexus/api/bookmark"
	"github.com/hivellm/nexus/api/lane"
	"github.com/hivellm/nexus/api/tx"
	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/tenancy"
)

// beginHere begins a transaction on this node, which leads term: on the version that a strong read sees now.
func (s *Service) beginHere(ctx context.Context, term uint64, p tenancy.Principal, spec TxSpec) (TxInfo, error) {
	if s.draining() { // it is about to give leadership away: the next leader takes it
		return TxInfo{}, errNotTaken
	}
	index, err := s.node.ReadIndex(ctx)
	if err != nil {
		return TxInfo{}, err
	}
	if err := s.node.WaitApplied(ctx, index); err != nil {
		return TxInfo{}, err
	}
	database, err := findDatabase(s.machine.Registry(), p.Tenant(), spec.Database)
	if err != nil {
		return TxInfo{}, err
	}
	pinned, err := s.machine.Writable(ctx, p.Tenant(), database.Number, false)
	if err != nil {
		return TxInfo{}, err
	}
	began := false
	defer func() {
		if !began {
			pinned.Release()
		}
	}()
	id, err := s.txIDs.Seal(p.Tenant(), s.node.Self().ID, term, s.machine.LogTimeMs())
	if err != nil {
		return TxInfo{}, err
	}
	place := lane.Place{Tenant: p.Tenant(), Database: database.Number}
	now := time.Now()
	one := tx.New(tx.Spec{
		ID: id, Place: place, Database: database.Name, ReadOnly: spec.ReadOnly, Idle: spec.Idle,
		Base: pinned.Graph, Index: max(index, pinned.Index), Release: pinned.Release, Now: now,
		Reserve: func(ctx context.Context, kind graph.EntityKind, count uint64) (graph.Block, error) {
			return s.lanes.Reserve(ctx, term, place, kind, count)
		},
		GiveBack: func(unused [2]graph.Block) { s.lanes.GiveBack(term, place, unused) },
	})
	if err := s.txs.Begin(one); err != nil {
		if errors.Is(err, tx.ErrGone) {
			return TxInfo{}, errNotTaken
		}
		return TxInfo{}, err
	}
	began = true
	return TxInfo{ID: id.Text, ExpiresAtMs: now.Add(one.Idle()).UnixMilli()}, nil
}

// statementHere runs a statement of a transaction that this node should hold.
func (s *Service) statementHere(ctx context.Context, id tx.ID, request Request, sink Sink) (Summary, error) {
	one, err := s.txs.Take(ctx, id)
	if errors.Is(err, tx.ErrGone) {
		return Summary{}, s.goneTx(ctx, request.Principal, id)
	}
	if err != nil {
		return Summary{}, err
	}
	summary, err := s.runStatement(ctx, one, request, sink)
	if isNotTaken(err) || errors.Is(err, lane.ErrNoLeader) { // of a reservation: the term is over, and nothing was committed
		s.txs.End(one, tx.End{Kind: tx.Lost, Err: tx.ErrLost})
		return Summary{}, tx.ErrLost
	}
	s.txs.Release(one)
	return summary, err
}

func (s *Service) runStatement(ctx context.Context, one *tx.Transaction, request Request, sink Sink) (Summary, error) {
	if request.Database != "" && tenancy.CanonicalDatabase(request.Database) != one.Database() {
		return Summary{}, Refuse(CodeBadRequest, "The transaction is in the database %q", one.Database())
	}
	request.Database = one.Database()
	ctx, r, err := s.prepare(ctx, request)
	if err != nil {
		return Summary{}, err
	}
	defer r.end()
	if r.database.Number != one.Place().Database {
		return Summary{}, Refuse(CodeNotFound, "The transaction's database was dropped; the one that is named %q now is another", one.Database())
	}
	if one.ReadOnly() && r.query.Writes() {
		return Summary{}, Refuse(CodeBadRequest, "The transaction began with access_mode read: it takes no statement that writes")
	}
	began := time.Now()
	done, err := one.Run(ctx, r.query, r.options, newRowSink(sink))
	if err != nil {
		return Summary{}, r.fault(ctx, err)
	}
	return Summary{
		Rows: done.Rows, Compute: time.Since(began),
		Stats: done.Stats, Notifications: append(done.Notifications, r.notes...), Plan: done.Plan,
		Node: s.node.Self().Name, Leader: s.leaderName(),
	}, nil
}

// commitHere commits a transaction that this node should hold.
func (s *Service) commitHere(ctx context.Context, p tenancy.Principal, id tx.ID, arrivedMs int64) (TxCommit, error) {
	one, err := s.txs.Take(ctx, id)
	switch {
	case errors.Is(err, tx.ErrGone):
		return s.committedTx(ctx, p, id)
	case err != nil:
		return TxCommit{}, err
	case one.ReadOnly():
		return s.commitReads(ctx, p, one)
	}
	again := one.Committing()
	job, err := s.txs.Commit(one, arrivedMs)
	if err != nil { // it became too old while this waited for its turn
		s.txs.Release(one)
		return s.committedTx(ctx, p, id)
	}
	result, err := s.lanes.Run(ctx, id.Term, one.Place(), job)
	switch {
	case err == nil:
		s.txs.End(one, tx.End{Kind: tx.Committed})
		return s.commitOf(p, result), nil
	case errors.Is(err, lane.ErrNotTaken) && !again:
		err = tx.ErrLost
		fallthrough
	case errors.Is(err, lane.ErrConflict):
		s.txs.End(one, tx.End{Kind: tx.Lost, Err: err})
		return TxCommit{}, err
	case notBegun(err):
		if !again {
			s.txs.Reopen(one)
		}
		s.txs.Release(one)
		if again { // an earlier attempt may have begun
			err = lane.ErrUnknownOutcome
		}
		return TxCommit{}, err
	case errors.Is(err, lane.ErrUnknownOutcome) && ctx.Err() != nil:
		s.txs.Release(one)
		return TxCommit{}, err
	case errors.Is(err, lane.ErrNotTaken), errors.Is(err, lane.ErrNoLeader), errors.Is(err, lane.ErrUnknownOutcome):
		s.txs.Release(one) // it goes with the table
		return s.awaitCommit(ctx, p, id, s.machine.WatchThrough(id.Request(), id.Term))
	}
	s.txs.End(one, tx.End{Kind: tx.Refused, Err: err})
	return TxCommit{}, err
}

// notBegun tells whether a commit was turned away before it ran: the transaction stays as it was.
func notBegun(err error) bool {
	return errors.Is(err, lane.ErrQueueFull) || errors.Is(err, lane.ErrExpired) || errors.Is(err, fsm.ErrIdempotencyFull)
}

// commitReads ends a transaction that only read: nothing is proposed, but a round confirms that its term still held when
// it ended.
func (s *Service) commitReads(ctx context.Context, p tenancy.Principal, one *tx.Transaction) (TxCommit, error) {
	index, err := s.node.ReadIndex(ctx)
	if err != nil {
		s.txs.Release(one)
		return TxCommit{}, err
	}
	index = max(index, one.Index())
	s.txs.End(one, tx.End{Kind: tx.Committed, Index: index})
	return s.commitOf(p, lane.Result{Index: index}), nil
}

func (s *Service) commitOf(p tenancy.Principal, result lane.Result) TxCommit {
	return TxCommit{
		Bookmark: s.sealer.Seal(p.Tenant(), bookmark.Position{Epoch: s.machine.Epoch(), Index: result.Index}),
		Stats:    result.Summary.Stats,
		Replayed: result.Replayed,
	}
}

// rollbackHere gives up a transaction that this node should hold.
func (s *Service) rollbackHere(ctx context.Context, p tenancy.Principal, id tx.ID) error {
	one, err := s.txs.Take(ctx, id)
	switch {
	case errors.Is(err, tx.ErrGone):
		return s.goneTx(ctx, p, id)
	case err != nil:
		return err
	case one.Committing(): // its outcome is not this call's to decide
		s.txs.Release(one)
		return tx.ErrEnding
	}
	s.txs.End(one, tx.End{Kind: tx.RolledBack})
	return nil
}
