package bind

import (
	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/fn"
)

// patternExpr binds a pattern whose names must all be known.
func (b *binder) patternExpr(x *ast.PatternExpr, s *scope) error {
	inner := s.inner()
	pattern, err := b.pattern([]*ast.PathPattern{x.Pattern}, inner, true)
	if err != nil {
		return err
	}
	use := &PatternUse{Pattern: pattern}
	if x.Pattern.Shortest != ast.ShortestNone {
		use.Path = b.symbol("", kinds(fn.Path))
		pattern.Paths[0].Symbol = use.Path
	}
	b.query.Patterns[x] = use
	return nil
}

func (b *binder) patternComprehension(x *ast.PatternComprehension, s *scope) (Type, error) {
	inner := s.inner()
	pattern, err := b.pattern([]*ast.PathPattern{x.Pattern}, inner, false)
	if err != nil {
		return AnyType, err
	}
	defer b.barAggregates()()
	if err := b.predicate(x.Where, inner); err != nil {
		return AnyType, err
	}
	t, err := b.expr(x.Projection, inner)
	b.query.Patterns[x] = &PatternUse{Pattern: pattern, Where: x.Where}
	return listOf(t), err
}

func (b *binder) subquery(x *ast.Subquery, s *scope) (Type, error) {
	defer b.barAggregates()()
	inAggregate := b.inAggregate
	b.inAggregate = false
	union, err := b.union(x.Query, s, placeExpression)
	b.inAggregate = inAggregate
	if err != nil {
		return AnyType, err
	}
	b.query.Subqueries[x] = union
	switch x.Kind {
	case ast.SubqueryExists:
		return kinds(fn.Boolean), nil
	case ast.SubqueryCount:
		return kinds(fn.Integer), nil
	}
	if len(union.Out) != 1 {
		return AnyType, b.fail(x, ast.SyntaxError, "InvalidClauseComposition", "COLLECT { } must return exactly one column")
	}
	return listOf(union.Out[0].Type), nil
}
