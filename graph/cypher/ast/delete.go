package ast

// Delete is DELETE or DETACH DELETE.
type Delete struct {
	Span
	Detach bool
	// Targets has at least one element.
	Targets []Expr
}

func (*Delete) clause() {}
