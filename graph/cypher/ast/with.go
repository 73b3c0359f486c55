package ast

// With is WITH: a projection and what may follow it.
type With struct {
	Span
	Projection
	// Where is nil when absent.
	Where Expr
}

func (*With) clause() {}
