package exec

import (
	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/bind"
	"github.com/hivellm/nexus/graph/cypher/plan"
	"github.com/hivellm/nexus/graph/value"
)

// unique says which relationships of the same pattern must not come again.
type unique struct{ single, lists []int }

func uniqueOf(before []*bind.Relationship) unique {
	var u unique
	for _, r := range before {
		if r.Variable {
			u.lists = append(u.lists, r.Symbol.Slot)
		} else {
			u.single = append(u.single, r.Symbol.Slot)
		}
	}
	return u
}

func (u *unique) used(r *run, id graph.RelationshipID) bool {
	for _, slot := range u.single {
		if v := r.row[slot]; v.Kind() == value.KindRelationship && v.RelationshipID() == id {
			return true
		}
	}
	for _, slot := range u.lists {
		if v := r.row[slot]; v.Kind() == value.KindList && listed(v.List(), id) {
			return true
		}
	}
	return false
}

func listed(list []value.Value, id graph.RelationshipID) bool {
	for _, v := range list {
		if v.Kind() == value.KindRelationship && v.RelationshipID() == id {
			return true
		}
	}
	return false
}

// expansion is what all ways to follow a relationship pattern share.
type expansion struct {
	from, to, rel int
	direction     graph.Direction
	into          bool
	choice        typeChoice
	unique        unique
}

func (c *compiler) expansion(e *plan.Expand) expansion {
	return expansion{
		from: e.From.Symbol.Slot, to: e.To.Symbol.Slot, rel: e.Relationship.Symbol.Slot, direction: e.Direction,
		into: e.Into, choice: c.typeChoice(e.Relationship.Types), unique: uniqueOf(e.Unique),
	}
}

type expand struct {
	through
	expansion
	ids []graph.Type // room for the types of the row under way
}

func (c *compiler) expand(e *plan.Expand) stage {
	x := c.expansion(e)
	return func(next operator, _ *pipe) operator { return &expand{through{next}, x, nil} }
}

func (o *expand) push(r *run) error {
	from := r.row[o.from]
	if from.Kind() != value.KindNode {
		return nil
	}
	types, any := o.choice.types(r, o.ids[:0])
	o.ids = types
	if !any {
		return nil
	}
	if o.into {
		return o.between(r, from.NodeID(), types)
	}
	r.hit()
	e := r.graph().Expand(from.NodeID(), o.direction, types)
	for e.Next() {
		if err := r.visit(); err != nil {
			return err
		}
		if !o.choice.allows(r, e.Type()) || o.unique.used(r, e.Relationship()) {
			continue
		}
		r.row[o.rel] = value.Relationship(e.Relationship())
		r.row[o.to] = value.Node(e.Other())
		if err := o.next.push(r); err != nil {
			return err
		}
	}
	return nil
}

// between finds the relationships between two known nodes, from the side that has fewer.
func (o *expand) between(r *run, from graph.NodeID, types []graph.Type) error {
	to := r.row[o.to]
	if to.Kind() != value.KindNode {
		return nil
	}
	other, direction, g := to.NodeID(), o.direction, r.graph()
	if back := opposite(direction); g.Degree(other, back, types) < g.Degree(from, direction, types) {
		from, other, direction = other, from, back
	}
	r.hit()
	e := g.Expand(from, direction, types)
	for e.Next() {
		if err := r.visit(); err != nil {
			return err
		}
		if e.Other() != other || !o.choice.allows(r, e.Type()) || o.unique.used(r, e.Relationship()) {
			continue
		}
		r.row[o.rel] = value.Relationship(e.Relationship())
		if err := o.next.push(r); err != nil {
			return err
		}
	}
	return nil
}

func opposite(d graph.Direction) graph.Direction {
	switch d {
	case graph.Outgoing:
		return graph.Incoming
	case graph.Incoming:
		return graph.Outgoing
	}
	return d
}

// takeRelationship finds the ends of a relationship that is known: both ways round where the pattern has no direction.
type takeRelationship struct {
	through
	left, right, rel      int
	leftKnown, rightKnown bool
	same                  bool
	forwards, backwards   bool
	test                  typeTest
	unique                unique
}

func (c *compiler) takeRelationship(o *plan.TakeRelationship) stage {
	p := o.Relationship
	t := takeRelationship{
		left: p.Left.Symbol.Slot, right: p.Right.Symbol.Slot, rel: p.Symbol.Slot,
		leftKnown: o.LeftKnown, rightKnown: o.RightKnown, same: p.Left == p.Right,
		forwards: p.Direction != ast.DirectionLeft, backwards: p.Direction != ast.DirectionRight,
		test: c.typeTest(p.Types), unique: uniqueOf(o.Unique),
	}
	return func(next operator, _ *pipe) operator {
		made := t
		made.through = through{next}
		return &made
	}
}

func (o *takeRelationship) push(r *run) error {
	v := r.row[o.rel]
	if v.IsNull() {
		return nil
	}
	if v.Kind() != value.KindRelationship {
		return fail(nil, ast.TypeError, "InvalidArgumentType", "a pattern needs a relationship, found %s", v.Kind())
	}
	r.hit()
	known, ok := r.graph().Relationship(v.RelationshipID())
	if !ok || !o.test(r, known.Type) || o.unique.used(r, v.RelationshipID()) {
		return nil
	}
	if o.forwards {
		if err := o.try(r, known.Start, known.End); err != nil {
			return err
		}
	}
	if o.backwards && (!o.forwards || known.Start != known.End) {
		return o.try(r, known.End, known.Start)
	}
	return nil
}

func (o *takeRelationship) try(r *run, left, right graph.NodeID) error {
	if o.leftKnown && !isNode(r.row[o.left], left) || o.rightKnown && !isNode(r.row[o.right], right) || o.same && left != right {
		return nil
	}
	r.row[o.left], r.row[o.right] = value.Node(left), value.Node(right)
	return o.next.push(r)
}

func isNode(v value.Value, id graph.NodeID) bool {
	return v.Kind() == value.KindNode && v.NodeID() == id
}

func (c *compiler) buildPath(p *bind.PathUse) stage {
	nodes, out := slots(p.Nodes), p.Symbol.Slot
	rels := make([]int, len(p.Relationships))
	for i, r := range p.Relationships {
		rels[i] = r.Symbol.Slot
	}
	return func(next operator, _ *pipe) operator {
		return &pushFunc{through{next}, func(r *run) error {
			r.row[out] = pathValue(r, nodes, rels)
			return next.push(r)
		}}
	}
}

// pathValue joins matched nodes and relationships; a list of relationships is walked from its left end.
func pathValue(r *run, nodes, rels []int) value.Value {
	path := &value.Path{}
	at := r.row[nodes[0]]
	if at.Kind() != value.KindNode {
		return value.Null
	}
	here := at.NodeID()
	path.Nodes = append(path.Nodes, here)
	add := func(id graph.RelationshipID) {
		if known, ok := r.graph().Relationship(id); ok {
			if known.Start == here {
				here = known.End
			} else {
				here = known.Start
			}
		}
		path.Relationships = append(path.Relationships, id)
		path.Nodes = append(path.Nodes, here)
	}
	for _, slot := range rels {
		switch v := r.row[slot]; v.Kind() {
		case value.KindRelationship:
			add(v.RelationshipID())
		case value.KindList:
			for _, item := range v.List() {
				add(item.RelationshipID())
			}
		default:
			return value.Null
		}
	}
	return value.PathOf(path)
}
