package api

import (
	"context"
	"errors"
	"time"

	"github.com/hivellm/nexus/api/lane"
	"github.com/hivellm/nexus/api/tx"
	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/scripts/planted"
	"github.com/hivellm/nexus/tenancy"
)

// keptWindowMs is within which time after its begin a commit that is not remembered was never applied (R14): ids are
// kept for longer.
const keptWindowMs = int64(tx.MaxAge / time.Millisecond)

// committedTx answers a commit whose transaction is not open here: R14's look-up.
func (s *Service) committedTx(ctx context.Context, p tenancy.Principal, id tx.ID) (TxCommit, error) {
	if planted.On("tx-commit-409-though-applied") {
		return TxCommit{}, tx.ErrLost
	}
	if s.txs.Term() != id.Term {
		return s.awaitCommit(ctx, p, id, s.machine.WatchThrough(id.Request(), id.Term))
	}
	if commit, found, err := s.keptCommit(ctx, p, id); found {
		return commit, err
	}
	end, known := s.txs.Ended(id)
	if !known {
		return TxCommit{}, s.never(id)
	}
	switch end.Kind {
	case tx.Committed:
		return s.commitOf(p, lane.Result{Index: end.Index, Replayed: true}), nil
	case tx.RolledBack:
		return TxCommit{}, tx.ErrEnded
	case tx.Uncertain:
		return TxCommit{}, lane.ErrUnknownOutcome
	}
	return TxCommit{}, end.Err
}

// awaitCommit finds out what became of a commit in a term that is over or ending: the machine applied it, or a later term
// has begun and it was not among what came before. It takes the watch over; one that a snapshot ended is renewed.
func (s *Service) awaitCommit(ctx context.Context, p tenancy.Principal, id tx.ID, watch *fsm.Watch) (TxCommit, error) {
	for {
		commit, again, err := s.awaitOnce(ctx, p, id, watch)
		watch.Cancel()
		if !again {
			return commit, err
		}
		watch = s.machine.WatchThrough(id.Request(), id.Term)
	}
}

func (s *Service) awaitOnce(ctx context.Context, p tenancy.Principal, id tx.ID, watch *fsm.Watch) (commit TxCommit, again bool, err error) {
	over := s.machine.AppliedTerm() > id.Term
	if commit, found, err := s.keptCommit(ctx, p, id); found || over {
		if !found {
			err = s.never(id)
		}
		return commit, false, err
	}
	select {
	case <-watch.Done():
	case <-ctx.Done():
		return TxCommit{}, false, lane.ErrUnknownOutcome
	}
	switch outcome := watch.Outcome(); outcome.Kind {
	case fsm.OutcomeApplied:
		commit, err := s.appliedCommit(p, outcome.Result)
		return commit, false, err
	case fsm.OutcomeLaterTerm:
		commit, found, err := s.keptCommit(ctx, p, id)
		if !found {
			err = s.never(id)
		}
		return commit, false, err
	case fsm.OutcomeSnapshot:
		return TxCommit{}, true, nil
	}
	return TxCommit{}, false, lane.ErrUnknownOutcome
}

// appliedCommit answers by what a watch saw.
func (s *Service) appliedCommit(p tenancy.Principal, r fsm.Result) (TxCommit, error) {
	result := lane.Result{Index: r.Index, Replayed: true}
	switch {
	case r.Err != nil:
		return TxCommit{}, r.Err
	case r.Replay != nil:
		result.Index = r.Replay.Index
	}
	summary, err := lane.DecodeSummary(r.Stats)
	if err != nil {
		return TxCommit{}, err
	}
	result.Summary = summary
	return s.commitOf(p, result), nil
}

// keptCommit looks a commit up among the kept ids, as a strong read would see them where it is found.
func (s *Service) keptCommit(ctx context.Context, p tenancy.Principal, id tx.ID) (commit TxCommit, found bool, err error) {
	result, found, err := lane.Replay(s.machine, lane.Place{Tenant: p.Tenant()}, id.Kept(0))
	if !found || err != nil {
		return TxCommit{}, found, err
	}
	if err := s.catchUp(ctx); err != nil {
		return TxCommit{}, true, errors.Join(lane.ErrUnknownOutcome, err)
	}
	return s.commitOf(p, result), true, nil
}

// never says that a transaction's commit cannot be in the log: it did not happen, unless it is so old that it may have
// been forgotten, or this node knows that it did not apply everything.
func (s *Service) never(id tx.ID) error {
	if s.tooOldToTell(id) || s.machine.Lost() {
		return lane.ErrUnknownOutcome
	}
	return tx.ErrLost
}

func (s *Service) tooOldToTell(id tx.ID) bool {
	return s.machine.LogTimeMs()-id.BegunMs >= keptWindowMs
}

// goneTx says why a transaction takes no more statements: it was ended by its client, or lost.
func (s *Service) goneTx(ctx context.Context, p tenancy.Principal, id tx.ID) error {
	if s.txs.Term() != id.Term {
		return s.goneTerm(ctx, p, id)
	}
	end, known := s.txs.Ended(id)
	switch {
	case !known:
		return s.endedOrLost(p, id)
	case end.Kind == tx.Lost:
		return end.Err
	case end.Kind == tx.Uncertain:
		return lane.ErrUnknownOutcome
	}
	return tx.ErrEnded
}

// goneTerm is goneTx once the transaction's term is over, or where its node cannot be asked.
func (s *Service) goneTerm(ctx context.Context, p tenancy.Principal, id tx.ID) error {
	ctx, cancel := context.WithTimeout(ctx, leaderPatience)
	defer cancel()
	if _, err := s.machine.WaitTerm(ctx, id.Term); err != nil {
		return lane.ErrNoLeader
	}
	return s.endedOrLost(p, id)
}

// endedOrLost tells apart by the record of its commit.
func (s *Service) endedOrLost(p tenancy.Principal, id tx.ID) error {
	if _, found, _ := lane.Replay(s.machine, lane.Place{Tenant: p.Tenant()}, id.Kept(0)); found {
		return tx.ErrEnded
	}
	return tx.ErrLost
}
