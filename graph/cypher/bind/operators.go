package bind

import (
	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/fn"
)

func (b *binder) unary(x *ast.Unary, s *scope) (Type, error) {
	if x.Operator == ast.OpNot {
		return kinds(fn.Boolean), b.predicate(x.Operand, s)
	}
	t, err := b.expr(x.Operand, s)
	if err != nil {
		return AnyType, err
	}
	return t, b.demand(x.Operand, t, fn.Number|fn.Duration, "the operand of "+x.Operator.String())
}

func (b *binder) binary(x *ast.Binary, s *scope) (Type, error) {
	switch x.Operator {
	case ast.OpAnd, ast.OpOr, ast.OpXor:
		if err := b.predicate(x.Left, s); err != nil {
			return AnyType, err
		}
		return kinds(fn.Boolean), b.predicate(x.Right, s)
	}
	left, err := b.expr(x.Left, s)
	if err != nil {
		return AnyType, err
	}
	right, err := b.expr(x.Right, s)
	if err != nil {
		return AnyType, err
	}
	switch x.Operator {
	case ast.OpIn:
		return kinds(fn.Boolean), b.demand(x.Right, right, fn.List, "the right side of IN")
	case ast.OpAdd:
		return sum(left, right), nil
	case ast.OpSubtract, ast.OpMultiply, ast.OpDivide, ast.OpModulo, ast.OpPower:
		return b.arithmetic(x, left, right)
	}
	return kinds(fn.Boolean), nil
}

// sum is what is known of a + b.
func sum(left, right Type) Type {
	switch {
	case left.Kinds == 0 || right.Kinds == 0:
		return AnyType
	case left.is(fn.Number) && right.is(fn.Number):
		return number(left, right)
	case left.Kinds == fn.List && right.Kinds == fn.List:
		return join(left, right)
	case left.Kinds == fn.List || right.Kinds == fn.List:
		return kinds(fn.List)
	case left.is(fn.Text) && right.is(fn.Text|fn.Number) || right.is(fn.Text) && left.is(fn.Number):
		return kinds(fn.Text)
	}
	return AnyType
}

func number(left, right Type) Type {
	if left.is(fn.Integer) && right.is(fn.Integer) {
		return kinds(fn.Integer)
	}
	if left.is(fn.Float) || right.is(fn.Float) {
		return kinds(fn.Float)
	}
	return kinds(fn.Number)
}

func (b *binder) arithmetic(x *ast.Binary, left, right Type) (Type, error) {
	allowed := fn.Number
	if x.Operator != ast.OpModulo && x.Operator != ast.OpPower {
		allowed |= fn.Duration
	}
	if x.Operator == ast.OpSubtract {
		allowed |= fn.Temporal
	}
	what := "the operand of " + x.Operator.String()
	if err := b.demand(x.Left, left, allowed, what); err != nil {
		return AnyType, err
	}
	if err := b.demand(x.Right, right, allowed, what); err != nil {
		return AnyType, err
	}
	switch {
	case x.Operator == ast.OpPower:
		return kinds(fn.Float), nil
	case left.is(fn.Number) && right.is(fn.Number):
		return number(left, right), nil
	}
	return AnyType, nil
}
