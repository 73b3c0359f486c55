package graph

import (
	"bytes"
	"math"
	"slices"

	"github.com/hivellm/nexus/scripts/planted"
)

// Unchanged tells whether everything in the set is in current as it was in base, the version that the draft began on;
// current is one that came after it. Parts that the versions share are equal at once: the cost follows what was read
// where something was written. False may speak of more than was read only where the set holds a name that base did not
// know, or more spans than are noted one by one; true never speaks of less.
func (r *ReadSet) Unchanged(base, current *Graph) bool {
	if base.meta.Stamp == current.meta.Stamp {
		return true
	}
	c := &comparison{base, current}
	schema := base.meta.SchemaVersion == current.meta.SchemaVersion || planted.On("schema-untracked")
	return schema && !r.everything && c.figures(r) && c.names(r) && c.entities(r) && c.expansions(r) && c.members(r) && c.spans(r)
}

// comparison is of two versions of one database, the first an ancestor of the second: ids of names in the first mean
// the same in the second.
type comparison struct{ base, current *Graph }

// unknownName is an id that no name has.
const unknownName = math.MaxUint32

// resolve returns a name's id in either version, unknownName where it has none.
func (c *comparison) resolve(kind nameKind, name nameRef) (inBase, inCurrent uint32) {
	if name.name == "" {
		return name.id, name.id
	}
	if id, ok := c.current.names[kind].id(name.name); ok {
		return unknownName, id
	}
	return unknownName, unknownName
}

// figures compares totals and the ids that nobody had.
func (c *comparison) figures(r *ReadSet) bool {
	a, b := &c.base.meta, &c.current.meta
	if r.totals && (a.Nodes != b.Nodes || a.Relationships != b.Relationships) {
		return false
	}
	return r.beyond[ofNodes] >= b.NextNode && r.beyond[ofRelationships] >= b.NextRelationship
}

// names compares what was found absent, and listings.
func (c *comparison) names(r *ReadSet) bool {
	unused := [nameKinds]func(id uint32) bool{
		labelNames: func(id uint32) bool { return setCount(&c.current.labelSets, uint64(id)) == 0 },
		typeNames:  func(id uint32) bool { return setCount(&c.current.typeSets, uint64(id)) == 0 },
		keyNames:   func(id uint32) bool { return !c.current.usesKey(uint64(id)) },
	}
	lists := [nameKinds]func(*Graph) []string{(*Graph).LabelNames, (*Graph).TypeNames, (*Graph).PropertyKeyNames}
	for kind := range nameKinds {
		same := r.absent[kind].each(func(name nameRef) bool {
			_, id := c.resolve(kind, name)
			return id == unknownName || unused[kind](id)
		})
		if !same || r.listed[kind] && !slices.Equal(lists[kind](c.base), lists[kind](c.current)) {
			return false
		}
	}
	return true
}

func (c *comparison) entities(r *ReadSet) bool {
	labels := func(record []byte) []byte { return record[:len(record)-len(nodeProperties(record))] }
	same := c.eachNode(&r.nodes.existence, func(a, b []byte) bool { return (a == nil) == (b == nil) }) &&
		c.eachNode(&r.labels, func(a, b []byte) bool { return bytes.Equal(labels(a), labels(b)) }) &&
		c.eachNode(&r.nodes.properties, func(a, b []byte) bool { return bytes.Equal(nodeProperties(a), nodeProperties(b)) }) &&
		r.nodes.keys.each(func(name nameRef, ids *idReads) bool {
			property := c.property(name)
			return c.eachNode(ids, func(a, b []byte) bool { return property(nodeProperties(a), nodeProperties(b)) })
		})
	return same && c.eachRelationship(&r.relationships.existence, func(id RelationshipID) bool {
		a, inBase := c.base.relationshipAt(id)
		b, inCurrent := c.current.relationshipAt(id)
		return a == b && inBase == inCurrent
	}) && c.eachRelationship(&r.relationships.properties, func(id RelationshipID) bool {
		return bytes.Equal(c.base.relationshipProperties(id), c.current.relationshipProperties(id))
	}) && r.relationships.keys.each(func(name nameRef, ids *idReads) bool {
		property := c.property(name)
		return c.eachRelationship(ids, func(id RelationshipID) bool {
			return property(c.base.relationshipProperties(id), c.current.relationshipProperties(id))
		})
	})
}

// property compares one property in two maps.
func (c *comparison) property(name nameRef) func(a, b []byte) bool {
	inBase, inCurrent := c.resolve(keyNames, name)
	return func(a, b []byte) bool {
		return bytes.Equal(findProperty(a, PropertyKey(inBase)), findProperty(b, PropertyKey(inCurrent)))
	}
}

// eachNode compares the records of nodes that do not lie on a page of both versions.
func (c *comparison) eachNode(ids *idReads, same func(a, b []byte) bool) bool {
	return eachApart(ids, func(page uint64) bool { return c.base.nodes.page(page) == c.current.nodes.page(page) },
		func(id uint64) bool { return same(c.base.nodeRecord(NodeID(id)), c.current.nodeRecord(NodeID(id))) })
}

func (c *comparison) eachRelationship(ids *idReads, same func(id RelationshipID) bool) bool {
	return eachApart(ids, func(page uint64) bool { return c.base.relationships.page(page) == c.current.relationships.page(page) },
		func(id uint64) bool { return same(RelationshipID(id)) })
}

// expansions compares the relationships of nodes.
func (c *comparison) expansions(r *ReadSet) bool {
	for _, d := range []Direction{Outgoing, Incoming} {
		all := c.eachExpansion(&r.expanded[d], d, unknownName, unknownName)
		if !all || !r.expandedTypes[d].each(func(name nameRef, ids *idReads) bool {
			inBase, inCurrent := c.resolve(typeNames, name)
			if inCurrent == unknownName {
				return true
			}
			return c.eachExpansion(ids, d, inBase, inCurrent)
		}) {
			return false
		}
	}
	return true
}

// eachExpansion compares one direction of nodes; unknownName for the current type means all types.
func (c *comparison) eachExpansion(ids *idReads, d Direction, inBase, inCurrent uint32) bool {
	return eachApart(ids, func(page uint64) bool { return c.base.nodes.page(page) == c.current.nodes.page(page) },
		func(id uint64) bool {
			a, b := c.base.adjacencyOf(NodeID(id)), c.current.adjacencyOf(NodeID(id))
			switch {
			case a == b:
				return true
			case inCurrent == unknownName:
				return sameEdges(a, b, d, 0, true)
			case inBase == unknownName:
				return b == nil || b.degree(d, Type(inCurrent), false) == 0
			}
			return sameEdges(a, b, d, Type(inCurrent), false)
		})
}

// members compares scans and counts.
func (c *comparison) members(r *ReadSet) bool {
	if r.allNodes && !sameSpine(&c.base.nodes, &c.current.nodes, func(_ uint64, a, b *nodePage) bool { return livingNodes(a) == livingNodes(b) }) {
		return false
	}
	if r.allRelationships && !sameSpine(&c.base.relationships, &c.current.relationships,
		func(_ uint64, a, b *relationshipPage) bool { return livingRelationships(a) == livingRelationships(b) }) {
		return false
	}
	sets := [2][2]*table[idSet]{{&c.base.labelSets, &c.current.labelSets}, {&c.base.typeSets, &c.current.typeSets}}
	for kind, of := range sets {
		scans := r.scans[kind].each(func(name nameRef) bool {
			inBase, inCurrent := c.resolve(nameKind(kind), name)
			return sameSet(of[0].at(uint64(inBase)), of[1].at(uint64(inCurrent)))
		})
		if !scans || !r.counts[kind].each(func(name nameRef) bool {
			inBase, inCurrent := c.resolve(nameKind(kind), name)
			return setCount(of[0], uint64(inBase)) == setCount(of[1], uint64(inCurrent))
		}) {
			return false
		}
	}
	return true
}

func livingNodes(p *nodePage) uint32 {
	if p == nil {
		return 0
	}
	return p.live
}

func livingRelationships(p *relationshipPage) uint32 {
	if p == nil {
		return 0
	}
	return p.live
}

// spans compares ranges of indexes. The schema is the same, so each index is in both versions; one that was whole when it
// was read is so in what came after, or is made so here.
func (c *comparison) spans(r *ReadSet) bool {
	if len(r.spans) == 0 {
		return true
	}
	current := CarryIndexes(c.base, c.current)
	for _, s := range r.spans {
		a, b := c.base.indexOf(s.index), current.indexOf(s.index)
		if a == nil || b == nil || !a.whole() || !b.whole() || a != b && !sameSpan(&a.entries, &b.entries, s.from, s.to) {
			return false
		}
	}
	return true
}

func (g *Graph) indexOf(id uint64) *Index {
	for _, x := range g.schema.indexes {
		if x.definition.ID == id {
			return x
		}
	}
	return nil
}
