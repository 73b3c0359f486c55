package exec

import (
	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/fn"
	"github.com/hivellm/nexus/graph/cypher/plan"
	"github.com/hivellm/nexus/graph/value"
	"github.com/hivellm/nexus/scripts/planted"
)

// sortKey is a compiled key of ORDER BY.
type sortKey struct {
	e          eval
	descending bool
}

type sorting struct {
	keys          []sortKey
	slots         []int
	skip, limit   eval
	skipAt, limAt ast.Node
	width         int // keys, then slots
}

// sorted keeps rows with their keys. With a limit it keeps no more than about twice what is needed.
type sorted struct {
	next   operator
	pipe   *pipe
	shared *sorting
	rows   [][]value.Value
	most   int64 // rows needed; -1 = all
	known  bool
	held   int64
	// full is true once rows were cut: from then on the last one kept is the least that a new row must come before.
	full    bool
	scratch []value.Value
}

// topSlack is how many rows beyond twice the limit are kept before the surplus is cut.
const topSlack = 1024

func (c *compiler) sort(o *plan.Sort) stage {
	s := &sorting{slots: slots(o.Out), skipAt: o.Skip, limAt: o.Limit}
	for _, key := range o.Keys {
		s.keys = append(s.keys, sortKey{c.expr(key.Expr), key.Descending})
	}
	s.width = len(s.keys) + len(s.slots)
	if o.Skip != nil {
		s.skip = c.expr(o.Skip)
	}
	if o.Limit != nil {
		s.limit = c.expr(o.Limit)
	}
	return func(next operator, p *pipe) operator { return &sorted{next: next, pipe: p, shared: s} }
}

// know evaluates how many rows are needed.
func (o *sorted) know(r *run) error {
	if o.known {
		return nil
	}
	o.known, o.most = true, -1
	if o.shared.limit == nil {
		return nil
	}
	n, err := rowCount(r, o.shared.limit, o.shared.limAt)
	if err != nil {
		return err
	}
	if o.shared.skip != nil {
		s, err := rowCount(r, o.shared.skip, o.shared.skipAt)
		if err != nil {
			return err
		}
		n += s
	}
	if n >= 0 && n < 1<<40 {
		o.most = n
	}
	return nil
}

func (o *sorted) push(r *run) error {
	if err := r.step(); err != nil {
		return err
	}
	if err := o.know(r); err != nil {
		return err
	}
	o.scratch = o.scratch[:0]
	for i := range o.shared.keys {
		v, err := o.shared.keys[i].e(r)
		if err != nil {
			return err
		}
		o.scratch = append(o.scratch, v)
	}
	if o.full && (o.most == 0 || o.compare(o.scratch, o.rows[o.most-1]) >= 0) {
		return nil
	}
	return o.keep(r)
}

// keep adds the row whose keys stand in scratch.
func (o *sorted) keep(r *run) error {
	row := append(make([]value.Value, 0, o.shared.width), o.scratch...)
	for _, slot := range o.shared.slots {
		row = append(row, r.row[slot])
	}
	size := int64(rowOverhead + 24)
	for _, v := range row {
		size += weight(v)
	}
	o.rows = append(o.rows, row)
	o.held += size
	if err := r.hold(size); err != nil {
		return err
	}
	if o.most >= 0 && int64(len(o.rows)) > 2*o.most+topSlack {
		return o.cut(r)
	}
	return nil
}

// cut orders what is there and drops what cannot be among the rows needed.
func (o *sorted) cut(r *run) error {
	if err := o.order(r); err != nil {
		return err
	}
	before := int64(len(o.rows))
	clear(o.rows[o.most:])
	o.rows, o.full = o.rows[:o.most], true
	freed := o.held * (before - o.most) / before
	o.held -= freed
	r.release(freed)
	return nil
}

// order sorts stably: of equal rows the earlier stays first.
func (o *sorted) order(r *run) error {
	look := r.step
	if planted.On("sort-goes-on") {
		look = func() error { return nil }
	}
	return fn.Sort(o.rows, o.compare, look)
}

// compare orders two rows by their keys.
func (o *sorted) compare(a, b []value.Value) int {
	for i := range o.shared.keys {
		c := value.Compare(a[i], b[i])
		if o.shared.keys[i].descending {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

func (o *sorted) finish(r *run) error {
	if err := o.know(r); err != nil {
		return err
	}
	if err := o.order(r); err != nil {
		return err
	}
	if o.most >= 0 && int64(len(o.rows)) > o.most {
		o.rows = o.rows[:o.most]
	}
	for _, row := range o.rows {
		for i, slot := range o.shared.slots {
			r.row[slot] = row[len(o.shared.keys)+i]
		}
		if err := o.next.push(r); err != nil {
			if o.pipe.absorb(err) == nil {
				break
			}
			return err
		}
	}
	r.release(o.held)
	o.rows, o.held, o.full = nil, 0, false
	return o.next.finish(r)
}
