package graph

import (
	"github.com/hivellm/nexus/graph/value"
)

// Graph is one immutable version of a database. All its methods read; any number of goroutines may call them at once,
// without a lock, for as long as they hold it. Values it returns may share memory with it.
type Graph struct {
	token         uint64 // of the mutation that made it: no later one on top of it has the same
	meta          Meta
	names         [nameKinds]names
	reads         *ReadSet // notes what is read of a version of a tracked draft; nil for all others
	nodes         spine[nodePage]
	relationships spine[relationshipPage]
	labelSets     table[idSet]
	typeSets      table[idSet]
	keyUses       table[uint64]
	setBytes      uint64 // what the sets of labelSets and typeSets take
	schema        schema
}

// Empty returns the version of a new database.
func Empty() *Graph { return &Graph{token: 1} }

// Meta returns the version's figures.
func (g *Graph) Meta() Meta {
	if g.reads != nil {
		g.reads.totals = true
	}
	return g.meta
}

// Stamp returns which version this is.
func (g *Graph) Stamp() Stamp { return g.meta.Stamp }

// HasNode tells whether a node exists.
func (g *Graph) HasNode(id NodeID) bool {
	if g.reads != nil {
		g.reads.node(id)
	}
	return g.nodeRecord(id) != nil
}

// nodeRecord returns a node's record, nil where there is none.
func (g *Graph) nodeRecord(id NodeID) []byte {
	p := g.nodes.page(uint64(id) >> pageBits)
	if p == nil || p.live&(1<<(id&pageMask)) == 0 {
		return nil
	}
	return p.records.at(uint64(id & pageMask))
}

// HasLabel tells whether a node exists and has a label.
func (g *Graph) HasLabel(id NodeID, l Label) bool {
	if g.reads != nil {
		g.reads.nodeLabels(id)
	}
	return recordHasLabel(g.nodeRecord(id), l)
}

func recordHasLabel(record []byte, l Label) bool {
	s := scanLabels(record)
	for found, ok := s.next(); ok; found, ok = s.next() {
		if found == l {
			return true
		}
	}
	return false
}

// NodeLabels appends a node's labels, in the order of their names.
func (g *Graph) NodeLabels(id NodeID, dst []Label) []Label {
	if g.reads != nil {
		g.reads.nodeLabels(id)
	}
	s := scanLabels(g.nodeRecord(id))
	for l, ok := s.next(); ok; l, ok = s.next() {
		dst = append(dst, l)
	}
	return dst
}

// LabelStrings returns the names of a node's labels, sorted by their UTF-8 bytes.
func (g *Graph) LabelStrings(id NodeID) []string {
	if g.reads != nil {
		g.reads.nodeLabels(id)
	}
	s := scanLabels(g.nodeRecord(id))
	if s.left == 0 {
		return nil
	}
	list := make([]string, 0, s.left)
	for l, ok := s.next(); ok; l, ok = s.next() {
		list = append(list, g.LabelName(l))
	}
	return list
}

// NodeProperty returns one property, null where node or property is absent. Other properties are not decoded.
func (g *Graph) NodeProperty(id NodeID, key PropertyKey) value.Value {
	if g.reads != nil {
		g.reads.nodeProperty(g, id, key)
	}
	record := g.nodeRecord(id)
	if record == nil {
		return value.Null
	}
	return decodeProperty(findProperty(nodeProperties(record), key))
}

// NodeProperties returns all properties of a node; the empty map where there is none.
func (g *Graph) NodeProperties(id NodeID) *value.Map {
	if g.reads != nil {
		g.reads.nodeProperties(id)
	}
	record := g.nodeRecord(id)
	if record == nil {
		return nil
	}
	return g.propertyMap(nodeProperties(record))
}

// VisitNodeProperties calls fn for each property in the order of the names, until it returns false.
func (g *Graph) VisitNodeProperties(id NodeID, fn func(PropertyKey, value.Value) bool) {
	if g.reads != nil {
		g.reads.nodeProperties(id)
	}
	record := g.nodeRecord(id)
	if record == nil {
		return
	}
	s := scanProperties(nodeProperties(record))
	for p, ok := s.next(); ok; p, ok = s.next() {
		if !fn(p.key, decodeProperty(p.value)) {
			return
		}
	}
}

// Relationship returns a relationship's type and ends.
func (g *Graph) Relationship(id RelationshipID) (Relationship, bool) {
	if g.reads != nil {
		g.reads.relationship(id)
	}
	return g.relationshipAt(id)
}

func (g *Graph) relationshipAt(id RelationshipID) (Relationship, bool) {
	p := g.relationships.page(uint64(id) >> pageBits)
	at := id & pageMask
	if p == nil || p.live&(1<<at) == 0 {
		return Relationship{}, false
	}
	return Relationship{p.types[at], p.starts[at], p.ends[at]}, true
}

// relationshipProperties returns the map of a relationship's properties; nil for none.
func (g *Graph) relationshipProperties(id RelationshipID) []byte {
	p := g.relationships.page(uint64(id) >> pageBits)
	if p == nil {
		return nil
	}
	return p.properties.at(uint64(id & pageMask))
}

// RelationshipProperty returns one property, null where relationship or property is absent.
func (g *Graph) RelationshipProperty(id RelationshipID, key PropertyKey) value.Value {
	if g.reads != nil {
		g.reads.relationshipProperty(g, id, key)
	}
	return decodeProperty(findProperty(g.relationshipProperties(id), key))
}

// RelationshipProperties returns all properties of a relationship; the empty map where there is none.
func (g *Graph) RelationshipProperties(id RelationshipID) *value.Map {
	if g.reads != nil {
		g.reads.relationshipProperties(id)
	}
	return g.propertyMap(g.relationshipProperties(id))
}

// VisitRelationshipProperties calls fn for each property in the order of the names, until it returns false.
func (g *Graph) VisitRelationshipProperties(id RelationshipID, fn func(PropertyKey, value.Value) bool) {
	if g.reads != nil {
		g.reads.relationshipProperties(id)
	}
	s := scanProperties(g.relationshipProperties(id))
	for p, ok := s.next(); ok; p, ok = s.next() {
		if !fn(p.key, decodeProperty(p.value)) {
			return
		}
	}
}

func (g *Graph) propertyMap(properties []byte) *value.Map {
	s := scanProperties(properties)
	if s.left == 0 {
		return nil
	}
	keys, values := make([]string, 0, s.left), make([]value.Value, 0, s.left)
	for p, ok := s.next(); ok; p, ok = s.next() {
		keys = append(keys, g.PropertyKeyName(p.key))
		values = append(values, decodeProperty(p.value))
	}
	return value.NewMap(keys, values)
}

// LabelCount counts the nodes with a label.
func (g *Graph) LabelCount(l Label) uint64 {
	if g.reads != nil {
		g.reads.count(g, labelNames, uint32(l))
	}
	return setCount(&g.labelSets, uint64(l))
}

// TypeCount counts the relationships of a type.
func (g *Graph) TypeCount(t Type) uint64 {
	if g.reads != nil {
		g.reads.count(g, typeNames, uint32(t))
	}
	return setCount(&g.typeSets, uint64(t))
}

func setCount(sets *table[idSet], id uint64) uint64 {
	if s := sets.at(id); s != nil {
		return s.count
	}
	return 0
}
