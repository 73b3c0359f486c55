package ast

// SubqueryKind is what a subquery expression asks.
type SubqueryKind uint8

// The kinds of subquery expression.
const (
	SubqueryExists  SubqueryKind = iota // EXISTS { … }
	SubqueryCount                       // COUNT { … }
	SubqueryCollect                     // COLLECT { … }
)

var subqueryText = [...]string{"EXISTS", "COUNT", "COLLECT"}

// String returns the keyword.
func (k SubqueryKind) String() string { return subqueryText[k] }

// Subquery is EXISTS { }, COUNT { } or COLLECT { }. The short form `{ pattern WHERE … }` becomes a query of one Match.
type Subquery struct {
	Span
	Kind  SubqueryKind
	Query *RegularQuery
}

// PatternExpr is a pattern used as a predicate, `(a)-[:T]->(b)`, and the pattern of a shortestPath or allShortestPaths
// call, whose value is a path or a list of paths.
type PatternExpr struct {
	Span
	// Pattern has no path variable. A plain one has at least one relationship.
	Pattern *PathPattern
}

func (*Subquery) expr()    {}
func (*PatternExpr) expr() {}
