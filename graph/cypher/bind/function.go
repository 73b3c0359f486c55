package bind

import (
	"strings"

	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/fn"
)

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
