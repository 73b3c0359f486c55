package graph

import (
	"encoding/binary"
	"math/bits"
	"strings"
)

// idCursor walks ids: of all live entities by their pages, of a set, or of a part of an index.
type idCursor struct {
	nodes         *spine[nodePage]
	relationships *spine[relationshipPage]
	page          uint64 // the next page to look at
	first         uint64 // the id that bit 0 of live means
	live          uint32
	set           setCursor
	entries       *entryCursor
}

func (c *idCursor) next() (uint64, bool) {
	switch {
	case c.entries != nil:
		return c.entries.next()
	case c.set.set != nil:
		return c.set.next()
	}
	for c.live == 0 {
		if !c.turn() {
			return 0, false
		}
	}
	bit := uint64(bits.TrailingZeros32(c.live))
	c.live &= c.live - 1
	return c.first + bit, true
}

func (c *idCursor) turn() bool {
	var at uint64
	switch {
	case c.nodes != nil:
		i, p := c.nodes.next(c.page)
		if p == nil {
			c.nodes = nil
			return false
		}
		at, c.live = i, p.live
	case c.relationships != nil:
		i, p := c.relationships.next(c.page)
		if p == nil {
			c.relationships = nil
			return false
		}
		at, c.live = i, p.live
	default:
		return false
	}
	c.first, c.page = at<<pageBits, at+1
	return true
}

// NodeCursor walks nodes, ascending by id unless an index range says otherwise. It is a plain value, for one
// goroutine; the zero cursor is empty.
type NodeCursor struct{ ids idCursor }

// Next returns the next node.
func (c *NodeCursor) Next() (NodeID, bool) {
	id, ok := c.ids.next()
	return NodeID(id), ok
}

// RelationshipCursor walks relationships as NodeCursor walks nodes.
type RelationshipCursor struct{ ids idCursor }

// Next returns the next relationship.
func (c *RelationshipCursor) Next() (RelationshipID, bool) {
	id, ok := c.ids.next()
	return RelationshipID(id), ok
}

// Nodes walks all nodes.
func (g *Graph) Nodes() NodeCursor {
	if g.reads != nil {
		g.reads.allNodes = true
	}
	return NodeCursor{idCursor{nodes: &g.nodes}}
}

// NodesWithLabel walks the nodes that have a label.
func (g *Graph) NodesWithLabel(l Label) NodeCursor {
	if g.reads != nil {
		g.reads.scan(g, labelNames, uint32(l))
	}
	return NodeCursor{idCursor{set: setCursor{set: g.labelSets.at(uint64(l))}}}
}

// Relationships walks all relationships.
func (g *Graph) Relationships() RelationshipCursor {
	if g.reads != nil {
		g.reads.allRelationships = true
	}
	return RelationshipCursor{idCursor{relationships: &g.relationships}}
}

// RelationshipsOfType walks the relationships of a type.
func (g *Graph) RelationshipsOfType(t Type) RelationshipCursor {
	if g.reads != nil {
		g.reads.scan(g, typeNames, uint32(t))
	}
	return RelationshipCursor{idCursor{set: setCursor{set: g.typeSets.at(uint64(t))}}}
}

// entryCursor walks the entries of an index whose keys lie in [from, to), or that begin with prefix.
type entryCursor struct {
	walk       treeCursor[string, struct{}]
	prefix     string // ends the walk where it is not empty
	from, to   string
	descending bool
	// equal walks the entries whose values are those of group, upwards: backwards goes from group to group.
	equal treeCursor[string, struct{}]
	group string
}

func (c *entryCursor) next() (uint64, bool) {
	if c.descending {
		return c.previous()
	}
	key, _, ok := c.walk.next()
	ok = ok && (c.prefix == "" || strings.HasPrefix(key, c.prefix)) && (c.to == "" || key < c.to)
	if !ok {
		c.walk.leaf = nil
		return 0, false
	}
	return entryID(key), true
}

// previous goes backwards by values, and upwards by id among entities with equal ones.
func (c *entryCursor) previous() (uint64, bool) {
	if c.group != "" {
		if key, _, ok := c.equal.next(); ok && entryValues(key) == c.group {
			return entryID(key), true
		}
		c.walk, c.group = c.walk.tree.below(c.group), ""
	}
	key, _, ok := c.walk.previous()
	if !ok || key < c.from {
		c.walk.leaf = nil
		return 0, false
	}
	values := entryValues(key)
	if c.walk.leaf == nil || entryValues(c.walk.leaf.keys[c.walk.at]) != values {
		return entryID(key), true // the only one
	}
	c.group, c.equal = values, c.walk.tree.from(values)
	key, _, _ = c.equal.next()
	return entryID(key), true
}

// entryValues returns the values of an index entry: all of its key but the id.
func entryValues(key string) string { return key[:len(key)-8] }

// entryID returns the entity of an index entry: the last eight bytes of its key.
func entryID(key string) uint64 {
	var raw [8]byte
	copy(raw[:], key[len(key)-8:])
	return binary.BigEndian.Uint64(raw[:])
}
