package tck

import (
	"slices"
	"strconv"
	"strings"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/value"
)

// cell is one value of a result, expected or given, read out of its graph.
type cell struct {
	kind   cellKind
	scalar value.Value // of scalarCell: null, boolean, integer, float or string
	items  []cell      // of listCell; of pathCell node, relationship, node, ...
	keys   []string    // of mapCell, nodeCell, relationshipCell: sorted, with values
	values []cell
	labels []string // of nodeCell: sorted; of relationshipCell: its type
	// against: a relationship within a path that is walked against its direction.
	against bool
	// id of an entity given by the engine: "n:1". Not compared with expectations, which know no ids.
	id string
}

type cellKind uint8

const (
	scalarCell cellKind = iota
	listCell
	mapCell
	nodeCell
	relationshipCell
	pathCell
)

// text is the canonical text of a cell: equal cells have equal texts. With anyListOrder the order of list items does not
// count.
func (c cell) text(anyListOrder bool) string {
	var b strings.Builder
	c.write(&b, anyListOrder)
	return b.String()
}

func (c cell) write(b *strings.Builder, anyListOrder bool) {
	switch c.kind {
	case scalarCell:
		b.WriteString(scalarText(c.scalar))
	case listCell:
		c.writeList(b, anyListOrder)
	case mapCell:
		c.writeProperties(b, anyListOrder)
	case nodeCell:
		b.WriteByte('(')
		for _, label := range c.labels {
			b.WriteString(":" + label)
		}
		c.writeEntityProperties(b, anyListOrder)
		b.WriteByte(')')
	case relationshipCell:
		b.WriteString("[:" + c.labels[0])
		c.writeEntityProperties(b, anyListOrder)
		b.WriteByte(']')
	case pathCell:
		c.writePath(b, anyListOrder)
	}
}

func scalarText(v value.Value) string {
	switch v.Kind() {
	case value.KindNull:
		return "null"
	case value.KindBool:
		return strconv.FormatBool(v.Bool())
	case value.KindInt:
		return strconv.FormatInt(v.Int(), 10)
	case value.KindFloat:
		if v.Float() == 0 { // 0.0 and -0.0 are one number
			return "0.0"
		}
		return value.FormatFloat(v.Float())
	default:
		return strconv.Quote(v.Str())
	}
}

func (c cell) writeList(b *strings.Builder, anyListOrder bool) {
	texts := make([]string, len(c.items))
	for i, item := range c.items {
		texts[i] = item.text(anyListOrder)
	}
	if anyListOrder {
		slices.Sort(texts)
	}
	b.WriteString("[" + strings.Join(texts, ", ") + "]")
}

func (c cell) writeEntityProperties(b *strings.Builder, anyListOrder bool) {
	if len(c.keys) > 0 {
		b.WriteByte(' ')
		c.writeProperties(b, anyListOrder)
	}
}

func (c cell) writeProperties(b *strings.Builder, anyListOrder bool) {
	b.WriteByte('{')
	for i, key := range c.keys {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Quote(key) + ": ")
		c.values[i].write(b, anyListOrder)
	}
	b.WriteByte('}')
}

func (c cell) writePath(b *strings.Builder, anyListOrder bool) {
	b.WriteByte('<')
	for _, item := range c.items {
		if item.kind != relationshipCell {
			item.write(b, anyListOrder)
			continue
		}
		before, after := "-", "->"
		if item.against {
			before, after = "<-", "-"
		}
		b.WriteString(before)
		item.write(b, anyListOrder)
		b.WriteString(after)
	}
	b.WriteByte('>')
}

// cellOf reads a value in the version of the graph it came with.
func cellOf(g *graph.Graph, v value.Value) cell {
	switch v.Kind() {
	case value.KindNull, value.KindBool, value.KindInt, value.KindFloat, value.KindString:
		return cell{scalar: v}
	case value.KindList:
		c := cell{kind: listCell}
		for _, item := range v.List() {
			c.items = append(c.items, cellOf(g, item))
		}
		return c
	case value.KindMap:
		return cell{kind: mapCell}.with(g, v.Map())
	case value.KindNode:
		return nodeCellOf(g, v.NodeID())
	case value.KindRelationship:
		return relationshipCellOf(g, v.RelationshipID())
	case value.KindPath:
		return pathCellOf(g, v.Path())
	case value.KindPoint, value.KindBytes:
		return cell{kind: mapCell, keys: []string{v.Kind().String()}, values: []cell{{}}}
	default: // the kit writes temporal values as strings
		return cell{scalar: value.String(value.FormatTemporal(v))}
	}
}

// with adds properties.
func (c cell) with(g *graph.Graph, m *value.Map) cell {
	for i := range m.Len() {
		key, v := m.At(i)
		c.keys = append(c.keys, key)
		c.values = append(c.values, cellOf(g, v))
	}
	return c
}

func nodeCellOf(g *graph.Graph, id value.NodeID) cell {
	c := cell{kind: nodeCell, id: "n:" + strconv.FormatUint(uint64(id), 10)}
	if !g.HasNode(id) {
		c.labels = []string{"a deleted node"}
		return c
	}
	c.labels = g.LabelStrings(id)
	return c.with(g, g.NodeProperties(id))
}

func relationshipCellOf(g *graph.Graph, id value.RelationshipID) cell {
	c := cell{kind: relationshipCell, id: "r:" + strconv.FormatUint(uint64(id), 10)}
	r, ok := g.Relationship(id)
	if !ok {
		c.labels = []string{"a deleted relationship"}
		return c
	}
	c.labels = []string{g.TypeName(r.Type)}
	return c.with(g, g.RelationshipProperties(id))
}

func pathCellOf(g *graph.Graph, p *value.Path) cell {
	c := cell{kind: pathCell}
	for i, id := range p.Nodes {
		c.items = append(c.items, nodeCellOf(g, id))
		if i == len(p.Relationships) {
			break
		}
		relationship := relationshipCellOf(g, p.Relationships[i])
		if r, ok := g.Relationship(p.Relationships[i]); ok {
			relationship.against = r.Start != id
		}
		c.items = append(c.items, relationship)
	}
	return c
}
