package ast

// Unwind is UNWIND list AS variable.
type Unwind struct {
	Span
	List     Expr
	Variable *Variable
}

func (*Unwind) clause() {}
