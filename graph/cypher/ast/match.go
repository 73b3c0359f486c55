package ast

// Match is MATCH or OPTIONAL MATCH with its WHERE.
type Match struct {
	Span
	Optional bool
	// Paths has at least one element.
	Paths []*PathPattern
	// Where is nil when absent.
	Where Expr
}

func (*Match) clause() {}
