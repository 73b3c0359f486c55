// Package answer encodes rows the one way they travel: as the JSON arrays of INTERFACE, from the node that computed
// them to the client, through any node between (docs/decisions/0004). Every door uses these bytes.
//
// It must never know HTTP, and never reads a graph other than the version it is given.
package answer

import (
	"strconv"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/value"
)

// AppendRow appends one row as a JSON array. Entities are read in g, the version the row was computed on.
func AppendRow(dst []byte, g *graph.Graph, row []value.Value) ([]byte, error) {
	dst = append(dst, '[')
	for i, v := range row {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendValue(dst, g, v)
	}
	return append(dst, ']'), nil
}

// AppendValue appends one value, graph kinds included.
func AppendValue(dst []byte, g *graph.Graph, v value.Value) []byte {
	switch v.Kind() {
	case value.KindNode:
		return appendNode(dst, g, v.NodeID())
	case value.KindRelationship:
		return appendRelationship(dst, g, v.RelationshipID())
	case value.KindPath:
		return appendPath(dst, g, v.Path())
	case value.KindList:
		return appendList(dst, g, v.List())
	case value.KindMap:
		return appendMap(dst, g, v.Map())
	default:
		return value.AppendJSON(dst, v)
	}
}

func appendNode(dst []byte, g *graph.Graph, id value.NodeID) []byte {
	dst = appendIdentity(dst, 'n', uint64(id))
	dst = append(dst, `,"labels":[`...)
	for i, label := range g.LabelStrings(id) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = value.AppendJSON(dst, value.String(label))
	}
	dst = append(dst, `],"properties":`...)
	dst = appendMap(dst, g, g.NodeProperties(id))
	return append(dst, '}')
}

func appendRelationship(dst []byte, g *graph.Graph, id value.RelationshipID) []byte {
	r, _ := g.Relationship(id)
	dst = appendIdentity(dst, 'r', uint64(id))
	dst = append(dst, `,"type":`...)
	dst = value.AppendJSON(dst, value.String(g.TypeName(r.Type)))
	dst = append(dst, `,"startNodeId":`...)
	dst = strconv.AppendUint(dst, uint64(r.Start), 10)
	dst = append(dst, `,"endNodeId":`...)
	dst = strconv.AppendUint(dst, uint64(r.End), 10)
	dst = append(dst, `,"properties":`...)
	dst = appendMap(dst, g, g.RelationshipProperties(id))
	return append(dst, '}')
}

func appendIdentity(dst []byte, kind byte, id uint64) []byte {
	dst = append(dst, `{"id":`...)
	dst = strconv.AppendUint(dst, id, 10)
	dst = append(dst, `,"elementId":"`...)
	dst = append(dst, kind, ':')
	dst = strconv.AppendUint(dst, id, 10)
	return append(dst, '"')
}

func appendPath(dst []byte, g *graph.Graph, p *value.Path) []byte {
	dst = append(dst, `{"nodes":[`...)
	for i, id := range p.Nodes {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendNode(dst, g, id)
	}
	dst = append(dst, `],"relationships":[`...)
	for i, id := range p.Relationships {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendRelationship(dst, g, id)
	}
	return append(dst, `]}`...)
}

func appendList(dst []byte, g *graph.Graph, list []value.Value) []byte {
	dst = append(dst, '[')
	for i, v := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendValue(dst, g, v)
	}
	return append(dst, ']')
}

func appendMap(dst []byte, g *graph.Graph, m *value.Map) []byte {
	dst = append(dst, '{')
	for i := range m.Len() {
		if i > 0 {
			dst = append(dst, ',')
		}
		key, v := m.At(i)
		dst = value.AppendJSON(dst, value.String(key))
		dst = append(dst, ':')
		dst = AppendValue(dst, g, v)
	}
	return append(dst, '}')
}
