package ast

// Mode says what is to be done with a query.
type Mode uint8

// The modes of a query.
const (
	ModeRun     Mode = iota // run it
	ModeExplain             // show its plan, run nothing
	ModeProfile             // run it and show its plan with figures
)

// Query is one whole text.
type Query struct {
	Span
	// Text is the text the spans of the tree point into.
	Text      string
	Mode      Mode
	Statement Statement
}

// RegularQuery is one or more single queries joined by UNION. Mixed UNION and UNION ALL do not parse.
type RegularQuery struct {
	Span
	// Parts has at least one element.
	Parts []*SingleQuery
	// All is true for UNION ALL; without meaning for one part.
	All bool
}

func (*RegularQuery) statement() {}

// SingleQuery is a sequence of clauses, in the order of the text. At the top level the order is checked by the parser:
// the last clause returns, updates or calls, and nothing stands after RETURN. Inside EXISTS { } and COUNT { } a query
// may end with any clause.
type SingleQuery struct {
	Span
	// Clauses has at least one element.
	Clauses []Clause
}
