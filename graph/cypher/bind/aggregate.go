package bind

import (
	"slices"

	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/fn"
)

// barAggregates refuses aggregates until the returned function is called.
func (b *binder) barAggregates() func() {
	collect := b.collect
	b.collect = nil
	return func() { b.collect = collect }
}

// aggregate binds a call of an aggregate, where one may stand.
func (b *binder) aggregate(call ast.Expr, f *fn.Aggregate, distinct bool, args []ast.Expr, s *scope) (Type, error) {
	if b.inAggregate {
		return AnyType, b.fail(call, ast.SyntaxError, "NestedAggregation", "an aggregate may not stand within another")
	}
	if b.collect == nil {
		return AnyType, b.fail(call, ast.SyntaxError, "InvalidAggregation", "%s() may not stand here: only WITH and RETURN aggregate", f.Name)
	}
	if _, done := b.query.Slots[call]; done {
		return kinds(f.Result), nil
	}
	b.inAggregate = true
	defer func() { b.inAggregate = false }()
	element := AnyType
	for i, arg := range args {
		t, err := b.expr(arg, s)
		if err != nil {
			return AnyType, err
		}
		if i == 0 {
			element = t
		}
		if err := b.demand(arg, t, f.Params[i].Types, "the argument of "+f.Name+"()"); err != nil {
			return AnyType, err
		}
	}
	symbol := b.symbol("", kinds(f.Result))
	b.query.Slots[call] = symbol.Slot
	*b.collect = append(*b.collect, Aggregate{Function: f, Distinct: distinct, Args: args, Slot: symbol.Slot, Call: call})
	switch f.Name {
	case "collect":
		return listOf(element), nil
	case "min", "max":
		return element, nil
	}
	return symbol.Type, nil
}

// aggregates tells whether an expression holds an aggregate.
func aggregates(e ast.Expr) bool {
	found := false
	ast.WalkExpr(e, func(x ast.Expr) bool {
		switch call := x.(type) {
		case *ast.CountStar:
			found = true
		case *ast.FunctionCall:
			if _, ok := fn.LookupAggregate(call.FullName()); ok {
				found = true
			}
		}
		return !found
	})
	return found
}

// share makes an expression that is computed for a group read what it needs from the slots of grouping keys. What it
// takes from neither a key nor an aggregate is ambiguous.
func (b *binder) share(e ast.Expr, keys []Item, rows []*Symbol) error {
	if _, done := b.query.Slots[e]; done {
		return nil
	}
	if simple(e) {
		if key := same(e, keys); key != nil {
			b.query.Slots[e] = key.Out.Slot
			return nil
		}
	}
	if v, ok := e.(*ast.Variable); ok {
		if slices.Contains(rows, b.query.Refs[v]) {
			return b.fail(e, ast.SyntaxError, "AmbiguousAggregationExpression",
				"`%s` is neither aggregated nor returned by itself", v.Name)
		}
		return nil
	}
	if m, ok := e.(*ast.MapProjection); ok {
		if err := b.share(m.Subject, keys, rows); err != nil {
			return err
		}
	}
	var err error
	ast.ExprChildren(e, func(child ast.Expr) {
		if err == nil {
			err = b.share(child, keys, rows)
		}
	})
	return err
}

// simple tells whether an expression is a variable or a property of one.
func simple(e ast.Expr) bool {
	if p, ok := e.(*ast.Property); ok {
		e = p.Target
	}
	_, ok := e.(*ast.Variable)
	return ok
}

// same finds the item that computes the same expression.
func same(e ast.Expr, items []Item) *Item {
	text := ""
	for i := range items {
		if items[i].Expr == nil {
			continue
		}
		if text == "" {
			text = ast.String(e)
		}
		if ast.String(items[i].Expr) == text {
			return &items[i]
		}
	}
	return nil
}
