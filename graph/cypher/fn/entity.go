package fn

import (
	"strconv"

	"github.com/hivellm/nexus/graph/value"
)

func entityFunctions() []*Function {
	entity := params(Param{"entity", Entity})
	node := params(Param{"node", Node})
	relationship := params(Param{"relationship", Relationship})
	path := params(Param{"path", Path})
	holder := params(Param{"holder", Entity | Map})
	return []*Function{
		define("id", Integer, entity, id),
		define("elementId", Text, entity, elementID),
		define("labels", List, node, labels, reads),
		define("type", Text, relationship, typeName, reads),
		define("properties", Map, holder, properties, reads),
		define("keys", List, holder, keys, reads),
		define("startNode", Node, relationship, startNode, reads),
		define("endNode", Node, relationship, endNode, reads),
		define("nodes", List, path, nodes),
		define("relationships", List, path, relationships),
		define("length", Integer, path, length),
	}
}

func id(_ *Context, args []value.Value) (value.Value, error) {
	if args[0].Kind() == value.KindNode {
		return value.Int(int64(args[0].NodeID())), nil
	}
	return value.Int(int64(args[0].RelationshipID())), nil
}

func elementID(_ *Context, args []value.Value) (value.Value, error) {
	if args[0].Kind() == value.KindNode {
		return value.String("n:" + strconv.FormatUint(uint64(args[0].NodeID()), 10)), nil
	}
	return value.String("r:" + strconv.FormatUint(uint64(args[0].RelationshipID()), 10)), nil
}

func labels(c *Context, args []value.Value) (value.Value, error) {
	node := args[0].NodeID()
	if !c.Graph.HasNode(node) {
		return value.Null, deleted(args[0])
	}
	return c.textList(c.Graph.LabelStrings(node))
}

// typeName reads the type of a relationship. It outlives a deletion within the statement: the version that the statement
// began with still has it.
func typeName(c *Context, args []value.Value) (value.Value, error) {
	if r, ok := c.Graph.Relationship(args[0].RelationshipID()); ok {
		return value.String(c.Graph.TypeName(r.Type)), nil
	}
	if c.Before != nil {
		if r, ok := c.Before.Relationship(args[0].RelationshipID()); ok {
			return value.String(c.Before.TypeName(r.Type)), nil
		}
	}
	return value.Null, deleted(args[0])
}

func properties(c *Context, args []value.Value) (value.Value, error) {
	m, err := propertiesOf(c, args[0])
	if err != nil {
		return value.Null, err
	}
	return value.MapOf(m), nil
}

func propertiesOf(c *Context, v value.Value) (*value.Map, error) {
	switch v.Kind() {
	case value.KindNode:
		if !c.Graph.HasNode(v.NodeID()) {
			return nil, deleted(v)
		}
		return c.Graph.NodeProperties(v.NodeID()), nil
	case value.KindRelationship:
		if _, ok := c.Graph.Relationship(v.RelationshipID()); !ok {
			return nil, deleted(v)
		}
		return c.Graph.RelationshipProperties(v.RelationshipID()), nil
	default:
		return v.Map(), nil
	}
}

func keys(c *Context, args []value.Value) (value.Value, error) {
	m, err := propertiesOf(c, args[0])
	if err != nil {
		return value.Null, err
	}
	if err := c.charge(m.Len() * valueBytes); err != nil {
		return value.Null, err
	}
	names := make([]value.Value, m.Len())
	for i := range names {
		key, _ := m.At(i)
		names[i] = value.String(key)
	}
	return value.List(names), nil
}

func startNode(c *Context, args []value.Value) (value.Value, error) {
	r, ok := c.Graph.Relationship(args[0].RelationshipID())
	if !ok {
		return value.Null, deleted(args[0])
	}
	return value.Node(r.Start), nil
}

func endNode(c *Context, args []value.Value) (value.Value, error) {
	r, ok := c.Graph.Relationship(args[0].RelationshipID())
	if !ok {
		return value.Null, deleted(args[0])
	}
	return value.Node(r.End), nil
}

func nodes(c *Context, args []value.Value) (value.Value, error) {
	ids := args[0].Path().Nodes
	if err := c.charge(len(ids) * valueBytes); err != nil {
		return value.Null, err
	}
	items := make([]value.Value, len(ids))
	for i, n := range ids {
		items[i] = value.Node(n)
	}
	return value.List(items), nil
}

func relationships(c *Context, args []value.Value) (value.Value, error) {
	ids := args[0].Path().Relationships
	if err := c.charge(len(ids) * valueBytes); err != nil {
		return value.Null, err
	}
	items := make([]value.Value, len(ids))
	for i, r := range ids {
		items[i] = value.Relationship(r)
	}
	return value.List(items), nil
}

func length(_ *Context, args []value.Value) (value.Value, error) {
	return value.Int(int64(len(args[0].Path().Relationships))), nil
}
