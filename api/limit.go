package api

import (
	"context"
	"errors"
	"fmt"

	"github.com/hivellm/nexus/api/lane"
	"github.com/hivellm/nexus/graph/cypher"
)

// The names of the limits of one query, as an answer's quota tells them.
const (
	limitTimeout = "timeout_ms"
	limitQueryMs = "max_query_ms"
	limitRows    = "max_result_rows"
	limitMemory  = "max_query_memory_bytes"
)

const hintTime = "waiting counts too: for the leader, for the database's other writes, for a turn on this node's processors"

// TimeLimitError says that a query reached the time it may take: its own timeout_ms, or its tenant's max_query_ms.
type TimeLimitError struct {
	Name string
	Ms   uint64
}

// Error implements error.
func (e *TimeLimitError) Error() string {
	return fmt.Sprintf("the query reached its limit %s of %d", e.Name, e.Ms)
}

// fault is the error of a run whose context may have ended: then the reason why it did is the answer, where the error
// says no more than that it ended. What is unknown stays unknown.
func (r *run) fault(ctx context.Context, err error) error {
	var told *Error
	if errors.As(err, &told) && told.Code == CodeQueryLimitExceeded && told.Quota == limitTimeout && r.limit != nil {
		return r.limit // the leader was given what was left of it
	}
	cause := context.Cause(ctx)
	if cause == nil || !interrupted(err) {
		return err
	}
	return cause
}

// interrupted tells whether an error says that a context ended.
func interrupted(err error) bool {
	var limit *cypher.LimitError
	if errors.As(err, &limit) {
		return limit.Limit == "time"
	}
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || errors.Is(err, lane.ErrExpired)
}
