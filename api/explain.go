package api

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hivellm/nexus/api/bookmark"
	"github.com/hivellm/nexus/api/control"
	"github.com/hivellm/nexus/api/lane"
	"github.com/hivellm/nexus/api/meter"
	"github.com/hivellm/nexus/api/running"
	"github.com/hivellm/nexus/api/tx"
	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher"
	"github.com/hivellm/nexus/hivehub"
	"github.com/hivellm/nexus/raft"
	"github.com/hivellm/nexus/tenancy"
	"github.com/hivellm/nexus/tenancy/ledger"
)

// sentinels maps the errors that carry nothing but themselves.
var sentinels = []struct {
	is   error
	code Code
}{
	{tenancy.ErrAuthenticationRequired, CodeAuthenticationRequired},
	{tenancy.ErrInvalidToken, CodeInvalidToken},
	{tenancy.ErrAuthStale, CodeAuthStale},
	{tenancy.ErrClusterNotReady, CodeNotReady},
	{tenancy.ErrTenantSuspended, CodeTenantSuspended},
	{tenancy.ErrControlPlaneExpired, CodeControlPlaneExpired},
	{bookmark.ErrInvalid, CodeBookmarkInvalid},
	{running.ErrKilled, CodeQueryKilled},
	{fsm.ErrConflict, CodeConflict},
	{fsm.ErrMemberRemoved, CodeConflict},
	{fsm.ErrIdempotencyMismatch, CodeIdempotencyMismatch},
	{fsm.ErrIdempotencyExpired, CodeUnknownOutcome},
	{fsm.ErrTenantUnknown, CodeNotFound},
	{fsm.ErrDatabaseUnknown, CodeNotFound},
	{fsm.ErrDamaged, CodeDatabaseUnavailable},
	{fsm.ErrReadOnly, CodeDatabaseUnavailable},
	{fsm.ErrKeyUnknown, CodeNotFound},
	{fsm.ErrTenantExists, CodeAlreadyExists},
	{fsm.ErrUserTaken, CodeAlreadyExists},
	{fsm.ErrDatabaseExists, CodeAlreadyExists},
	{fsm.ErrKeyExists, CodeAlreadyExists},
	{lane.ErrNoLeader, CodeNoLeader},
	{lane.ErrUnknownOutcome, CodeUnknownOutcome},
	{lane.ErrConflict, CodeConflict},
	{tx.ErrUnknown, CodeNotFound},
	{tx.ErrEnding, CodeNotFound},
	{tx.ErrEnded, CodeNotFound},
	{tx.ErrLost, CodeConflict},
	{raft.ErrNoLeader, CodeNoLeader},
	{hivehub.ErrEventSignature, CodeInvalidToken},
	{hivehub.ErrEventBody, CodeBadRequest},
	{hivehub.ErrEventOverload, CodeOverloaded},
	{control.ErrNotPulled, CodeNotReady},
	{meter.ErrNoLeader, CodeNoLeader},
	{meter.ErrClosed, CodeNotReady},
	{ledger.ErrTenant, CodeNotFound},
}

// explain turns whatever the floors below answer into the one Error that callers see. This is the only place where an
// error gets its code. What is not known here is INTERNAL: logged whole, told without details.
func (s *Service) explain(err error) *Error {
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	for _, row := range sentinels {
		if errors.Is(err, row.is) {
			return &Error{Code: row.code, Detail: sentence(row.is.Error()), cause: err}
		}
	}
	if e := explainTyped(err); e != nil {
		if e.Code == CodeQueryLimitExceeded {
			s.limited.Add(1)
		}
		e.cause = err
		return e
	}
	s.logger.Error("internal error", "error", err)
	return &Error{Code: CodeInternal, Detail: "something went wrong inside; the request id names it in this node's log", cause: err}
}

func explainTyped(err error) *Error {
	var (
		query    *cypher.Error
		limit    *cypher.LimitError
		timed    *TimeLimitError
		draft    *graph.LimitError
		step     *tx.LimitError
		expired  *tx.ExpiredError
		quota    *tenancy.QuotaError
		function *tenancy.FunctionNotAllowedError
		database *tenancy.DatabaseNameError
		grant    *tenancy.FunctionNameError
		plan     *tenancy.UnknownPlanError
		index    *fsm.IndexError
		big      *fsm.TooBigError
		used     *meter.ExhaustedError
	)
	switch {
	case errors.As(err, &query):
		return explainCypher(query)
	case errors.As(err, &timed):
		return &Error{Code: CodeQueryLimitExceeded, Detail: sentence(timed.Error()), Quota: timed.Name, Limit: timed.Ms, Hint: hintTime}
	case errors.Is(err, running.ErrFull):
		return Refuse(CodeOverloaded, "queries: %s", running.ErrFull.Error())
	case errors.Is(err, running.ErrMemory):
		return Refuse(CodeOverloaded, "memory: %s", running.ErrMemory.Error())
	case errors.As(err, &limit):
		return explainLimit(limit)
	case errors.As(err, &draft):
		return Refuse(CodeQueryLimitExceeded, "%s; split the write, for instance by feeding UNWIND fewer rows at a time", sentence(draft.Error()))
	case errors.As(err, &step):
		return Refuse(CodeQueryLimitExceeded, "%s; roll it back or commit it, and do the rest in another", sentence(step.Error()))
	case errors.As(err, &expired):
		return Refuse(CodeConflict, "%s", sentence(expired.Error()))
	case errors.As(err, &used):
		return explainExhausted(used)
	case errors.Is(err, meter.ErrRate):
		return &Error{Code: CodeRateLimitExceeded, Detail: sentence(meter.ErrRate.Error()), Quota: meter.QuotaRate}
	case errors.Is(err, meter.ErrDry):
		return &Error{Code: CodeRateLimitExceeded, Detail: sentence(meter.ErrDry.Error()), Quota: meter.QuotaRequests}
	case errors.Is(err, meter.ErrFull):
		return Refuse(CodeOverloaded, "meter: %s", meter.ErrFull.Error())
	case errors.As(err, &quota):
		return &Error{Code: CodeStorageQuotaExceeded, Detail: sentence(quota.Error()), Quota: string(quota.Quota), Limit: quota.Limit, Used: quota.Used}
	case errors.As(err, &big):
		return explainTooBig(big)
	case errors.Is(err, fsm.ErrMemoryFull):
		return Refuse(CodeOverloaded, "memory: %s", fsm.ErrMemoryFull.Error())
	case errors.As(err, &function):
		return &Error{Code: CodeFunctionNotAllowed, Detail: sentence(function.Error()), Function: function.Function.Name()}
	case errors.As(err, &database):
		return Refuse(CodeBadRequest, "%s", database.Error())
	case errors.As(err, &grant):
		return Refuse(CodeBadRequest, "%s", grant.Error())
	case errors.As(err, &index):
		return Refuse(CodeDatabaseUnavailable, "%s", sentence(index.Error()))
	case errors.As(err, &plan):
		return Refuse(CodeBadRequest, "%s", plan.Error())
	case errors.Is(err, fsm.ErrIdempotencyFull):
		return Refuse(CodeOverloaded, "idempotency: this tenant has as many remembered keys as one may have; try again in some minutes")
	case errors.Is(err, tx.ErrTooMany), errors.Is(err, tx.ErrNodeFull), errors.Is(err, tx.ErrBusy):
		return Refuse(CodeOverloaded, "transactions: %s", err.Error())
	case errors.Is(err, graph.ErrBuilding):
		return Refuse(CodeOverloaded, "indexes: %s", graph.ErrBuilding.Error())
	case errors.Is(err, lane.ErrReserved):
		return Refuse(CodeOverloaded, "ids: %s", lane.ErrReserved.Error())
	case errors.Is(err, lane.ErrQueueFull):
		return Refuse(CodeOverloaded, "writes: %s", lane.ErrQueueFull.Error())
	case errors.Is(err, lane.ErrExpired), errors.Is(err, context.DeadlineExceeded):
		return Refuse(CodeQueryLimitExceeded, "The query reached its time limit")
	case errors.Is(err, context.Canceled):
		return Refuse(CodeQueryLimitExceeded, "The query was cancelled")
	}
	return nil
}

// explainLimit tells of a limit of one query. One of time that the service did not set itself is that of a client who
// went away, or of a transaction.
func explainLimit(e *cypher.LimitError) *Error {
	switch e.Limit {
	case "rows":
		return &Error{
			Code: CodeQueryLimitExceeded, Quota: limitRows, Limit: e.Value, Hint: "ask for fewer rows, with LIMIT, or page by a key",
			Detail: fmt.Sprintf("The query reached its limit %s of %d", limitRows, e.Value),
		}
	case "memory":
		return &Error{
			Code: CodeQueryLimitExceeded, Quota: limitMemory, Limit: e.Value, Hint: "what collect(), ORDER BY, DISTINCT and long lists hold counts",
			Detail: fmt.Sprintf("The query reached its limit %s of %d", limitMemory, e.Value),
		}
	}
	if errors.Is(e, context.Canceled) {
		return Refuse(CodeQueryLimitExceeded, "The query was cancelled")
	}
	return Refuse(CodeQueryLimitExceeded, "%s", sentence(e.Error()))
}

// explainExhausted tells of a period that is used up, and when the next one begins.
func explainExhausted(e *meter.ExhaustedError) *Error {
	return &Error{
		Code: CodeQuotaExceeded, Detail: sentence(e.Error()), Quota: e.Quota, Limit: e.Limit, Used: e.Used, ResetsAtMs: e.ResetsAtMs,
		RetryAfterSeconds: int(max(1, (e.ResetsAtMs-nowMs()+999)/1000)),
	}
}

// explainTooBig tells of a tenant that this node cannot hold in memory: not at all, or not grown by a write. Other nodes
// may have a larger budget, so both are of the kind that may be asked again.
func explainTooBig(e *fsm.TooBigError) *Error {
	out := Refuse(CodeDatabaseUnavailable, "memory: %s", e.Error())
	out.Hint = "raise memory.budget of the node; nothing that is stored is lost"
	if e.Growth {
		out.Code = CodeOverloaded
		out.Hint = "delete something, or raise memory.budget of the nodes"
	}
	out.Quota, out.Limit, out.Used = string(tenancy.QuotaResidentBytes), e.BudgetBytes, e.SizeBytes
	return out
}

// cypherCodes maps openCypher's error types to codes; a type that is not listed is semantic.
var cypherCodes = map[string]Code{
	cypher.SyntaxError:                CodeQuerySyntax,
	cypher.TypeError:                  CodeQueryType,
	cypher.ParameterMissing:           CodeParameterMissing,
	cypher.ConstraintValidationFailed: CodeConstraintViolation,
}

func explainCypher(e *cypher.Error) *Error {
	code, ok := cypherCodes[e.Type]
	if !ok {
		code = CodeQuerySemantic
	}
	if e.Detail == cypher.DetailAlreadyExists {
		code = CodeAlreadyExists
	}
	out := &Error{
		Code: code, Detail: e.Message, Hint: e.Hint,
		Cypher: &CypherError{Type: e.Type, Phase: e.Phase, Detail: e.Detail},
	}
	if line, column, ok := e.Position(); ok {
		out.Position = &Position{Line: line, Column: column, Offset: e.Offset}
	}
	return out
}

// sentence begins a text with a capital letter, as details do.
func sentence(text string) string {
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
