package api

import (
	"context"
	"errors"
	"time"

	"github.com/hivellm/nexus/api/bookmark"
	"github.com/hivellm/nexus/api/tx"
	"github.com/hivellm/nexus/graph/cypher"
	"github.com/hivellm/nexus/tenancy"
)

// TxSpec is what a transaction of several statements begins with. The zero values mean the defaults.
type TxSpec struct {
	// Database is a name as the client gave it; "" = default.
	Database string
	// ReadOnly refuses statements that write.
	ReadOnly bool
	// Bookmark is checked and then needs no wait: a transaction begins with a strong read.
	Bookmark string
	// Idle is how long the transaction may wait for its next step; 0 = 30 s, at most 300 s.
	Idle time.Duration
}

// TxInfo names an open transaction.
type TxInfo struct {
	ID string
	// ExpiresAtMs is when it ends if no step comes, Unix milliseconds.
	ExpiresAtMs int64
}

// TxCommit is the end of a transaction that was committed.
type TxCommit struct {
	Bookmark string
	Stats    cypher.Stats
	// Replayed says that an earlier commit of the same transaction had done it.
	Replayed bool
}

// BeginTx begins a transaction on the node that leads. Errors are *Error.
func (s *Service) BeginTx(ctx context.Context, p tenancy.Principal, spec TxSpec) (TxInfo, error) {
	if err := s.checkBegin(p, &spec); err != nil {
		return TxInfo{}, s.explain(err)
	}
	for attempt := newAttempts(ctx); ; {
		info, err := s.beginOnce(ctx, p, spec)
		if err == nil {
			return info, nil
		}
		if !isNotTaken(err) {
			return TxInfo{}, s.explain(err)
		}
		if attempt.pause() != nil {
			return TxInfo{}, Refuse(CodeNoLeader, "No leader took the transaction")
		}
	}
}

func (s *Service) checkBegin(p tenancy.Principal, spec *TxSpec) error {
	if err := s.checkFunction(p, tenancy.FunctionTx); err != nil {
		return err
	}
	if spec.Bookmark != "" {
		position, err := s.sealer.Open(p.Tenant(), spec.Bookmark)
		if err != nil {
			return err
		}
		if position.Epoch != s.machine.Epoch() {
			return bookmark.ErrInvalid
		}
	}
	spec.Idle = min(spec.Idle, tx.MaxIdle)
	return tenancy.CheckDatabaseName(tenancy.CanonicalDatabase(spec.Database))
}

func (s *Service) beginOnce(ctx context.Context, p tenancy.Principal, spec TxSpec) (TxInfo, error) {
	if term := s.lanes.Term(); term != 0 {
		return s.beginHere(ctx, term, p, spec)
	}
	leader, ok := s.node.Leader()
	term := s.machine.AppliedTerm()
	if !ok || term == 0 || leader.ID == s.node.Self().ID {
		return TxInfo{}, errNotTaken
	}
	answer, err := s.forwardTx(ctx, leader.ID, remoteTx{Step: txBegin, Term: term, Spec: spec}, p, discard{})
	var refusal *Error
	if err == nil || errors.As(err, &refusal) || isNotTaken(err) || ctx.Err() != nil {
		return answer.Info, err
	}
	return TxInfo{}, &Error{Code: CodeNoLeader, Detail: "The leader's answer was lost on its way: begin again. What it may have begun expires by itself", cause: err}
}

// TxCypher runs one statement in a transaction. The request has no consistency, bookmark or idempotency key. A statement
// that fails leaves the transaction as it was. Errors are *Error.
func (s *Service) TxCypher(ctx context.Context, id string, request Request, sink Sink) (Summary, error) {
	started := time.Now()
	writes, err := s.checkStatement(request)
	if err != nil {
		return Summary{}, s.explain(err)
	}
	opened, err := s.txIDs.Open(request.Principal.Tenant(), id)
	if err != nil {
		return Summary{}, s.explain(err)
	}
	if err := s.charge(ctx, request, writes); err != nil {
		return Summary{}, s.explain(err)
	}
	var summary Summary
	if opened.Node == s.node.Self().ID {
		summary, err = s.statementHere(ctx, opened, request, sink)
	} else {
		summary, err = s.forwardStatement(ctx, opened, request, writes, sink)
	}
	s.countRun(request.Principal, summary, started, err)
	if err != nil {
		return Summary{}, s.explain(err)
	}
	summary.Elapsed = time.Since(started)
	return summary, nil
}

// checkStatement prepares and authorizes a statement before anyone looks for its transaction.
func (s *Service) checkStatement(request Request) (writes bool, err error) {
	query, err := s.plans.Prepare(request.Query)
	if err != nil {
		return false, err
	}
	if request.OnPlan != nil {
		request.OnPlan(planFunctions[query.Kind()])
	}
	if err := s.checkFunction(request.Principal, planFunctions[query.Kind()]); err != nil {
		return false, err
	}
	switch {
	case query.Kind() == cypher.KindSchemaWrite:
		return false, Refuse(CodeBadRequest, "Indexes and constraints cannot be made or dropped in a transaction of several statements: send it to /cypher")
	case request.Consistency != "" || request.Bookmark != "":
		return false, Refuse(CodeBadRequest, "A statement in a transaction has no consistency and no bookmark of its own")
	case request.IdempotencyKey != "":
		return false, Refuse(CodeBadRequest, "A statement in a transaction takes no Idempotency-Key: its commit may be sent again as it is")
	}
	return query.Writes(), nil
}

// CommitTx commits a transaction; sent again it answers its replay (R14). arrivedMs is when the request arrived at the
// door, Unix milliseconds. Errors are *Error.
func (s *Service) CommitTx(ctx context.Context, p tenancy.Principal, id string, arrivedMs int64) (TxCommit, error) {
	opened, err := s.openTx(p, id)
	if err != nil {
		return TxCommit{}, s.explain(err)
	}
	var commit TxCommit
	if opened.Node == s.node.Self().ID {
		commit, err = s.commitHere(ctx, p, opened, arrivedMs)
	} else {
		commit, err = s.forwardCommit(ctx, p, opened, arrivedMs)
	}
	if err != nil {
		return TxCommit{}, s.explainCommit(opened, err)
	}
	return commit, nil
}

// explainCommit adds what to do about an outcome that asking again can still make known.
func (s *Service) explainCommit(id tx.ID, err error) *Error {
	refused := s.explain(err)
	if refused.Code != CodeUnknownOutcome || s.tooOldToTell(id) {
		return refused
	}
	told := *refused
	told.Hint = "Send the same commit again, to any node: it is never done twice, and the answer says what became of it"
	return &told
}

// RollbackTx gives a transaction up. Errors are *Error.
func (s *Service) RollbackTx(ctx context.Context, p tenancy.Principal, id string) error {
	opened, err := s.openTx(p, id)
	if err != nil {
		return s.explain(err)
	}
	if opened.Node == s.node.Self().ID {
		err = s.rollbackHere(ctx, p, opened)
	} else {
		err = s.forwardRollback(ctx, p, opened)
	}
	if err != nil {
		return s.explain(err)
	}
	return nil
}

func (s *Service) openTx(p tenancy.Principal, id string) (tx.ID, error) {
	if err := s.checkFunction(p, tenancy.FunctionTx); err != nil {
		return tx.ID{}, err
	}
	return s.txIDs.Open(p.Tenant(), id)
}

// discard is the sink of an answer without rows.
type discard struct{}

func (discard) Columns([]string) error { return nil }

func (discard) Row([]byte) error { return errors.New("a row where none is asked for") }
