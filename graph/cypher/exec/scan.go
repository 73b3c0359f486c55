package exec

import (
	"slices"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/plan"
	"github.com/hivellm/nexus/graph/value"
)

// scan finds nodes by a cursor that is opened for each row.
type scan struct {
	through
	slot int
	open func(r *run) (graph.NodeCursor, error)
}

func (o *scan) push(r *run) error {
	r.hit()
	cursor, err := o.open(r)
	if err != nil {
		return err
	}
	return o.walk(r, &cursor)
}

func (o *scan) walk(r *run, cursor *graph.NodeCursor) error {
	for {
		id, ok := cursor.Next()
		if !ok {
			return nil
		}
		if err := r.visit(); err != nil {
			return err
		}
		r.row[o.slot] = value.Node(id)
		if err := o.next.push(r); err != nil {
			return err
		}
	}
}

func scanStage(slot int, open func(r *run) (graph.NodeCursor, error)) stage {
	return func(next operator, _ *pipe) operator { return &scan{through{next}, slot, open} }
}

func (c *compiler) allNodes(o *plan.AllNodes) stage {
	return scanStage(o.Node.Symbol.Slot, func(r *run) (graph.NodeCursor, error) { return r.graph().Nodes(), nil })
}

func (c *compiler) labelScan(o *plan.LabelScan) stage {
	label := c.label(o.Label)
	return scanStage(o.Node.Symbol.Slot, func(r *run) (graph.NodeCursor, error) { return labelled(r, label), nil })
}

func labelled(r *run, label int) graph.NodeCursor {
	id, ok := r.label(label)
	if !ok {
		return graph.NodeCursor{}
	}
	return r.graph().NodesWithLabel(id)
}

// index finds an index over a label and keys in the graph as it is now.
func index(r *run, label int, keys []int, ids []graph.PropertyKey) (*graph.Index, bool) {
	l, ok := r.label(label)
	if !ok {
		return nil, false
	}
	ids = ids[:0]
	for _, key := range keys {
		id, ok := r.key(key)
		if !ok {
			return nil, false
		}
		ids = append(ids, id)
	}
	return r.graph().NodeIndex(l, ids)
}

func (c *compiler) indexSeek(o *plan.IndexSeek) stage {
	label, slot := c.label(o.Label), o.Node.Symbol.Slot
	var keys []int
	for _, key := range o.Keys {
		keys = append(keys, c.key(key))
	}
	if o.In {
		return c.indexIn(o, label, keys)
	}
	values := c.exprs(o.Values)
	return scanStage(slot, func(r *run) (graph.NodeCursor, error) {
		var space [4]graph.PropertyKey
		x, ok := index(r, label, keys, space[:])
		if !ok {
			return labelled(r, label), nil
		}
		var room [4]value.Value
		sought := room[:0]
		for _, e := range values {
			v, err := e(r)
			if err != nil {
				return graph.NodeCursor{}, err
			}
			sought = append(sought, v)
		}
		return x.Seek(sought), nil
	})
}

// indexIn seeks each different value of a list.
func (c *compiler) indexIn(o *plan.IndexSeek, label int, keys []int) stage {
	list, slot := c.expr(o.Values[0]), o.Node.Symbol.Slot
	return func(next operator, _ *pipe) operator {
		s := &scan{through{next}, slot, nil}
		return &pushFunc{through{next}, func(r *run) error {
			var space [4]graph.PropertyKey
			x, ok := index(r, label, keys, space[:])
			v, err := list(r)
			if err != nil {
				return err
			}
			if !ok || v.Kind() != value.KindList {
				cursor := labelled(r, label)
				return s.walk(r, &cursor)
			}
			items := slices.Clone(v.List())
			slices.SortFunc(items, value.Compare)
			for i, item := range items {
				if i > 0 && value.Equivalent(item, items[i-1]) {
					continue
				}
				cursor := x.Seek([]value.Value{item})
				if err := s.walk(r, &cursor); err != nil {
					return err
				}
			}
			return nil
		}}
	}
}

func (c *compiler) indexRange(o *plan.IndexRange) stage {
	label, keys := c.label(o.Label), []int{c.key(o.Key)}
	from, to := c.bound(o.From), c.bound(o.To)
	return scanStage(o.Node.Symbol.Slot, func(r *run) (graph.NodeCursor, error) {
		var space [1]graph.PropertyKey
		x, ok := index(r, label, keys, space[:])
		if !ok {
			return labelled(r, label), nil
		}
		low, empty, err := from(r)
		if err != nil || empty {
			return graph.NodeCursor{}, err
		}
		high, empty, err := to(r)
		if err != nil || empty {
			return graph.NodeCursor{}, err
		}
		if !ranged(low) || !ranged(high) {
			return labelled(r, label), nil
		}
		return x.Range(nil, low, high, false), nil
	})
}

// ranged tells whether the index's order is that of < for the bound's kind.
func ranged(b *graph.Bound) bool {
	if b == nil {
		return true
	}
	switch b.Value.Kind() {
	case value.KindInt, value.KindFloat, value.KindString, value.KindBool:
		return true
	}
	return false
}

// bound evaluates one end of a range; nothing compares with null.
func (c *compiler) bound(b *plan.Bound) func(r *run) (bound *graph.Bound, empty bool, err error) {
	if b == nil {
		return func(*run) (*graph.Bound, bool, error) { return nil, false, nil }
	}
	e := c.expr(b.Value)
	return func(r *run) (*graph.Bound, bool, error) {
		v, err := e(r)
		return &graph.Bound{Value: v, Inclusive: b.Inclusive}, v.IsNull(), err
	}
}

// pushFunc is an operator whose push is a function.
type pushFunc struct {
	through
	do func(r *run) error
}

func (o *pushFunc) push(r *run) error { return o.do(r) }

// check makes a stage that lets rows pass for which a function holds.
func check(holds func(r *run) (bool, error)) stage {
	return func(next operator, _ *pipe) operator { return &gate{through{next}, holds} }
}

type gate struct {
	through
	holds func(r *run) (bool, error)
}

func (o *gate) push(r *run) error {
	ok, err := o.holds(r)
	if err != nil || !ok {
		return err
	}
	return o.next.push(r)
}

func (c *compiler) checkNode(o *plan.CheckNode) stage {
	slot := o.Node.Symbol.Slot
	return check(func(r *run) (bool, error) {
		v := r.row[slot]
		if v.IsNull() {
			return false, nil
		}
		if v.Kind() != value.KindNode {
			return false, fail(nil, ast.TypeError, "InvalidArgumentType", "a pattern needs a node, found %s", v.Kind())
		}
		r.hit()
		return r.graph().HasNode(v.NodeID()), nil
	})
}

func (c *compiler) nodeFilter(o *plan.NodeFilter) stage {
	slot := o.Node.Symbol.Slot
	var tests []labelTest
	for _, e := range o.Node.Labels {
		tests = append(tests, c.lookingLabels(c.labelTest(e)))
	}
	return check(func(r *run) (bool, error) {
		id := r.row[slot].NodeID()
		for _, test := range tests {
			if !test(r, id) {
				return false, nil
			}
		}
		return true, nil
	})
}

func (c *compiler) propertyFilter(o *plan.PropertyFilter) stage {
	slot, key, e := o.Symbol.Slot, c.key(o.Test.Key), c.expr(o.Test.Value)
	return check(func(r *run) (bool, error) {
		k, ok := r.key(key)
		if !ok {
			return false, nil
		}
		want, err := e(r)
		if err != nil || want.IsNull() {
			return false, err
		}
		var have value.Value
		r.hit()
		switch v := r.row[slot]; v.Kind() {
		case value.KindNode:
			have = r.graph().NodeProperty(v.NodeID(), k)
		case value.KindRelationship:
			have = r.graph().RelationshipProperty(v.RelationshipID(), k)
		}
		return value.Equal(have, want) == value.True, nil
	})
}

func (c *compiler) filter(e ast.Expr) stage {
	condition := c.condition(e)
	return check(condition)
}

func (c *compiler) countStore(o *plan.CountStore) stage {
	label, typ := -1, -1
	if o.Label != "" {
		label = c.label(o.Label)
	}
	if o.Type != "" {
		typ = c.typ(o.Type)
	}
	return func(next operator, _ *pipe) operator {
		return &pushFunc{through{next}, func(r *run) error {
			r.hit()
			r.row[o.Slot] = value.Int(int64(figure(r, o.Relationships, label, typ)))
			return next.push(r)
		}}
	}
}

func figure(r *run, relationships bool, label, typ int) uint64 {
	g := r.graph()
	switch {
	case label >= 0:
		if id, ok := r.label(label); ok {
			return g.LabelCount(id)
		}
		return 0
	case typ >= 0:
		if id, ok := r.typ(typ); ok {
			return g.TypeCount(id)
		}
		return 0
	case relationships:
		return g.Meta().Relationships
	}
	return g.Meta().Nodes
}
