package ast

// ListComprehension is `[variable IN list WHERE where | projection]`.
type ListComprehension struct {
	Span
	Variable *Variable
	List     Expr
	// Where and Projection are nil when absent.
	Where      Expr
	Projection Expr
}

// PatternComprehension is `[path = pattern WHERE where | projection]`.
type PatternComprehension struct {
	Span
	// Pattern carries the path's variable and has at least one relationship.
	Pattern *PathPattern
	// Where is nil when absent.
	Where      Expr
	Projection Expr
}

// QuantifierKind is any, all, none or single.
type QuantifierKind uint8

// The kinds of quantifier.
const (
	QuantifierAny QuantifierKind = iota
	QuantifierAll
	QuantifierNone
	QuantifierSingle
)

var quantifierText = [...]string{"any", "all", "none", "single"}

// String returns the quantifier's name in lower case.
func (k QuantifierKind) String() string { return quantifierText[k] }

// Quantifier is `any(variable IN list WHERE where)` and its like.
type Quantifier struct {
	Span
	Kind     QuantifierKind
	Variable *Variable
	List     Expr
	// Where is nil when absent.
	Where Expr
}

// Reduce is `reduce(accumulator = initial, variable IN list | step)`.
type Reduce struct {
	Span
	Accumulator *Variable
	Initial     Expr
	Variable    *Variable
	List        Expr
	Step        Expr
}

func (*ListComprehension) expr()    {}
func (*PatternComprehension) expr() {}
func (*Quantifier) expr()           {}
func (*Reduce) expr()               {}
