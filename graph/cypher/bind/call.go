package bind

import (
	"slices"

	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/fn"
	"github.com/hivellm/nexus/graph/value"
)

func (b *binder) call(c *ast.Call, s *scope) (Clause, error) {
	name := c.FullName()
	p, ok := b.procedures[name]
	if !ok {
		return nil, b.fail(c, ast.ProcedureError, "ProcedureNotFound", "there is no procedure %s", name)
	}
	call := &Call{Name: name, Args: c.Args, Where: c.Where, At: c}
	if err := b.callArguments(c, p, call, s); err != nil {
		return nil, err
	}
	if err := b.yield(c, p, call, s); err != nil {
		return nil, err
	}
	return call, b.predicate(c.Where, s)
}

func (b *binder) callArguments(c *ast.Call, p *fn.Procedure, call *Call, s *scope) error {
	if c.Implicit {
		if !c.Standalone {
			return b.fail(c, ast.SyntaxError, "InvalidArgumentPassingMode", "within a query a procedure needs its arguments in parentheses")
		}
		for _, param := range p.Params {
			call.Implicit = append(call.Implicit, param.Name)
		}
		b.parameters = append(b.parameters, call.Implicit...)
		slices.Sort(b.parameters)
		b.parameters = slices.Compact(b.parameters)
		return nil
	}
	if len(c.Args) != len(p.Params) {
		return b.fail(c, ast.SyntaxError, "InvalidNumberOfArguments", "%s takes %d arguments, not %d", p.Signature(), len(p.Params), len(c.Args))
	}
	for i, arg := range c.Args {
		t, err := b.expr(arg, s)
		if err != nil {
			return err
		}
		allowed := p.Params[i].Types
		if allowed.Has(value.KindFloat) {
			allowed |= fn.Integer
		}
		if err := b.demand(arg, t, allowed, "the argument "+p.Params[i].Name); err != nil {
			return err
		}
	}
	return nil
}

// yield declares the columns that a call adds.
func (b *binder) yield(c *ast.Call, p *fn.Procedure, call *Call, s *scope) error {
	if !c.HasYield && !c.Standalone && len(p.Columns) > 0 {
		return b.fail(c, ast.SyntaxError, "UndefinedVariable", "within a query the columns of %s must be named with YIELD", p.Name)
	}
	if !c.HasYield || c.YieldStar {
		for i, column := range p.Columns {
			out := b.symbol(column, AnyType)
			s.add(out)
			call.Fields, call.Out = append(call.Fields, i), append(call.Out, out)
		}
		return nil
	}
	for _, item := range c.Yield {
		at := slices.Index(p.Columns, item.Field.Text)
		if at < 0 {
			return b.fail(item.Variable, ast.SyntaxError, "UndefinedVariable", "%s has no column `%s`", p.Name, item.Field.Text)
		}
		if s.lookup(item.Variable.Name) != nil {
			return b.alreadyBound(item.Variable)
		}
		call.Fields = append(call.Fields, at)
		call.Out = append(call.Out, b.declare(s, item.Variable, AnyType))
	}
	return nil
}
