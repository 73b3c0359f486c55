package exec

import (
	"github.com/hivellm/nexus/graph/cypher/plan"
	"github.com/hivellm/nexus/graph/value"
)

// merge looks for a pattern and makes it where there is none. It sees what its own earlier rows made.
type merge struct {
	barrier
	shared *merging
	room   made
}

// merging is the compiled form that all executions share.
type merging struct {
	match             line
	maker             *maker
	onCreate, onMatch *updater
	found             []int // the slots that a match sets
	bound             []int // node slots that must hold a node before
}

func (c *compiler) merge(o *plan.Merge) stage {
	m := &merging{
		match: c.line(o.Match), maker: c.maker(o.Clause.Create, true),
		onCreate: c.updater(o.Clause.OnCreate), onMatch: c.updater(o.Clause.OnMatch),
	}
	for _, node := range o.Clause.Pattern.Nodes {
		if node.Bound {
			m.bound = append(m.bound, node.Symbol.Slot)
		} else {
			m.found = append(m.found, node.Symbol.Slot)
		}
	}
	for _, relationship := range o.Clause.Pattern.Relationships {
		m.found = append(m.found, relationship.Symbol.Slot)
	}
	for _, path := range o.Clause.Pattern.Paths {
		if path.Symbol != nil {
			m.found = append(m.found, path.Symbol.Slot)
		}
	}
	live := liveSlots(o.Clause.Live, o.Clause.Create)
	return func(next operator, p *pipe) operator {
		return &merge{barrier: newBarrier(next, p, live, o.Last), shared: m}
	}
}

func (o *merge) push(r *run) error {
	m := o.shared
	for _, slot := range m.bound {
		if r.row[slot].Kind() != value.KindNode {
			if _, err := endOf(r, slot, nil); err != nil {
				return err
			}
		}
	}
	properties, err := m.maker.evaluate(r, o.room)
	if err != nil {
		return err
	}
	o.room = properties
	began := r.graph()
	matches := buffer{slots: m.found}
	r.see(r.draft.Peek())
	err = m.match.run(r, tailFunc(matches.add))
	r.see(began)
	if err != nil {
		return err
	}
	if matches.count > 0 {
		err = o.matched(r, &matches)
	} else {
		err = o.made(r, properties)
	}
	r.see(began)
	r.release(matches.held)
	return err
}

func (o *merge) matched(r *run, matches *buffer) error {
	for i := range matches.count {
		matches.restore(r, i)
		if err := o.shared.onMatch.fresh(r); err != nil {
			return err
		}
		if err := o.keep(r); err != nil {
			return err
		}
	}
	return nil
}

func (o *merge) made(r *run, properties made) error {
	if err := o.shared.maker.make(r, properties); err != nil {
		return err
	}
	if err := o.shared.onCreate.fresh(r); err != nil {
		return err
	}
	return o.keep(r)
}

func (o *merge) finish(r *run) error { return o.open(r) }
