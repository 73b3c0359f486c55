package exec

import (
	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/bind"
	"github.com/hivellm/nexus/graph/cypher/fn"
	"github.com/hivellm/nexus/graph/cypher/plan"
	"github.com/hivellm/nexus/graph/value"
)

// foreach runs updating clauses for each element of a list. Each element's clauses see what those before it did.
type foreach struct {
	barrier
	list eval
	slot int
	body line
	at   ast.Node
}

func (c *compiler) foreach(o *plan.Foreach) stage {
	list, body, live := c.expr(o.Clause.List), c.line(o.Body), liveSlots(o.Clause.Live, nil)
	slot, at := o.Clause.Out.Slot, o.Clause.List
	return func(next operator, p *pipe) operator {
		return &foreach{newBarrier(next, p, live, o.Last), list, slot, body, at}
	}
}

func nothing(*run) error { return nil }

func (o *foreach) push(r *run) error {
	v, err := o.list(r)
	if err != nil {
		return err
	}
	if v.IsNull() {
		return o.keep(r)
	}
	if v.Kind() != value.KindList {
		return fail(o.at, ast.TypeError, "InvalidArgumentType", "FOREACH goes through a list, found %s", v.Kind())
	}
	began := r.graph()
	for _, item := range v.List() {
		if err := r.step(); err != nil {
			return err
		}
		r.row[o.slot] = item
		r.see(r.draft.Graph())
		if err := o.body.run(r, tailFunc(nothing)); err != nil {
			return err
		}
	}
	r.see(began)
	return o.keep(r)
}

func (o *foreach) finish(r *run) error { return o.open(r) }

// subquery is CALL { } that only reads: its rows flow on.
type subquery struct {
	through
	inner   *union
	returns bool
}

// writingSubquery is CALL { } that writes: each row's run sees what those before it did.
type writingSubquery struct {
	barrier
	inner   *union
	returns bool
}

func (c *compiler) callSubquery(o *plan.CallSubquery) stage {
	inner, returns := c.union(o.Inner), o.Clause.Returns
	if !o.Clause.Writes {
		return func(next operator, _ *pipe) operator { return &subquery{through{next}, inner, returns} }
	}
	live := liveSlots(append(append([]*bind.Symbol(nil), o.Clause.Live...), o.Clause.Query.Out...), nil)
	return func(next operator, p *pipe) operator {
		return &writingSubquery{newBarrier(next, p, live, o.Last), inner, returns}
	}
}

func (o *subquery) push(r *run) error {
	if !o.returns {
		if err := o.inner.run(r, tailFunc(nothing)); err != nil {
			return err
		}
		return o.next.push(r)
	}
	return o.inner.run(r, tailFunc(o.next.push))
}

func (o *writingSubquery) push(r *run) error {
	began := r.graph()
	r.see(r.draft.Graph())
	tail := tailFunc(o.keep)
	if !o.returns {
		tail = nothing
	}
	err := o.inner.run(r, tail)
	r.see(began)
	if err == nil && !o.returns {
		err = o.keep(r)
	}
	return err
}

func (o *writingSubquery) finish(r *run) error { return o.open(r) }

// procedureCall is CALL of a procedure.
type procedureCall struct {
	through
	args   []eval
	clause *bind.Call
	params []int
}

func (c *compiler) call(o *plan.Call) stage {
	p := procedureCall{args: c.exprs(o.Clause.Args), clause: o.Clause}
	for _, name := range o.Clause.Implicit {
		p.params = append(p.params, c.parameter(name))
	}
	return func(next operator, _ *pipe) operator {
		made := p
		made.through = through{next}
		return &made
	}
}

func (o *procedureCall) push(r *run) error {
	procedure, ok := r.inputs.Procedures[o.clause.Name]
	if !ok {
		return fail(o.clause.At, ast.ProcedureError, "ProcedureNotFound", "there is no procedure %s", o.clause.Name)
	}
	args, err := o.arguments(r, procedure)
	if err != nil {
		return err
	}
	if len(procedure.Columns) == 0 {
		if err := procedure.Call(&r.fn, args, func([]value.Value) error { return nil }); err != nil {
			return explain(o.clause.At, err)
		}
		return o.next.push(r)
	}
	err = procedure.Call(&r.fn, args, func(row []value.Value) error {
		if err := r.step(); err != nil {
			return err
		}
		for i, field := range o.clause.Fields {
			r.row[o.clause.Out[i].Slot] = row[field]
		}
		return o.next.push(r)
	})
	return explain(o.clause.At, err)
}

func (o *procedureCall) arguments(r *run, p *fn.Procedure) ([]value.Value, error) {
	args, err := evaluate(r, o.args)
	if err != nil {
		return nil, err
	}
	for _, i := range o.params {
		args = append(args, r.params[i])
	}
	if len(args) != len(p.Params) {
		return nil, fail(o.clause.At, ast.SyntaxError, "InvalidNumberOfArguments", "%s does not take %d arguments", p.Signature(), len(args))
	}
	for i, arg := range args {
		if !p.Accepts(i, arg.Kind()) {
			return nil, fail(o.clause.At, ast.TypeError, "InvalidArgumentType", "the argument %s of %s may not be %s", p.Params[i].Name, p.Name, arg.Kind())
		}
		if arg.Kind() == value.KindInt && !p.Params[i].Types.Has(value.KindInt) {
			args[i] = value.Float(float64(arg.Int()))
		}
	}
	return args, nil
}
