package bind

import (
	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/fn"
)

func (b *binder) with(c *ast.With, s *scope) (Clause, *scope, error) {
	p, sorted, err := b.projection(&c.Projection, s, false, c)
	if err != nil {
		return nil, nil, err
	}
	if item := c.Unnamed(); item != nil {
		return nil, nil, b.fail(item, ast.SyntaxError, "NoExpressionAlias", "an expression in WITH must have a name: add AS")
	}
	if err := b.withWhere(p, c.Where, s, sorted); err != nil {
		return nil, nil, err
	}
	return p, &scope{symbols: p.Out}, nil
}

// withWhere binds the condition after WITH: it sees what ORDER BY sees.
func (b *binder) withWhere(p *Project, where ast.Expr, rows, sorted *scope) error {
	p.Where = where
	if where == nil || !p.Aggregating && !p.Distinct || aggregates(where) {
		return b.predicate(where, sorted)
	}
	if err := b.sortGrouped(where, p.all(), rows, sorted, false); err != nil {
		return err
	}
	if _, done := b.query.Slots[where]; done {
		return nil
	}
	return b.predicate(where, b.overlay(where, sorted))
}

func (b *binder) returns(c *ast.Return, s *scope) (Clause, *scope, error) {
	p, _, err := b.projection(&c.Projection, s, true, c)
	if err != nil {
		return nil, nil, err
	}
	p.Returns = true
	return p, &scope{symbols: p.Out}, nil
}

// projection binds what WITH and RETURN share. The scope it returns is what ORDER BY and WHERE see.
func (b *binder) projection(c *ast.Projection, s *scope, returns bool, at ast.Node) (*Project, *scope, error) {
	p := &Project{Distinct: c.Distinct, Skip: c.Skip, Limit: c.Limit}
	if err := b.star(p, c, s, returns, at); err != nil {
		return nil, nil, err
	}
	collect := &p.Aggregates
	var keys []Item
	var computed []Item
	for _, item := range c.Items {
		b.collect = collect
		t, err := b.expr(item.Expr, s)
		b.collect = nil
		if err != nil {
			return nil, nil, err
		}
		name := item.Column(b.text)
		if err := b.columnOnce(p, name, item); err != nil {
			return nil, nil, err
		}
		out := b.symbol(name, t)
		if item.Alias != nil {
			b.query.Refs[item.Alias] = out
		}
		p.Out = append(p.Out, out)
		bound := Item{Expr: item.Expr, Out: out}
		if aggregates(item.Expr) {
			computed = append(computed, bound)
		} else {
			keys = append(keys, bound)
		}
	}
	p.Items = append(p.Items, keys...)
	p.After = computed
	p.Aggregating = len(computed) > 0
	rows := s.all()
	for _, item := range computed {
		if err := b.share(item.Expr, p.Items, rows); err != nil {
			return nil, nil, err
		}
	}
	sorted, err := b.orderBy(p, c, s)
	if err != nil {
		return nil, nil, err
	}
	return p, sorted, b.bounds(c)
}

// star takes over all names of the scope for `*`.
func (b *binder) star(p *Project, c *ast.Projection, s *scope, returns bool, at ast.Node) error {
	if !c.Star {
		return nil
	}
	for _, symbol := range sortedByName(s.all()) {
		if symbol.Name == "" {
			continue
		}
		out := b.symbol(symbol.Name, symbol.Type)
		v := &ast.Variable{Span: at.Pos(), Name: symbol.Name}
		b.query.Refs[v] = symbol
		p.Items = append(p.Items, Item{Expr: v, Out: out})
		p.Out = append(p.Out, out)
	}
	if returns && len(p.Out) == 0 {
		return b.fail(at, ast.SyntaxError, "NoVariablesInScope", "RETURN * needs at least one variable in scope")
	}
	return nil
}

func (b *binder) columnOnce(p *Project, name string, at ast.Node) error {
	for _, out := range p.Out {
		if out.Name == name {
			return b.fail(at, ast.SyntaxError, "ColumnNameConflict", "two columns have the name `%s`", name)
		}
	}
	return nil
}

// orderBy binds the sort keys: they see the new names and, where rows stay apart, the old ones too.
func (b *binder) orderBy(p *Project, c *ast.Projection, s *scope) (*scope, error) {
	sorted := &scope{parent: s}
	grouped := p.Aggregating || p.Distinct
	if grouped {
		sorted.parent = nil
	}
	for _, out := range p.Out {
		sorted.add(out)
	}
	items := p.all()
	for _, key := range c.OrderBy {
		var err error
		switch {
		case !grouped && aggregates(key.Expr):
			err = b.fail(key, ast.SyntaxError, "InvalidAggregation", "ORDER BY may only use aggregates that are returned")
		case grouped:
			err = b.sortGrouped(key.Expr, items, s, sorted, aggregates(key.Expr))
			if err == nil {
				_, err = b.sortExpr(key.Expr, sorted)
			}
		default:
			_, err = b.expr(key.Expr, sorted)
		}
		if err != nil {
			return nil, err
		}
		p.OrderBy = append(p.OrderBy, SortKey{Expr: key.Expr, Descending: key.Descending})
	}
	return sorted, nil
}

// sortExpr binds what of a sort key is not read from a slot.
func (b *binder) sortExpr(e ast.Expr, sorted *scope) (Type, error) {
	if _, done := b.query.Slots[e]; done {
		return AnyType, nil
	}
	collect := []Aggregate{}
	b.collect = &collect
	t, err := b.expr(e, b.overlay(e, sorted))
	b.collect = nil
	return t, err
}

// overlay is a scope for an expression some parts of which are read from slots: it knows the names in those parts.
func (b *binder) overlay(e ast.Expr, s *scope) *scope {
	overlay := s.inner()
	ast.WalkExpr(e, func(x ast.Expr) bool {
		if _, done := b.query.Slots[x]; !done {
			return true
		}
		ast.WalkExpr(x, func(y ast.Expr) bool {
			if v, ok := y.(*ast.Variable); ok && s.lookup(v.Name) == nil {
				overlay.add(&Symbol{Name: v.Name, Slot: -1, Type: AnyType})
			}
			return true
		})
		return false
	})
	return overlay
}

// all lists everything that is projected.
func (p *Project) all() []Item { return append(append([]Item(nil), p.Items...), p.After...) }

// sortGrouped makes a sort key read what the projection has computed already.
func (b *binder) sortGrouped(e ast.Expr, items []Item, rows, sorted *scope, aggregating bool) error {
	if v, ok := e.(*ast.Variable); ok && sorted.lookup(v.Name) != nil {
		return nil
	}
	if item := same(e, items); item != nil {
		if aggregating && !simple(e) && !aggregates(e) {
			return b.fail(e, ast.SyntaxError, "AmbiguousAggregationExpression",
				"this part of ORDER BY is neither a name nor an aggregate: give it a name")
		}
		b.query.Slots[e] = item.Out.Slot
		return nil
	}
	for _, item := range items {
		if slot, ok := b.sameAggregate(e, item.Expr); ok {
			b.query.Slots[e] = slot
			return nil
		}
	}
	if v, ok := e.(*ast.Variable); ok {
		return b.undefinedUnlessInner(v, rows, sorted)
	}
	if isAggregate(e) {
		var err error
		ast.ExprChildren(e, func(child ast.Expr) {
			if err == nil {
				err = b.exprs(sorted, child)
			}
		})
		if err == nil {
			err = b.fail(e, ast.SyntaxError, "UndefinedVariable", "ORDER BY may only use aggregates that are returned")
		}
		return err
	}
	var err error
	ast.ExprChildren(e, func(child ast.Expr) {
		if err == nil {
			err = b.sortGrouped(child, items, rows, sorted, aggregating)
		}
	})
	return err
}

// undefinedUnlessInner refuses a name of the rows before they were grouped; other names are checked when bound.
func (b *binder) undefinedUnlessInner(v *ast.Variable, rows, sorted *scope) error {
	if rows.lookup(v.Name) != nil && sorted.lookup(v.Name) == nil {
		_, err := b.use(sorted, v)
		return err
	}
	return nil
}

// sameAggregate finds, within an item, the aggregate that e is.
func (b *binder) sameAggregate(e, item ast.Expr) (int, bool) {
	if !isAggregate(e) || item == nil {
		return 0, false
	}
	text, slot, found := ast.String(e), 0, false
	ast.WalkExpr(item, func(x ast.Expr) bool {
		if isAggregate(x) && ast.String(x) == text {
			slot, found = b.query.Slots[x], true
		}
		return !found
	})
	return slot, found
}

func isAggregate(e ast.Expr) bool {
	switch call := e.(type) {
	case *ast.CountStar:
		return true
	case *ast.FunctionCall:
		_, ok := fn.LookupAggregate(call.FullName())
		return ok
	}
	return false
}

// bounds binds SKIP and LIMIT: constants before any row exists.
func (b *binder) bounds(c *ast.Projection) error {
	for _, e := range []ast.Expr{c.Skip, c.Limit} {
		if e == nil {
			continue
		}
		variable := false
		ast.WalkExpr(e, func(x ast.Expr) bool {
			switch x.(type) {
			case *ast.Variable, *ast.PatternExpr, *ast.Subquery, *ast.PatternComprehension:
				variable = true
			}
			return !variable
		})
		if variable {
			return b.fail(e, ast.SyntaxError, "NonConstantExpression", "SKIP and LIMIT may not depend on rows")
		}
		t, err := b.expr(e, &scope{})
		if err != nil {
			return err
		}
		if n, ok := e.(*ast.IntegerLiteral); ok && n.Value < 0 {
			return b.fail(e, ast.SyntaxError, "NegativeIntegerArgument", "SKIP and LIMIT may not be negative")
		}
		if err := b.demand(e, t, fn.Integer, "SKIP and LIMIT"); err != nil {
			return err
		}
	}
	return nil
}
