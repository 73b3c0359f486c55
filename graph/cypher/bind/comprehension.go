package bind

import (
	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/fn"
)

// each binds a list and declares the variable that runs through it in a new scope.
func (b *binder) each(list ast.Expr, v *ast.Variable, s *scope) (*scope, error) {
	t, err := b.expr(list, s)
	if err != nil {
		return nil, err
	}
	if err := b.demand(list, t, fn.List, "what is gone through"); err != nil {
		return nil, err
	}
	inner := s.inner()
	b.declare(inner, v, t.element())
	return inner, nil
}

func (b *binder) comprehension(x *ast.ListComprehension, s *scope) (Type, error) {
	inner, err := b.each(x.List, x.Variable, s)
	if err != nil {
		return AnyType, err
	}
	defer b.barAggregates()()
	if err := b.predicate(x.Where, inner); err != nil {
		return AnyType, err
	}
	if x.Projection == nil {
		return listOf(b.query.Refs[x.Variable].Type), nil
	}
	t, err := b.expr(x.Projection, inner)
	return listOf(t), err
}

func (b *binder) quantifier(x *ast.Quantifier, s *scope) (Type, error) {
	inner, err := b.each(x.List, x.Variable, s)
	if err != nil {
		return AnyType, err
	}
	defer b.barAggregates()()
	return kinds(fn.Boolean), b.predicate(x.Where, inner)
}

func (b *binder) reduce(x *ast.Reduce, s *scope) (Type, error) {
	if err := b.exprs(s, x.Initial); err != nil {
		return AnyType, err
	}
	inner, err := b.each(x.List, x.Variable, s)
	if err != nil {
		return AnyType, err
	}
	b.declare(inner, x.Accumulator, AnyType)
	defer b.barAggregates()()
	return AnyType, b.exprs(inner, x.Step)
}
