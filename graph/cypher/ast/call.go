package ast

// Call is CALL of a procedure, alone or within a query.
type Call struct {
	Span
	// Namespace is the procedure's name without its last part.
	Namespace []Name
	Name      Name
	// Implicit is true when there is no argument list: arguments come from parameters of the same names.
	Implicit bool
	Args     []Expr
	// HasYield is true when YIELD is written; YieldStar for `YIELD *`.
	HasYield  bool
	YieldStar bool
	Yield     []*YieldItem
	// Where is the filter after YIELD, nil when absent.
	Where Expr
	// Standalone is true when the call is the whole query.
	Standalone bool
}

func (*Call) clause() {}

// FullName returns the procedure's name with its namespace, joined by points.
func (c *Call) FullName() string { return joinNames(c.Namespace, c.Name) }

// YieldItem is `field` or `field AS variable`.
type YieldItem struct {
	Span
	Field Name
	// Variable is the name it gets; equal to Field when there is no AS.
	Variable *Variable
}

// CallSubquery is CALL { query } or CALL (a, b) { query }.
type CallSubquery struct {
	Span
	Query *RegularQuery
	// Scoped is true when a variable scope `(…)` is written; ImportAll for `(*)`.
	Scoped    bool
	ImportAll bool
	Imports   []*Variable
}

func (*CallSubquery) clause() {}

func joinNames(namespace []Name, last Name) string {
	if len(namespace) == 0 {
		return last.Text
	}
	var size int
	for _, part := range namespace {
		size += len(part.Text) + 1
	}
	joined := make([]byte, 0, size+len(last.Text))
	for _, part := range namespace {
		joined = append(joined, part.Text...)
		joined = append(joined, '.')
	}
	return string(append(joined, last.Text...))
}
