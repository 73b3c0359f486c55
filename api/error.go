package api

import (
	"fmt"
	"time"
)

// Error is a refusal as callers see it: a code of the table and what helps to mend it. It travels between nodes as it
// is, so that a forwarded request is refused in the leader's own words. Immutable once returned.
type Error struct {
	Code   Code
	Detail string
	// Position stands in the query's text: line and column count from 1, offset from 0 in bytes. Nil without one.
	Position *Position
	// Cypher tells a query's error in openCypher's words. Nil for others.
	Cypher *CypherError
	// Hint says what to try, "" where nothing is known.
	Hint string
	// Quota, Limit and Used tell of a limit that was reached; Quota is "" for others.
	Quota       string
	Limit, Used uint64
	// ResetsAtMs is when the quota begins anew, Unix milliseconds; 0 = it does not, or not at one moment.
	ResetsAtMs int64
	// Function is the permission that is missing, "" for others.
	Function string
	// RetryAfterSeconds is how long to wait before the next try; 0 = the code's default.
	RetryAfterSeconds int

	cause error
}

// Position is a place in a query's text.
type Position struct {
	Line, Column, Offset int
}

// CypherError is a query's error in openCypher's words.
type CypherError struct {
	Type, Phase, Detail string
}

// Error implements error.
func (e *Error) Error() string { return string(e.Code) + ": " + e.Detail }

// Unwrap returns what lies behind, nil after a hop.
func (e *Error) Unwrap() error { return e.cause }

// Traits returns the row of the code's table.
func (e *Error) Traits() Traits { return e.Code.Traits() }

// RetryAfter returns how long to wait before the next try, 0 where a retry is of no use.
func (e *Error) RetryAfter() time.Duration {
	switch {
	case e.RetryAfterSeconds > 0:
		return time.Duration(e.RetryAfterSeconds) * time.Second
	case e.Traits().Retryable && e.Traits().Status != 409:
		return retryAfterSecond * time.Second
	}
	return 0
}

// Refuse makes an Error of a code and a formatted detail.
func Refuse(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Detail: fmt.Sprintf(format, args...)}
}
