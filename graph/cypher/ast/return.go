package ast

// Return is RETURN.
type Return struct {
	Span
	Projection
}

func (*Return) clause() {}

// Projection is what WITH and RETURN share.
type Projection struct {
	Distinct bool
	// Star is true when the items begin with `*`.
	Star  bool
	Items []*ReturnItem
	// OrderBy is empty when absent.
	OrderBy []*SortItem
	// Skip and Limit are nil when absent.
	Skip  Expr
	Limit Expr
}

// ReturnItem is `expr` or `expr AS alias`.
type ReturnItem struct {
	Span
	Expr Expr
	// Alias is nil when absent.
	Alias *Variable
	// Source is the span of the expression with its parentheses: without an alias it names the column.
	Source Span
}

// Column returns the name of the column: the alias, the variable's name, or the exact source text.
func (i *ReturnItem) Column(text string) string {
	if i.Alias != nil {
		return i.Alias.Name
	}
	if v, ok := i.Expr.(*Variable); ok {
		return v.Name
	}
	return i.Source.Text(text)
}

// SortItem is one key of ORDER BY.
type SortItem struct {
	Span
	Expr       Expr
	Descending bool
	// Source is the span of the expression with its parentheses.
	Source Span
}
