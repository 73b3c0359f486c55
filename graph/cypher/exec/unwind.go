package exec

import (
	"strings"

	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/fn"
	"github.com/hivellm/nexus/graph/cypher/plan"
	"github.com/hivellm/nexus/graph/value"
)

// unwind makes a row of each item of a list.
type unwind struct {
	through
	list   eval
	bounds []eval // of range(), whose items are counted off: no list is made
	slot   int
}

func (c *compiler) unwind(o *plan.Unwind) stage {
	list, slot := c.expr(o.Clause.List), o.Clause.Out.Slot
	var bounds []eval
	if call, ok := o.Clause.List.(*ast.FunctionCall); ok && strings.EqualFold(call.FullName(), "range") {
		bounds = c.exprs(call.Args)
	}
	return func(next operator, _ *pipe) operator { return &unwind{through{next}, list, bounds, slot} }
}

func (o *unwind) push(r *run) error {
	if o.bounds != nil {
		if done, err := o.count(r); done || err != nil {
			return err
		}
	}
	v, err := o.list(r)
	if err != nil || v.IsNull() {
		return err
	}
	if v.Kind() != value.KindList {
		r.row[o.slot] = v
		return o.next.push(r)
	}
	for _, item := range v.List() {
		if err := o.item(r, item); err != nil {
			return err
		}
	}
	return nil
}

func (o *unwind) item(r *run, v value.Value) error {
	if err := r.step(); err != nil {
		return err
	}
	r.row[o.slot] = v
	return o.next.push(r)
}

// count counts off the items of range(); false where it answers no list of integers.
func (o *unwind) count(r *run) (done bool, err error) {
	var room [3]value.Value
	args := room[:0]
	for _, bound := range o.bounds {
		v, err := bound(r)
		if err != nil {
			return false, err
		}
		args = append(args, v)
	}
	at, step, n, ok := fn.Range(args)
	if !ok {
		return false, nil
	}
	for ; n > 0; n-- {
		if err := o.item(r, value.Int(at)); err != nil {
			return true, err
		}
		at += step
	}
	return true, nil
}
