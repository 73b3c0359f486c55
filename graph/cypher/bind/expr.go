package bind

import (
	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/fn"
)

// predicate binds an expression that must be true, false or null; patterns may stand in it.
func (b *binder) predicate(e ast.Expr, s *scope) error {
	if e == nil {
		return nil
	}
	t, err := b.condition(e, s)
	if err != nil {
		return err
	}
	return b.demand(e, t, fn.Boolean, "a condition")
}

// condition binds an expression that may be a pattern.
func (b *binder) condition(e ast.Expr, s *scope) (Type, error) {
	if p, ok := e.(*ast.PatternExpr); ok && p.Pattern.Shortest == ast.ShortestNone {
		return kinds(fn.Boolean), b.patternExpr(p, s)
	}
	return b.expr(e, s)
}

func (b *binder) demand(e ast.Expr, t Type, k fn.Types, what string) error {
	if t.can(k) {
		return nil
	}
	return b.fail(e, ast.SyntaxError, "InvalidArgumentType", "%s must be %s, found %s", what, k, t.Kinds)
}

// exprs binds expressions whose types do not matter.
func (b *binder) exprs(s *scope, list ...ast.Expr) error {
	for _, e := range list {
		if e == nil {
			continue
		}
		if _, err := b.expr(e, s); err != nil {
			return err
		}
	}
	return nil
}

// expr binds an expression and says what is known of its value.
func (b *binder) expr(e ast.Expr, s *scope) (Type, error) {
	switch x := e.(type) {
	case *ast.IntegerLiteral:
		return kinds(fn.Integer), nil
	case *ast.FloatLiteral:
		return kinds(fn.Float), nil
	case *ast.StringLiteral:
		return kinds(fn.Text), nil
	case *ast.BooleanLiteral:
		return kinds(fn.Boolean), nil
	case *ast.NullLiteral:
		return Type{}, nil
	case *ast.Parameter:
		return AnyType, nil
	case *ast.Variable:
		symbol, err := b.use(s, x)
		if err != nil {
			return AnyType, err
		}
		return symbol.Type, nil
	case *ast.ListLiteral:
		return b.list(x, s)
	case *ast.MapLiteral:
		for i := range x.Entries {
			if _, err := b.expr(x.Entries[i].Value, s); err != nil {
				return AnyType, err
			}
		}
		return kinds(fn.Map), nil
	case *ast.Property:
		return b.property(x, s)
	case *ast.Index:
		return b.index(x, s)
	case *ast.Slice:
		return b.slice(x, s)
	case *ast.LabelTest:
		t, err := b.expr(x.Target, s)
		if err != nil {
			return AnyType, err
		}
		return kinds(fn.Boolean), b.demand(x.Target, t, fn.Entity, "what has labels")
	case *ast.Unary:
		return b.unary(x, s)
	case *ast.Binary:
		return b.binary(x, s)
	case *ast.Chain:
		return kinds(fn.Boolean), b.exprs(s, x.Operands...)
	case *ast.IsNull:
		return kinds(fn.Boolean), b.exprs(s, x.Operand)
	default:
		return b.compound(e, s)
	}
}

func (b *binder) compound(e ast.Expr, s *scope) (Type, error) {
	switch x := e.(type) {
	case *ast.FunctionCall:
		return b.function(x, s)
	case *ast.CountStar:
		return b.aggregate(x, fn.CountStar, false, nil, s)
	case *ast.Case:
		return b.caseOf(x, s)
	case *ast.MapProjection:
		return b.mapProjection(x, s)
	case *ast.ListComprehension:
		return b.comprehension(x, s)
	case *ast.Quantifier:
		return b.quantifier(x, s)
	case *ast.Reduce:
		return b.reduce(x, s)
	case *ast.PatternComprehension:
		return b.patternComprehension(x, s)
	case *ast.PatternExpr:
		if x.Pattern.Shortest == ast.ShortestNone {
			return AnyType, b.fail(x, ast.SyntaxError, "UnexpectedSyntax", "a pattern may only stand where a condition is expected")
		}
		if err := b.patternExpr(x, s); err != nil {
			return AnyType, err
		}
		if x.Pattern.Shortest == ast.ShortestAll {
			return listOf(kinds(fn.Path)), nil
		}
		return kinds(fn.Path), nil
	case *ast.Subquery:
		return b.subquery(x, s)
	}
	return AnyType, b.unsupported(e, "this expression")
}

func (b *binder) list(x *ast.ListLiteral, s *scope) (Type, error) {
	element := Type{}
	for i, item := range x.Items {
		t, err := b.expr(item, s)
		if err != nil {
			return AnyType, err
		}
		if i == 0 {
			element = t
		} else {
			element = join(element, t)
		}
	}
	return listOf(element), nil
}

func (b *binder) property(x *ast.Property, s *scope) (Type, error) {
	t, err := b.expr(x.Target, s)
	if err != nil {
		return AnyType, err
	}
	if t.can(fn.Entity | fn.Map | fn.Temporal | fn.Duration | fn.Point) {
		return AnyType, nil
	}
	typ := ast.TypeError
	if t.is(fn.Path) {
		typ = ast.SyntaxError
	}
	return AnyType, b.fail(x, typ, "InvalidArgumentType", "%s has no properties", t.Kinds)
}

func (b *binder) index(x *ast.Index, s *scope) (Type, error) {
	t, err := b.expr(x.Target, s)
	if err != nil {
		return AnyType, err
	}
	at, err := b.expr(x.Index, s)
	if err != nil {
		return AnyType, err
	}
	if !t.can(fn.List | fn.Map | fn.Entity) {
		return AnyType, b.fail(x, ast.TypeError, "InvalidArgumentType", "%s has no elements", t.Kinds)
	}
	if t.Kinds == fn.List && !at.can(fn.Integer) {
		return AnyType, b.fail(x.Index, ast.TypeError, "InvalidArgumentType", "the index of a list must be an integer, found %s", at.Kinds)
	}
	return t.element(), nil
}

func (b *binder) slice(x *ast.Slice, s *scope) (Type, error) {
	t, err := b.expr(x.Target, s)
	if err != nil {
		return AnyType, err
	}
	if err := b.exprs(s, x.From, x.To); err != nil {
		return AnyType, err
	}
	return t, b.demand(x.Target, t, fn.List, "what is sliced")
}

func (b *binder) caseOf(x *ast.Case, s *scope) (Type, error) {
	var result Type
	if err := b.exprs(s, x.Subject); err != nil {
		return AnyType, err
	}
	for i, alternative := range x.Alternatives {
		var err error
		if x.Subject == nil {
			err = b.predicate(alternative.When, s)
		} else {
			err = b.exprs(s, alternative.When)
		}
		if err != nil {
			return AnyType, err
		}
		t, err := b.expr(alternative.Then, s)
		if err != nil {
			return AnyType, err
		}
		if result = join(result, t); i == 0 {
			result = t
		}
	}
	if x.Else == nil {
		return result, nil
	}
	t, err := b.expr(x.Else, s)
	return join(result, t), err
}

func (b *binder) mapProjection(x *ast.MapProjection, s *scope) (Type, error) {
	subject, err := b.use(s, x.Subject)
	if err != nil {
		return AnyType, err
	}
	if err := b.demand(x.Subject, subject.Type, fn.Entity|fn.Map, "the subject of a map projection"); err != nil {
		return AnyType, err
	}
	for i := range x.Items {
		if err := b.exprs(s, x.Items[i].Value); err != nil {
			return AnyType, err
		}
	}
	return kinds(fn.Map), nil
}
