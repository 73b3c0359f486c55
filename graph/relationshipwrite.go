package graph

import (
	"bytes"
	"slices"
)

// createRelationship makes a relationship between two nodes that exist.
func (m *mutation) createRelationship(id RelationshipID, r Relationship, properties []property) error {
	if err := checkNewID(uint64(id), m.g.meta.NextRelationship); err != nil {
		return err
	}
	if _, _, found, err := m.relationship(id); err != nil || found {
		if err == nil {
			err = malformed("relationship %d made twice", id)
		}
		return err
	}
	if _, err := m.existingNode(r.Start); err != nil {
		return err
	}
	if _, err := m.existingNode(r.End); err != nil {
		return err
	}
	if err := m.sortProperties(properties); err != nil {
		return err
	}
	var has []byte
	if len(properties) > 0 {
		m.packed = appendProperties(m.packed[:0], properties)
		has = m.packed
	}
	return m.writeRelationship(id, r, nil, has, false, true)
}

// setRelationshipProperty sets a property, or removes it where raw is nil, and tells whether anything changed.
func (m *mutation) setRelationshipProperty(id RelationshipID, key PropertyKey, raw []byte) (bool, error) {
	r, had, err := m.existingRelationship(id)
	if err != nil {
		return false, err
	}
	if bytes.Equal(findProperty(had, key), raw) {
		return false, nil
	}
	list, err := m.withProperty(had, key, raw)
	if err != nil {
		return false, err
	}
	var has []byte
	if len(list) > 0 {
		m.packed = appendProperties(m.packed[:0], list)
		has = m.packed
	}
	return true, m.writeRelationship(id, r, had, has, true, true)
}

// deleteRelationship removes a relationship.
func (m *mutation) deleteRelationship(id RelationshipID) error {
	r, had, err := m.existingRelationship(id)
	if err != nil {
		return err
	}
	return m.writeRelationship(id, r, had, nil, true, false)
}

// writeRelationship replaces a relationship's properties, or makes or removes it.
func (m *mutation) writeRelationship(id RelationshipID, r Relationship, had, has []byte, existed, exists bool) error {
	if exists {
		m.record = appendRelationshipRecord(m.record[:0], r, has)
		if err := checkRecordSize(len(m.record)); err != nil {
			return err
		}
		if m.cold == nil {
			if err := m.checkRelationship(id, r.Type, has); err != nil {
				return err
			}
		}
	}
	m.touchRelationship(id, r, had, existed)
	switch {
	case !existed:
		m.g.meta.Relationships++
		m.g.meta.NextRelationship = max(m.g.meta.NextRelationship, uint64(id)+1)
	case !exists:
		m.g.meta.Relationships--
	}
	if m.cold != nil {
		m.cold.relationships[id] = coldRelationship{r, slices.Clone(has), exists}
		return nil
	}
	m.g.countKeys(had, has)
	for i, x := range m.g.schema.indexes {
		if x.coversType(r.Type) {
			m.moveEntry(i, uint64(id), had, existed, has, exists)
		}
	}
	m.g.putRelationship(id, r, has, existed, exists)
	return nil
}

func (g *Graph) putRelationship(id RelationshipID, r Relationship, properties []byte, existed, exists bool) {
	p, slot := ownRelationshipPage(&g.relationships, id, g.token), uint64(id&pageMask)
	g.relationships.bytes -= p.properties.memory()
	p.properties.set(slot, properties)
	if existed != exists {
		p.live ^= 1 << slot
		g.link(id, r, exists)
	}
	p.types[slot], p.starts[slot], p.ends[slot] = r.Type, r.Start, r.End
	if slot == pageMask {
		p.properties.trim()
	}
	g.relationships.bytes += p.properties.memory()
}

// link puts a relationship into the set of its type and among its nodes' relationships, or takes it out.
func (g *Graph) link(id RelationshipID, r Relationship, exists bool) {
	g.toggle(&g.typeSets, uint64(r.Type), uint64(id), exists)
	key := edgeKey(r.Type, id)
	g.linkEnd(Outgoing, r.Start, edge{key, r.End}, exists)
	g.linkEnd(Incoming, r.End, edge{key, r.Start}, exists)
}

// linkEnd puts one end of a relationship among those of the node self, or takes it out.
func (g *Graph) linkEnd(d Direction, self NodeID, e edge, exists bool) {
	p := ownNodePage(&g.nodes, self, g.token)
	g.nodes.bytes -= p.adjacency[self&pageMask].memory()
	a := ownAdjacency(p, self, g.token)
	if exists {
		a.add(d, e, self)
	} else {
		a.remove(d, e.key, e.other == self)
	}
	g.nodes.bytes += a.memory()
}

// toggle puts an id into one of the sets by label or type, or takes it out.
func (g *Graph) toggle(sets *table[idSet], set, id uint64, in bool) {
	s := sets.own(set, g.token)
	g.setBytes -= s.pages.bytes
	if in {
		s.add(id, g.token)
	} else {
		s.remove(id, g.token)
	}
	g.setBytes += s.pages.bytes
}
