package ast

// Foreach is FOREACH (variable IN list | updating clauses).
type Foreach struct {
	Span
	Variable *Variable
	List     Expr
	// Clauses holds updating clauses only.
	Clauses []Clause
}

func (*Foreach) clause() {}
