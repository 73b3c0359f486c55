package exec

import (
	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/fn"
	"github.com/hivellm/nexus/graph/cypher/plan"
	"github.com/hivellm/nexus/graph/value"
)

// call is one aggregate.
type call struct {
	function *fn.Aggregate
	distinct bool
	fixed    bool // the state does not grow: its size counts once
	args     []eval
	slot     int
	at       ast.Node
}

// stateOverhead is what a state is taken to cost beside what it says of itself.
const stateOverhead = 64

// grouping is the compiled form that all executions share.
type grouping struct {
	keys     []computed
	keySlots []int
	calls    []call
}

// aggregate groups rows by equivalence of the keys; groups come out in the order of their first rows.
type aggregate struct {
	next   operator
	pipe   *pipe
	shared *grouping
	groups *rowSet
	states []fn.Accumulator // len(calls) for each group
	args   [2]value.Value
	held   int64
}

func (c *compiler) aggregate(o *plan.Aggregate) stage {
	g := &grouping{keys: c.items(o.Keys)}
	for _, key := range g.keys {
		g.keySlots = append(g.keySlots, key.slot)
	}
	for _, a := range o.Aggregates {
		g.calls = append(g.calls, call{a.Function, a.Distinct, a.Function.Fixed && !a.Distinct, c.exprs(a.Args), a.Slot, a.Call})
	}
	return func(next operator, p *pipe) operator {
		return &aggregate{next: next, pipe: p, shared: g, groups: newRowSet(len(g.keySlots))}
	}
}

func (o *aggregate) push(r *run) error {
	if err := r.step(); err != nil {
		return err
	}
	if err := compute(r, o.shared.keys); err != nil {
		return err
	}
	at, hash := o.groups.find(r, o.shared.keySlots)
	if at < 0 {
		var err error
		if at, err = o.group(r, hash); err != nil {
			return err
		}
	}
	base := int(at) * len(o.shared.calls)
	for i := range o.shared.calls {
		if err := o.add(r, &o.shared.calls[i], o.states[base+i]); err != nil {
			return err
		}
	}
	return nil
}

// group begins a new group.
func (o *aggregate) group(r *run, hash uint64) (int32, error) {
	at, err := o.groups.insert(r, o.shared.keySlots, hash)
	size := int64(0)
	for i := range o.shared.calls {
		c := &o.shared.calls[i]
		state := c.function.New(c.distinct)
		o.states = append(o.states, state)
		size += stateOverhead + state.Size()
	}
	o.held += size
	if err != nil {
		return at, err
	}
	return at, r.hold(size)
}

func (o *aggregate) add(r *run, c *call, state fn.Accumulator) error {
	args := o.args[:0]
	for _, e := range c.args {
		v, err := e(r)
		if err != nil {
			return err
		}
		args = append(args, v)
	}
	if c.fixed {
		if err := state.Add(args); err != nil {
			return explain(c.at, err)
		}
		return nil
	}
	before := state.Size()
	if err := state.Add(args); err != nil {
		return explain(c.at, err)
	}
	if grown := state.Size() - before; grown != 0 {
		o.held += grown
		return r.hold(grown)
	}
	return nil
}

func (o *aggregate) finish(r *run) error {
	if o.groups.count() == 0 && len(o.shared.keys) == 0 {
		if _, err := o.group(r, hashSeed); err != nil {
			return err
		}
	}
	calls := len(o.shared.calls)
	for at := range o.groups.count() {
		for i, slot := range o.shared.keySlots {
			r.row[slot] = o.groups.at(at, i)
		}
		for i := range o.shared.calls {
			c := &o.shared.calls[i]
			state := o.states[at*calls+i]
			if slow, ok := state.(fn.Settling); ok {
				if err := slow.Settle(r.step); err != nil {
					return err
				}
			}
			v, err := state.Result()
			if err != nil {
				return explain(c.at, err)
			}
			r.row[c.slot] = v
		}
		if err := o.next.push(r); err != nil {
			if o.pipe.absorb(err) == nil {
				break
			}
			return err
		}
	}
	o.groups.release(r)
	r.release(o.held)
	o.groups, o.states, o.held = newRowSet(len(o.shared.keySlots)), nil, 0
	return o.next.finish(r)
}
