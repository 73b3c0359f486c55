package cypher

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/exec"
)

// The types of error, in openCypher's words.
const (
	SyntaxError      = ast.SyntaxError
	SemanticError    = ast.SemanticError
	TypeError        = ast.TypeError
	ProcedureError   = ast.ProcedureError
	ParameterMissing = "ParameterMissing"
	ArgumentError    = "ArgumentError"
	ArithmeticError  = "ArithmeticError"
	EntityNotFound   = "EntityNotFound"
	// ConstraintValidationFailed has openCypher's word as its value.
	ConstraintValidationFailed = "ConstraintVerificationFailed"
)

// Details that callers branch on.
const (
	// DetailAlreadyExists says that an index or constraint stands already.
	DetailAlreadyExists = "AlreadyExists"
	// DetailUnsupported says that the message names a feature which this version does not have.
	DetailUnsupported = "UnsupportedFeature"
)

// The phases of an error.
const (
	PhaseCompile = ast.PhaseCompile
	PhaseRuntime = ast.PhaseRuntime
)

// Error is a query that cannot be run, or whose run failed, in openCypher's words.
type Error struct {
	Type   string
	Phase  string
	Detail string
	// Message is for people; Hint is empty or one line of advice.
	Message string
	Hint    string
	// Offset is in bytes from 0; Line and Column count from 1 and are 0 where the place is not known.
	Offset int
	Line   int
	Column int
}

// Error returns type, detail, message and place in one line.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s): %s", e.Type, e.Detail, e.Message)
	if e.Line > 0 {
		fmt.Fprintf(&b, " (line %d, column %d)", e.Line, e.Column)
	}
	return b.String()
}

// Position returns line and column, counted from 1 and in characters; false where the place is not known.
func (e *Error) Position() (line, column int, ok bool) { return e.Line, e.Column, e.Line > 0 }

// Caret returns the line of text that the error points at and a caret below the place.
func (e *Error) Caret(text string) string { return (&ast.Error{Offset: e.Offset}).Caret(text) }

// LimitError says that a statement reached one of its limits: "time", "rows" or "memory" with the limit's value.
type LimitError = exec.LimitError

// explain turns an error of the rooms inside into the facade's.
func explain(err error) error {
	var inner *ast.Error
	if !errors.As(err, &inner) {
		return err
	}
	detail := inner.Detail
	if detail == "Unsupported" {
		detail = DetailUnsupported
	}
	return &Error{
		Type: inner.Type, Phase: inner.Phase, Detail: detail, Message: inner.Message, Hint: inner.Hint,
		Offset: inner.Offset, Line: inner.Line, Column: inner.Column,
	}
}
