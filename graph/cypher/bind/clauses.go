package bind

import (
	"slices"
	"strings"

	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/fn"
)

func sortedByName(symbols []*Symbol) []*Symbol {
	sorted := slices.Clone(symbols)
	slices.SortStableFunc(sorted, func(a, b *Symbol) int { return strings.Compare(a.Name, b.Name) })
	return sorted
}

func (b *binder) unwind(c *ast.Unwind, s *scope) (Clause, error) {
	t, err := b.expr(c.List, s)
	if err != nil {
		return nil, err
	}
	if s.lookup(c.Variable.Name) != nil {
		return nil, b.alreadyBound(c.Variable)
	}
	element := t.element()
	if t.Kinds != fn.List && !t.can(fn.List) {
		element = t
	}
	return &Unwind{List: c.List, Out: b.declare(s, c.Variable, element)}, nil
}

func (b *binder) set(c *ast.Set, s *scope) (Clause, error) {
	live := s.all()
	items, err := b.setItems(c.Items, s)
	return &Update{Writes: items, Live: live}, err
}

func (b *binder) setItems(items []ast.SetItem, s *scope) ([]Write, error) {
	var writes []Write
	for _, item := range items {
		var w Write
		var err error
		switch i := item.(type) {
		case *ast.SetProperty:
			w = Write{Kind: SetProperty, Target: i.Property.Target, Key: i.Property.Key.Text, Value: i.Value}
		case *ast.SetMap:
			w = Write{Kind: ReplaceProperties, Target: i.Variable, Value: i.Value}
			if i.Add {
				w.Kind = AddProperties
			}
		case *ast.SetLabels:
			w = Write{Kind: SetLabels, Target: i.Variable, Labels: texts(i.Labels)}
		}
		w.At = item
		if err = b.target(w.Target, s, w.Kind); err != nil {
			return nil, err
		}
		if err = b.exprs(s, w.Value); err != nil {
			return nil, err
		}
		writes = append(writes, w)
	}
	return writes, nil
}

// target binds what is written to.
func (b *binder) target(e ast.Expr, s *scope, kind WriteKind) error {
	t, err := b.expr(e, s)
	if err != nil {
		return err
	}
	allowed, what := fn.Entity, "what gets properties"
	if kind == SetLabels || kind == RemoveLabels {
		allowed, what = fn.Node, "what has labels"
	}
	return b.demand(e, t, allowed, what)
}

func (b *binder) remove(c *ast.Remove, s *scope) (Clause, error) {
	u := &Update{Live: s.all()}
	for _, item := range c.Items {
		var w Write
		switch i := item.(type) {
		case *ast.RemoveProperty:
			w = Write{Kind: RemoveProperty, Target: i.Property.Target, Key: i.Property.Key.Text}
		case *ast.RemoveLabels:
			w = Write{Kind: RemoveLabels, Target: i.Variable, Labels: texts(i.Labels)}
		}
		w.At = item
		if err := b.target(w.Target, s, w.Kind); err != nil {
			return nil, err
		}
		u.Writes = append(u.Writes, w)
	}
	return u, nil
}

func texts(names []ast.Name) []string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = name.Text
	}
	return list
}

func (b *binder) delete(c *ast.Delete, s *scope) (Clause, error) {
	for _, target := range c.Targets {
		t, err := b.expr(target, s)
		if err != nil {
			return nil, err
		}
		if _, ok := target.(*ast.LabelTest); ok {
			return nil, b.fail(target, ast.SyntaxError, "InvalidDelete", "DELETE takes entities; labels are taken away by REMOVE")
		}
		if err := b.demand(target, t, fn.Entity|fn.Path, "what is deleted"); err != nil {
			return nil, err
		}
	}
	return &Delete{Detach: c.Detach, Targets: c.Targets, Live: s.all(), At: c}, nil
}

func (b *binder) foreach(c *ast.Foreach, s *scope) (Clause, error) {
	f := &Foreach{List: c.List, Live: s.all()}
	if s.lookup(c.Variable.Name) != nil {
		return nil, b.alreadyBound(c.Variable)
	}
	inner, err := b.each(c.List, c.Variable, s)
	if err != nil {
		return nil, err
	}
	f.Out = b.query.Refs[c.Variable]
	for _, clause := range c.Clauses {
		bound, next, err := b.clause(clause, inner)
		if err != nil {
			return nil, err
		}
		f.Body = append(f.Body, bound)
		inner = next
	}
	return f, nil
}

func (b *binder) callSubquery(c *ast.CallSubquery, s *scope) (Clause, error) {
	outer := s
	if c.Scoped && !c.ImportAll {
		outer = &scope{}
		for _, v := range c.Imports {
			symbol, err := b.use(s, v)
			if err != nil {
				return nil, err
			}
			outer.add(symbol)
		}
	}
	sub := &CallSubquery{Live: s.all()}
	at := placeCall
	if c.Scoped {
		at = placeScoped
	}
	var err error
	sub.Query, err = b.union(c.Query, outer, at)
	if err != nil {
		return nil, err
	}
	sub.Returns = len(sub.Query.Out) > 0
	for _, part := range sub.Query.Parts {
		sub.Writes = sub.Writes || part.Writes
	}
	for i, out := range sub.Query.Out {
		if s.lookup(out.Name) != nil {
			return nil, b.fail(c, ast.SyntaxError, "VariableAlreadyBound", "variable `%s` is already declared outside the subquery", sub.Query.Out[i].Name)
		}
	}
	for _, out := range sub.Query.Out {
		s.add(out)
	}
	return sub, nil
}

// imports splits a leading WITH of plain names off the clauses of CALL { }: only those are seen inside.
func (b *binder) imports(clauses []ast.Clause, outer *scope) (*scope, []ast.Clause, error) {
	s := &scope{}
	with, ok := clauses[0].(*ast.With)
	if !ok || len(clauses) == 1 {
		return s, clauses, nil
	}
	p := &with.Projection
	if p.Distinct || len(p.OrderBy) > 0 || p.Skip != nil || p.Limit != nil || with.Where != nil {
		return nil, nil, b.fail(with, ast.SyntaxError, "InvalidClauseComposition", "the importing WITH of a subquery takes plain variables only")
	}
	if p.Star {
		s.symbols = outer.all()
	}
	for _, item := range p.Items {
		v, ok := item.Expr.(*ast.Variable)
		if !ok || item.Alias != nil && item.Alias.Name != v.Name {
			return nil, nil, b.fail(item, ast.SyntaxError, "InvalidClauseComposition", "the importing WITH of a subquery takes plain variables only")
		}
		symbol, err := b.use(outer, v)
		if err != nil {
			return nil, nil, err
		}
		s.add(symbol)
	}
	return s, clauses[1:], nil
}
