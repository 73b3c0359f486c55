package exec

import (
	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/bind"
	"github.com/hivellm/nexus/graph/cypher/plan"
	"github.com/hivellm/nexus/graph/value"
)

// computed is an expression and the slot that gets its value.
type computed struct {
	e    eval
	slot int
}

func (c *compiler) items(items []bind.Item) []computed {
	list := make([]computed, len(items))
	for i, item := range items {
		list[i] = computed{c.expr(item.Expr), item.Out.Slot}
	}
	return list
}

func compute(r *run, items []computed) error {
	for i := range items {
		v, err := items[i].e(r)
		if err != nil {
			return err
		}
		r.row[items[i].slot] = v
	}
	return nil
}

type project struct {
	through
	items []computed
}

func (c *compiler) project(o *plan.Project) stage {
	items := c.items(o.Items)
	return func(next operator, _ *pipe) operator { return &project{through{next}, items} }
}

func (o *project) push(r *run) error {
	if err := compute(r, o.items); err != nil {
		return err
	}
	return o.next.push(r)
}

type distinct struct {
	next  operator
	slots []int
	seen  *rowSet
}

func (c *compiler) distinct(o *plan.Distinct) stage {
	out := slots(o.Out)
	return func(next operator, _ *pipe) operator { return &distinct{next, out, newRowSet(len(out))} }
}

func (o *distinct) push(r *run) error {
	fresh, err := o.seen.add(r, o.slots)
	if err != nil || !fresh {
		return err
	}
	return o.next.push(r)
}

func (o *distinct) finish(r *run) error {
	o.seen.release(r)
	o.seen = newRowSet(len(o.slots))
	return o.next.finish(r)
}

type skip struct {
	through
	count eval
	at    ast.Node
	left  int64
	known bool
}

func (c *compiler) skip(o *plan.Skip) stage {
	count := c.expr(o.Count)
	return func(next operator, _ *pipe) operator { return &skip{through: through{next}, count: count, at: o.Count} }
}

func (o *skip) push(r *run) error {
	if !o.known {
		n, err := rowCount(r, o.count, o.at)
		if err != nil {
			return err
		}
		o.left, o.known = n, true
	}
	if o.left > 0 {
		o.left--
		return nil
	}
	return o.next.push(r)
}

func (o *skip) finish(r *run) error {
	if !o.known {
		if _, err := rowCount(r, o.count, o.at); err != nil {
			return err
		}
	}
	return o.next.finish(r)
}

type limit struct {
	through
	pipe  *pipe
	count eval
	at    ast.Node
	left  int64
	known bool
}

func (c *compiler) limit(o *plan.Limit) stage {
	count := c.expr(o.Count)
	return func(next operator, p *pipe) operator {
		return &limit{through: through{next}, pipe: p, count: count, at: o.Count}
	}
}

func (o *limit) push(r *run) error {
	if err := o.know(r); err != nil {
		return err
	}
	if o.left == 0 {
		return o.pipe
	}
	o.left--
	if err := o.next.push(r); err != nil {
		return err
	}
	if o.left == 0 {
		return o.pipe
	}
	return nil
}

func (o *limit) know(r *run) error {
	if o.known {
		return nil
	}
	n, err := rowCount(r, o.count, o.at)
	o.left, o.known = n, true
	return err
}

func (o *limit) finish(r *run) error {
	if err := o.know(r); err != nil {
		return err
	}
	return o.next.finish(r)
}

// rowCount evaluates SKIP or LIMIT.
func rowCount(r *run, e eval, at ast.Node) (int64, error) {
	v, err := e(r)
	if err != nil {
		return 0, err
	}
	if v.Kind() != value.KindInt {
		return 0, fail(at, ast.SyntaxError, "InvalidArgumentType", "SKIP and LIMIT need an integer, found %s", v.Kind())
	}
	if v.Int() < 0 {
		return 0, fail(at, ast.SyntaxError, "NegativeIntegerArgument", "SKIP and LIMIT may not be negative")
	}
	return v.Int(), nil
}
