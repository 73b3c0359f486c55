package exec

import (
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
