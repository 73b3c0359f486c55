package ast

// With is WITH: a projection and what may follow it.
type With struct {
	Span
	Projection
	// Where is nil when absent.
	Where Expr
}

func (*With) clause() {}

// Unnamed returns the first item that is neither a variable nor has an alias, or nil. The parser refuses such an item
// (NoExpressionAlias), except where ORDER BY follows: there the binder must, after its check for
// AmbiguousAggregationExpression.
func (w *With) Unnamed() *ReturnItem {
	for _, item := range w.Items {
		if _, ok := item.Expr.(*Variable); !ok && item.Alias == nil {
			return item
		}
	}
	return nil
}
