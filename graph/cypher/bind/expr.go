package bind

import (
	"strings"

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

func (b *binder) function(x *ast.FunctionCall, s *scope) (Type, error) {
	name := x.FullName()
	if f, ok := fn.LookupAggregate(name); ok {
		if len(x.Args) != len(f.Params) {
			return AnyType, b.arguments(x, f.Name)
		}
		return b.aggregate(x, f, x.Distinct, x.Args, s)
	}
	if strings.EqualFold(name, "exists") && len(x.Args) == 1 {
		_, err := b.condition(x.Args[0], s)
		return kinds(fn.Boolean), err
	}
	f, ok := fn.Lookup(name)
	if !ok {
		return AnyType, b.fail(x, ast.SyntaxError, "UnknownFunction", "there is no function %s()", name)
	}
	if !f.Accepts(len(x.Args)) {
		return AnyType, b.arguments(x, f.Name)
	}
	if x.Distinct {
		return AnyType, b.fail(x, ast.SyntaxError, "UnexpectedSyntax", "DISTINCT may only stand in an aggregate; %s() is none", f.Name)
	}
	if f.Volatile && b.inAggregate {
		return AnyType, b.fail(x, ast.SyntaxError, "NonConstantExpression", "%s() may not stand within an aggregate", f.Name)
	}
	for i, arg := range x.Args {
		t, err := b.expr(arg, s)
		if err != nil {
			return AnyType, err
		}
		if f.TypesAtRuntime {
			continue
		}
		p := f.Param(i)
		if err := b.demand(arg, t, p.Types, "the argument "+p.Name+" of "+f.Name+"()"); err != nil {
			return AnyType, err
		}
	}
	return resultOf(f), nil
}

// resultOf is what is known of a function's result, and of the elements of lists it makes.
func resultOf(f *fn.Function) Type {
	t := kinds(f.Result)
	element := Type{}
	switch f.Name {
	case "nodes":
		element = kinds(fn.Node)
	case "relationships":
		element = kinds(fn.Relationship)
	case "range":
		element = kinds(fn.Integer)
	case "labels", "keys", "split":
		element = kinds(fn.Text)
	default:
		return t
	}
	t.Element = &element
	return t
}

func (b *binder) arguments(x *ast.FunctionCall, name string) error {
	return b.fail(x, ast.SyntaxError, "InvalidNumberOfArguments", "%s() does not take %d arguments", name, len(x.Args))
}
