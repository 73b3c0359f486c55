package ast

import "strings"

// The phases of an error, in openCypher's words.
const (
	PhaseCompile = "compile time"
	PhaseRuntime = "runtime"
)

// The types of compile-time error, in openCypher's words.
const (
	SyntaxError    = "SyntaxError"
	SemanticError  = "SemanticError"
	TypeError      = "TypeError"
	ProcedureError = "ProcedureError"
)

// Error is a query that cannot be run, found before running it. The parser and the binder share it.
type Error struct {
	// Type is SyntaxError and the like; Phase is "compile time".
	Type  string
	Phase string
	// Detail is openCypher's word, such as "UnexpectedSyntax", or "Unsupported" for what is refused by name.
	Detail string
	// Offset is in bytes from 0; Line and Column count from 1, columns in characters.
	Offset int
	Line   int
	Column int
	// Message is for people. Hint is empty or one line of advice.
	Message string
	Hint    string
}

// NewError makes a compile-time SyntaxError at a byte offset of text.
func NewError(text string, offset int, detail, message string) *Error {
	line, column := Position(text, offset)
	return &Error{
		Type: SyntaxError, Phase: PhaseCompile, Detail: detail,
		Offset: offset, Line: line, Column: column, Message: message,
	}
}

// Error returns type, detail, message, place and hint in one line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Type)
	b.WriteString(" (")
	b.WriteString(e.Detail)
	b.WriteString("): ")
	b.WriteString(e.Message)
	b.WriteString(" (line ")
	writeInt(&b, int64(e.Line))
	b.WriteString(", column ")
	writeInt(&b, int64(e.Column))
	b.WriteString(")")
	if e.Hint != "" {
		b.WriteString("; ")
		b.WriteString(e.Hint)
	}
	return b.String()
}

// caretWidth bounds how many characters of a line Caret shows on either side of the place.
const caretWidth = 60

// Caret returns the line of text that the error points at and, below it, a caret under the place. A long line is cut to
// its neighbourhood. text is the query the error came from.
func (e *Error) Caret(text string) string {
	offset := min(max(e.Offset, 0), len(text))
	start := strings.LastIndexByte(text[:offset], '\n') + 1
	end := len(text)
	if i := strings.IndexByte(text[offset:], '\n'); i >= 0 {
		end = offset + i
	}
	before := []rune(text[start:offset])
	after := []rune(strings.TrimRight(text[offset:end], "\r"))
	before = before[max(0, len(before)-caretWidth):]
	after = after[:min(len(after), caretWidth)]
	var b strings.Builder
	for _, r := range before {
		b.WriteRune(blank(r))
	}
	for _, r := range after {
		b.WriteRune(blank(r))
	}
	b.WriteByte('\n')
	b.WriteString(strings.Repeat(" ", len(before)))
	b.WriteByte('^')
	return b.String()
}

// blank makes characters that would move the caret a plain space.
func blank(r rune) rune {
	if r < ' ' || r == 0x7f {
		return ' '
	}
	return r
}
