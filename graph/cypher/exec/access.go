package exec

import (
	"slices"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/value"
)

// property is target.key.
func (c *compiler) property(x *ast.Property) eval {
	target, of := c.expr(x.Target), c.propertyOf(x)
	slot, plain := c.plainSlot(x.Target)
	if !plain {
		return func(r *run) (value.Value, error) {
			v, err := target(r)
			if err != nil {
				return value.Null, err
			}
			return of(r, v)
		}
	}
	key := c.key(x.Key.Text)
	return func(r *run) (value.Value, error) {
		v := r.row[slot]
		if id := r.keys[key]; id >= 0 && v.Kind() == value.KindNode && r.draft == nil {
			return r.nodes.Property(v.NodeID(), graph.PropertyKey(id)), nil
		}
		return of(r, v)
	}
}

// plainSlot is the slot that an expression only reads, if that is all it does.
func (c *compiler) plainSlot(e ast.Expr) (int, bool) {
	if slot, ok := c.query.Slots[e]; ok {
		return slot, true
	}
	if x, ok := e.(*ast.Variable); ok {
		return c.slot(x), true
	}
	return 0, false
}

// propertyOf reads the property of any value.
func (c *compiler) propertyOf(x *ast.Property) func(r *run, v value.Value) (value.Value, error) {
	key, name, deletes := c.key(x.Key.Text), x.Key.Text, c.program.deletes
	return func(r *run, v value.Value) (value.Value, error) {
		switch v.Kind() {
		case value.KindNull:
			return value.Null, nil
		case value.KindNode:
			if deletes && !r.graph().HasNode(v.NodeID()) {
				return value.Null, deleted(x, "node")
			}
			if k, ok := r.key(key); ok {
				return r.graph().NodeProperty(v.NodeID(), k), nil
			}
			return value.Null, nil
		case value.KindRelationship:
			if deletes && !hasRelationship(r.graph(), v) {
				return value.Null, deleted(x, "relationship")
			}
			if k, ok := r.key(key); ok {
				return r.graph().RelationshipProperty(v.RelationshipID(), k), nil
			}
			return value.Null, nil
		case value.KindMap:
			found, _ := v.Map().Lookup(name)
			return found, nil
		}
		found, ok := value.Component(v, name)
		if !ok {
			return value.Null, fail(x, ast.TypeError, "InvalidArgumentType", "%s has no property `%s`", v.Kind(), name)
		}
		return found, nil
	}
}

func hasRelationship(g *graph.Graph, v value.Value) bool {
	_, ok := g.Relationship(v.RelationshipID())
	return ok
}

// index is target[index]: an element of a list, an entry of a map, a property of an entity.
func (c *compiler) index(x *ast.Index) eval {
	target, at := c.expr(x.Target), c.expr(x.Index)
	return func(r *run) (value.Value, error) {
		v, err := target(r)
		if err != nil {
			return value.Null, err
		}
		i, err := at(r)
		if err != nil || v.IsNull() || i.IsNull() {
			return value.Null, err
		}
		switch v.Kind() {
		case value.KindList:
			return element(x, v.List(), i)
		case value.KindMap, value.KindNode, value.KindRelationship:
			return entry(r, x, v, i)
		}
		return value.Null, fail(x, ast.TypeError, "InvalidArgumentType", "%s has no elements", v.Kind())
	}
}

func element(x *ast.Index, list []value.Value, i value.Value) (value.Value, error) {
	if i.Kind() != value.KindInt {
		return value.Null, fail(x.Index, ast.TypeError, "ListElementAccessByNonInteger", "the index of a list must be an integer, found %s", i.Kind())
	}
	at := i.Int()
	if at < 0 {
		at += int64(len(list))
	}
	if at < 0 || at >= int64(len(list)) {
		return value.Null, nil
	}
	return list[at], nil
}

func entry(r *run, x *ast.Index, v, i value.Value) (value.Value, error) {
	if i.Kind() != value.KindString {
		return value.Null, fail(x.Index, ast.TypeError, "MapElementAccessByNonString", "a key must be a string, found %s", i.Kind())
	}
	if v.Kind() == value.KindMap {
		found, _ := v.Map().Lookup(i.Str())
		return found, nil
	}
	g := r.graph()
	key, known := g.PropertyKey(i.Str())
	if v.Kind() == value.KindNode {
		if r.program.deletes && !g.HasNode(v.NodeID()) {
			return value.Null, deleted(x, "node")
		}
		if !known {
			return value.Null, nil
		}
		return g.NodeProperty(v.NodeID(), key), nil
	}
	if r.program.deletes && !hasRelationship(g, v) {
		return value.Null, deleted(x, "relationship")
	}
	if !known {
		return value.Null, nil
	}
	return g.RelationshipProperty(v.RelationshipID(), key), nil
}

// slice is target[from..to]; ends beyond the list are its ends.
func (c *compiler) slice(x *ast.Slice) eval {
	target := c.expr(x.Target)
	from, to := c.optionalExpr(x.From), c.optionalExpr(x.To)
	return func(r *run) (value.Value, error) {
		v, err := target(r)
		if err != nil || v.IsNull() {
			return value.Null, err
		}
		if v.Kind() != value.KindList {
			return value.Null, fail(x, ast.TypeError, "InvalidArgumentType", "only a list can be sliced, found %s", v.Kind())
		}
		list := v.List()
		low, known, err := sliceEnd(r, from, x.From, 0, len(list))
		if err != nil || !known {
			return value.Null, err
		}
		high, known, err := sliceEnd(r, to, x.To, len(list), len(list))
		if err != nil || !known {
			return value.Null, err
		}
		if low >= high {
			return value.List(nil), nil
		}
		return value.List(slices.Clone(list[low:high])), nil
	}
}

// sliceEnd evaluates one end; it is unknown where the expression is null.
func sliceEnd(r *run, e eval, at ast.Node, absent, length int) (int, bool, error) {
	if e == nil {
		return absent, true, nil
	}
	v, err := e(r)
	if err != nil || v.IsNull() {
		return 0, false, err
	}
	if v.Kind() != value.KindInt {
		return 0, false, fail(at, ast.TypeError, "ListElementAccessByNonInteger", "the end of a slice must be an integer, found %s", v.Kind())
	}
	n := v.Int()
	if n < 0 {
		n += int64(length)
	}
	return int(min(max(n, 0), int64(length))), true, nil
}

// hasLabels is target:Label, on a relationship a test of its type.
func (c *compiler) hasLabels(x *ast.LabelTest) eval {
	target, labels, types := c.expr(x.Target), c.labelTest(x.Labels), c.typeTest(x.Labels)
	return func(r *run) (value.Value, error) {
		v, err := target(r)
		if err != nil {
			return value.Null, err
		}
		switch v.Kind() {
		case value.KindNull:
			return value.Null, nil
		case value.KindNode:
			if r.program.deletes && !r.graph().HasNode(v.NodeID()) {
				return value.Null, deleted(x, "node")
			}
			return value.Bool(labels(r, v.NodeID())), nil
		case value.KindRelationship:
			known, ok := r.graph().Relationship(v.RelationshipID())
			if !ok {
				return value.Null, deleted(x, "relationship")
			}
			return value.Bool(types(r, known.Type)), nil
		}
		return value.Null, fail(x, ast.TypeError, "InvalidArgumentType", "only nodes and relationships have labels or types, found %s", v.Kind())
	}
}

func (c *compiler) mapProjection(x *ast.MapProjection) eval {
	type item struct {
		all bool
		key string
		e   eval
	}
	subject := c.slot(x.Subject)
	var items []item
	for i := range x.Items {
		if x.Items[i].All {
			items = append(items, item{all: true})
		} else {
			items = append(items, item{key: x.Items[i].Key.Text, e: c.expr(x.Items[i].Value)})
		}
	}
	if slot, ok := c.query.Slots[x.Subject]; ok {
		subject = slot
	}
	return func(r *run) (value.Value, error) {
		v := r.row[subject]
		if v.IsNull() {
			return value.Null, nil
		}
		var b value.MapBuilder
		for _, one := range items {
			if !one.all {
				entry, err := one.e(r)
				if err != nil {
					return value.Null, err
				}
				b.Set(one.key, entry)
				continue
			}
			m, ok := propertiesOf(r.graph(), v)
			if !ok {
				return value.Null, fail(x, ast.TypeError, "InvalidArgumentType", "a map projection needs a map or an entity, found %s", v.Kind())
			}
			for i := range m.Len() {
				b.Set(m.At(i))
			}
		}
		return value.MapOf(b.Map()), nil
	}
}
