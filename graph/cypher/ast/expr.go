package ast

// IntegerLiteral is an integer; a minus before it is part of it.
type IntegerLiteral struct {
	Span
	Value int64
}

// FloatLiteral is a finite float; a minus before it is part of it.
type FloatLiteral struct {
	Span
	Value float64
}

// StringLiteral is a string, its escapes resolved. Value is valid UTF-8.
type StringLiteral struct {
	Span
	Value string
}

// BooleanLiteral is true or false.
type BooleanLiteral struct {
	Span
	Value bool
}

// NullLiteral is null.
type NullLiteral struct{ Span }

// Parameter is `$name`; Name is without the dollar.
type Parameter struct {
	Span
	Name string
}

// ListLiteral is `[a, b]`.
type ListLiteral struct {
	Span
	Items []Expr
}

// MapLiteral is `{key: value}`. Entries keep the order of the text; a key may stand twice (the last one counts).
type MapLiteral struct {
	Span
	Entries []MapEntry
}

// MapEntry is one `key: value`.
type MapEntry struct {
	Key   Name
	Value Expr
}

// Property is `target.key`.
type Property struct {
	Span
	Target Expr
	Key    Name
}

// Index is `target[index]`.
type Index struct {
	Span
	Target Expr
	Index  Expr
}

// Slice is `target[from..to]`.
type Slice struct {
	Span
	Target Expr
	// From and To are nil when absent.
	From Expr
	To   Expr
}

// LabelTest is the predicate `target:Labels`; on a relationship it tests the type.
type LabelTest struct {
	Span
	Target Expr
	Labels LabelExpr
}

// Unary is NOT, unary + or unary -.
type Unary struct {
	Span
	Operator Operator
	Operand  Expr
}

// Binary is an operator between two operands, a single comparison among them.
type Binary struct {
	Span
	Operator Operator
	Left     Expr
	Right    Expr
}

// Chain is two or more comparisons in a row, `a < b <= c`: true when each neighbouring pair compares so.
type Chain struct {
	Span
	// Operands has one element more than Operators; Operators[i] stands between Operands[i] and Operands[i+1].
	Operands  []Expr
	Operators []Operator
}

// IsNull is IS NULL, or IS NOT NULL when Negated.
type IsNull struct {
	Span
	Operand Expr
	Negated bool
}

// FunctionCall is `namespace.name(args)`; the case of a name is as written.
type FunctionCall struct {
	Span
	// Namespace is the function's name without its last part.
	Namespace []Name
	Name      Name
	Distinct  bool
	Args      []Expr
}

// FullName returns the function's name with its namespace, joined by points.
func (f *FunctionCall) FullName() string { return joinNames(f.Namespace, f.Name) }

// CountStar is count(*).
type CountStar struct{ Span }

// Case is CASE; Subject is nil for the form with conditions.
type Case struct {
	Span
	Subject Expr
	// Alternatives has at least one element.
	Alternatives []CaseAlternative
	// Else is nil when absent.
	Else Expr
}

// CaseAlternative is WHEN condition THEN result; with a subject, When is the value it is compared to.
type CaseAlternative struct {
	When Expr
	Then Expr
}

// MapProjection is `subject {.key, key: value, variable, .*}`.
type MapProjection struct {
	Span
	Subject *Variable
	Items   []MapProjectionItem
}

// MapProjectionItem is one item of a map projection. All is `.*` and nothing else is set; otherwise Key is the key and
// Value the expression: for `.key` it is a *Property of the subject, for a bare variable that variable.
type MapProjectionItem struct {
	Span
	All   bool
	Key   Name
	Value Expr
}

func (*IntegerLiteral) expr() {}
func (*FloatLiteral) expr()   {}
func (*StringLiteral) expr()  {}
func (*BooleanLiteral) expr() {}
func (*NullLiteral) expr()    {}
func (*Parameter) expr()      {}
func (*ListLiteral) expr()    {}
func (*MapLiteral) expr()     {}
func (*Property) expr()       {}
func (*Index) expr()          {}
func (*Slice) expr()          {}
func (*LabelTest) expr()      {}
func (*Unary) expr()          {}
func (*Binary) expr()         {}
func (*Chain) expr()          {}
func (*IsNull) expr()         {}
func (*FunctionCall) expr()   {}
func (*CountStar) expr()      {}
func (*Case) expr()           {}
func (*MapProjection) expr()  {}
