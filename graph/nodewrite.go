package graph

import (
	"bytes"
	"slices"
	"strings"
)

// createNode makes a node. labels may be unsorted and doubled; both slices are the mutation's to change.
func (m *mutation) createNode(id NodeID, labels []Label, properties []property) error {
	if err := checkNewID(uint64(id), m.g.meta.NextNode); err != nil {
		return err
	}
	old, err := m.node(id)
	if err != nil {
		return err
	}
	if old != nil {
		return malformed("node %d made twice", id)
	}
	if err := m.sortProperties(properties); err != nil {
		return err
	}
	m.record = appendNodeRecord(m.record[:0], m.sortLabels(labels), properties)
	return m.writeNode(id, nil, m.record)
}

// setNodeProperty sets a property, or removes it where raw is nil, and tells whether anything changed.
func (m *mutation) setNodeProperty(id NodeID, key PropertyKey, raw []byte) (bool, error) {
	old, err := m.existingNode(id)
	if err != nil {
		return false, err
	}
	properties := nodeProperties(old)
	if bytes.Equal(findProperty(properties, key), raw) {
		return false, nil
	}
	list, err := m.withProperty(properties, key, raw)
	if err != nil {
		return false, err
	}
	m.record = append(m.record[:0], old[:len(old)-len(properties)]...)
	m.record = appendProperties(m.record, list)
	return true, m.writeNode(id, old, m.record)
}

// withProperty lists a map's properties with one set or, where raw is nil, removed.
func (m *mutation) withProperty(properties []byte, key PropertyKey, raw []byte) ([]property, error) {
	if len(raw) > MaxPropertyBytes {
		return nil, &LimitError{Limit: "property bytes", Max: MaxPropertyBytes, Found: uint64(len(raw))}
	}
	list, at := m.properties[:0], -1
	name := m.g.PropertyKeyName(key)
	s := scanProperties(properties)
	for p, ok := s.next(); ok; p, ok = s.next() {
		switch {
		case p.key == key:
			at = len(list)
			p.value = raw
		case at < 0 && strings.Compare(m.g.PropertyKeyName(p.key), name) > 0:
			at = len(list)
			list = append(list, property{key, raw})
		}
		list = append(list, p)
	}
	if at < 0 {
		at = len(list)
		list = append(list, property{key, raw})
	}
	if raw == nil {
		list = slices.Delete(list, at, at+1)
	}
	m.properties = list[:0]
	return list, nil
}

// addLabels adds labels and returns how many the node did not have.
func (m *mutation) addLabels(id NodeID, labels []Label) (int, error) {
	return m.changeLabels(id, func(has []Label) []Label {
		return m.sortLabels(append(has, labels...))
	})
}

// removeLabels removes labels and returns how many the node had.
func (m *mutation) removeLabels(id NodeID, labels []Label) (int, error) {
	n, err := m.changeLabels(id, func(has []Label) []Label {
		return slices.DeleteFunc(has, func(l Label) bool { return slices.Contains(labels, l) })
	})
	return -n, err
}

func (m *mutation) changeLabels(id NodeID, change func([]Label) []Label) (int, error) {
	old, err := m.existingNode(id)
	if err != nil {
		return 0, err
	}
	labels := m.labels[:0]
	s := scanLabels(old)
	for l, ok := s.next(); ok; l, ok = s.next() {
		labels = append(labels, l)
	}
	before := len(labels)
	labels = change(labels)
	m.labels = labels[:0]
	if len(labels) == before {
		return 0, nil
	}
	m.record = appendArray(append(m.record[:0], recordFormat, 0x92), len(labels))
	for _, l := range labels {
		m.record = appendUint(m.record, uint64(l))
	}
	m.record = append(m.record, s.rest...)
	return len(labels) - before, m.writeNode(id, old, m.record)
}

// deleteNode removes a node that has no relationships. A cold mutation cannot see them: it trusts the draft.
func (m *mutation) deleteNode(id NodeID) error {
	old, err := m.existingNode(id)
	if err != nil {
		return err
	}
	if m.cold == nil {
		if n := m.g.Degree(id, Both, nil); n > 0 {
			return &ConnectedError{Node: id, Relationships: n}
		}
	}
	return m.writeNode(id, old, nil)
}

// writeNode replaces a node's record; old is nil for a new node, record for one that goes. One call changes the set of
// labels or the set of property keys only by adding or only by removing, so equal counts mean equal sets.
func (m *mutation) writeNode(id NodeID, old, record []byte) error {
	if err := checkRecordSize(len(record)); err != nil {
		return err
	}
	if m.cold == nil {
		if err := m.checkNode(id, old, record); err != nil {
			return err
		}
	}
	m.touchNode(id, old)
	switch {
	case old == nil:
		m.g.meta.Nodes++
		m.g.meta.NextNode = max(m.g.meta.NextNode, uint64(id)+1)
	case record == nil:
		m.g.meta.Nodes--
	}
	if m.cold != nil {
		m.cold.nodes[id] = slices.Clone(record)
		return nil
	}
	m.deriveNode(id, old, record)
	m.g.putNode(id, record)
	return nil
}

func (g *Graph) putNode(id NodeID, record []byte) {
	p, slot := ownNodePage(&g.nodes, id, g.token), uint64(id&pageMask)
	g.nodes.bytes -= p.records.memory()
	if record == nil {
		p.live &^= 1 << slot
		p.records.remove(slot)
		g.nodes.bytes -= p.adjacency[slot].memory()
		p.adjacency[slot] = nil
	} else {
		p.records.set(slot, record)
		p.live |= 1 << slot
		if slot == pageMask {
			p.records.trim()
		}
	}
	g.nodes.bytes += p.records.memory()
}

// deriveNode moves what follows from a node's record: label sets, key counts and index entries.
func (m *mutation) deriveNode(id NodeID, old, record []byte) {
	before, after := scanLabels(old), scanLabels(record)
	if before.left != after.left {
		for l, ok := before.next(); ok; l, ok = before.next() {
			if !recordHasLabel(record, l) {
				m.g.toggle(&m.g.labelSets, uint64(l), uint64(id), false)
			}
		}
		for l, ok := after.next(); ok; l, ok = after.next() {
			if !recordHasLabel(old, l) {
				m.g.toggle(&m.g.labelSets, uint64(l), uint64(id), true)
			}
		}
	}
	var had, has []byte
	if old != nil {
		had = nodeProperties(old)
	}
	if record != nil {
		has = nodeProperties(record)
	}
	m.g.countKeys(had, has)
	for i, x := range m.g.schema.indexes {
		if x.definition.Entity == NodeEntity {
			m.moveEntry(i, uint64(id), had, recordHasLabel(old, Label(x.name)), has, recordHasLabel(record, Label(x.name)))
		}
	}
}

// countKeys moves the counts of property keys where the sets of keys differ.
func (g *Graph) countKeys(had, has []byte) {
	before, after := scanProperties(had), scanProperties(has)
	if before.left == after.left {
		return
	}
	for p, ok := before.next(); ok; p, ok = before.next() {
		*g.keyUses.own(uint64(p.key), g.token)--
	}
	for p, ok := after.next(); ok; p, ok = after.next() {
		*g.keyUses.own(uint64(p.key), g.token)++
	}
}
