package exec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/fn"
	"github.com/hivellm/nexus/graph/value"
)

// eval computes an expression over the run's row.
type eval func(r *run) (value.Value, error)

func constant(v value.Value) eval { return func(*run) (value.Value, error) { return v, nil } }

func slotEval(slot int) eval { return func(r *run) (value.Value, error) { return r.row[slot], nil } }

func (c *compiler) exprs(list []ast.Expr) []eval {
	out := make([]eval, len(list))
	for i, e := range list {
		out[i] = c.expr(e)
	}
	return out
}

// optionalExpr compiles an expression that may be absent.
func (c *compiler) optionalExpr(e ast.Expr) eval {
	if e == nil {
		return nil
	}
	return c.expr(e)
}

func evaluate(r *run, list []eval) ([]value.Value, error) {
	values := make([]value.Value, len(list))
	for i, e := range list {
		v, err := e(r)
		if err != nil {
			return nil, err
		}
		values[i] = v
	}
	return values, nil
}

func (c *compiler) parameter(name string) int {
	i, _ := slices.BinarySearch(c.program.params, name)
	return i
}

func (c *compiler) expr(e ast.Expr) eval {
	if slot, ok := c.query.Slots[e]; ok {
		return slotEval(slot)
	}
	switch x := e.(type) {
	case *ast.IntegerLiteral:
		return constant(value.Int(x.Value))
	case *ast.FloatLiteral:
		return constant(value.Float(x.Value))
	case *ast.StringLiteral:
		return constant(value.String(x.Value))
	case *ast.BooleanLiteral:
		return constant(value.Bool(x.Value))
	case *ast.NullLiteral:
		return constant(value.Null)
	case *ast.Parameter:
		i := c.parameter(x.Name)
		return func(r *run) (value.Value, error) { return r.params[i], nil }
	case *ast.Variable:
		return slotEval(c.slot(x))
	case *ast.ListLiteral:
		return c.list(x)
	case *ast.MapLiteral:
		return c.mapLiteral(x)
	case *ast.Property:
		return c.looking(c.property(x))
	case *ast.Index:
		return c.index(x)
	case *ast.Slice:
		return c.slice(x)
	case *ast.LabelTest:
		return c.looking(c.hasLabels(x))
	case *ast.Unary:
		return c.unary(x)
	case *ast.Binary:
		return c.binary(x)
	case *ast.Chain:
		return c.chain(x)
	case *ast.IsNull:
		return c.isNull(x)
	default:
		return c.compound(e)
	}
}

func (c *compiler) compound(e ast.Expr) eval {
	switch x := e.(type) {
	case *ast.FunctionCall:
		return c.function(x)
	case *ast.Case:
		return c.caseOf(x)
	case *ast.MapProjection:
		return c.mapProjection(x)
	case *ast.ListComprehension:
		return c.comprehension(x)
	case *ast.Quantifier:
		return c.quantifier(x)
	case *ast.Reduce:
		return c.reduce(x)
	case *ast.PatternExpr:
		return c.patternExpr(x)
	case *ast.PatternComprehension:
		return c.patternComprehension(x)
	case *ast.Subquery:
		return c.subquery(x)
	}
	panic(fmt.Sprintf("exec: no closure for %T", e))
}

func (c *compiler) slot(v *ast.Variable) int {
	symbol := c.query.Refs[v]
	if symbol == nil {
		panic("exec: the variable " + v.Name + " was never bound")
	}
	return symbol.Slot
}

func (c *compiler) list(x *ast.ListLiteral) eval {
	items := c.exprs(x.Items)
	if constants, ok := literals(x.Items); ok {
		return constant(value.List(constants))
	}
	return func(r *run) (value.Value, error) {
		values, err := evaluate(r, items)
		return value.List(values), err
	}
}

// literals returns the values of expressions that are all literals.
func literals(list []ast.Expr) ([]value.Value, bool) {
	values := make([]value.Value, len(list))
	for i, e := range list {
		switch x := e.(type) {
		case *ast.IntegerLiteral:
			values[i] = value.Int(x.Value)
		case *ast.FloatLiteral:
			values[i] = value.Float(x.Value)
		case *ast.StringLiteral:
			values[i] = value.String(x.Value)
		case *ast.BooleanLiteral:
			values[i] = value.Bool(x.Value)
		case *ast.NullLiteral:
		default:
			return nil, false
		}
	}
	return values, true
}

func (c *compiler) mapLiteral(x *ast.MapLiteral) eval {
	keys := make([]string, len(x.Entries))
	items := make([]eval, len(x.Entries))
	for i, entry := range x.Entries {
		keys[i], items[i] = entry.Key.Text, c.expr(entry.Value)
	}
	return func(r *run) (value.Value, error) {
		values, err := evaluate(r, items)
		if err != nil {
			return value.Null, err
		}
		return value.MapOf(value.NewMap(slices.Clone(keys), values)), nil
	}
}

func (c *compiler) isNull(x *ast.IsNull) eval {
	operand := c.expr(x.Operand)
	return func(r *run) (value.Value, error) {
		v, err := operand(r)
		return value.Bool(v.IsNull() != x.Negated), err
	}
}

func (c *compiler) caseOf(x *ast.Case) eval {
	subject, otherwise := c.optionalExpr(x.Subject), c.optionalExpr(x.Else)
	var when, then []eval
	for _, alternative := range x.Alternatives {
		when, then = append(when, c.expr(alternative.When)), append(then, c.expr(alternative.Then))
	}
	return func(r *run) (value.Value, error) {
		want := value.Bool(true)
		if subject != nil {
			v, err := subject(r)
			if err != nil {
				return value.Null, err
			}
			want = v
		}
		for i := range when {
			v, err := when[i](r)
			if err != nil {
				return value.Null, err
			}
			if value.Equal(want, v) == value.True {
				return then[i](r)
			}
		}
		if otherwise == nil {
			return value.Null, nil
		}
		return otherwise(r)
	}
}

// function compiles a call.
func (c *compiler) function(x *ast.FunctionCall) eval {
	if strings.EqualFold(x.FullName(), "exists") && len(x.Args) == 1 {
		return c.exists(x.Args[0])
	}
	f, ok := fn.Lookup(x.FullName())
	if !ok {
		panic("exec: the function " + x.FullName() + " was never bound")
	}
	args := c.exprs(x.Args)
	return func(r *run) (value.Value, error) {
		var room [3]value.Value
		values := room[:0]
		for _, arg := range args {
			v, err := arg(r)
			if err != nil {
				return value.Null, err
			}
			values = append(values, v)
		}
		v, err := f.Eval(&r.fn, values)
		if err != nil {
			return value.Null, explain(x, err)
		}
		return v, nil
	}
}

// exists is exists(pattern), or exists(property): is it there.
func (c *compiler) exists(arg ast.Expr) eval {
	e := c.expr(arg)
	if _, pattern := arg.(*ast.PatternExpr); pattern {
		return e
	}
	return func(r *run) (value.Value, error) {
		v, err := e(r)
		return value.Bool(!v.IsNull()), err
	}
}

// condition compiles a predicate: null counts as false.
func (c *compiler) condition(e ast.Expr) func(r *run) (bool, error) {
	compiled := c.expr(e)
	return func(r *run) (bool, error) {
		v, err := compiled(r)
		if err != nil || v.IsNull() {
			return false, err
		}
		if v.Kind() != value.KindBool {
			return false, notBoolean(e, v)
		}
		return v.Bool(), nil
	}
}

func notBoolean(at ast.Node, v value.Value) error {
	return fail(at, ast.TypeError, "InvalidArgumentType", "a condition must be a boolean, found %s", v.Kind())
}
