package exec

import (
	"github.com/hivellm/nexus/graph/cypher/plan"
	"github.com/hivellm/nexus/graph/value"
)

// optional passes one row of nulls where its inner stages found nothing.
type optional struct {
	next  operator
	inner operator
	nulls []int
	found bool
}

func (c *compiler) optional(o *plan.Optional) stage {
	inner, nulls := c.line(o.Inner), slots(o.Nulls)
	return func(next operator, p *pipe) operator {
		made := &optional{next: next, nulls: nulls}
		made.inner = inner.open(tailFunc(func(r *run) error {
			made.found = true
			return next.push(r)
		}), p)
		return made
	}
}

func (o *optional) push(r *run) error {
	o.found = false
	if err := o.inner.push(r); err != nil {
		return err
	}
	if o.found {
		return nil
	}
	for _, slot := range o.nulls {
		r.row[slot] = value.Null
	}
	return o.next.push(r)
}

func (o *optional) finish(r *run) error { return o.next.finish(r) }
