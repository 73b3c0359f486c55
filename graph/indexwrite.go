package graph

import (
	"bytes"

	"github.com/hivellm/nexus/graph/value"
)

// moveEntry brings an entity's entry in index i from its old properties to its new ones. covered tells whether the
// index covers the entity at all.
func (m *mutation) moveEntry(i int, id uint64, had []byte, wasCovered bool, has []byte, covered bool) {
	if !wasCovered && !covered {
		return
	}
	x := m.g.schema.indexes[i]
	var was, is bool
	if wasCovered {
		m.others, _, was = x.appendEntry(m.others[:0], had)
	}
	if covered {
		m.values, _, is = x.appendEntry(m.values[:0], has)
	}
	if was == is && (!is || bytes.Equal(m.others, m.values)) {
		return
	}
	owned := m.g.schema.ownIndex(i, m.g.token)
	if was {
		owned.remove(m.others, id, m.g.token)
	}
	if is {
		owned.add(m.values, id, m.g.token)
	}
}

// checkNode tells whether a node's new record breaks a uniqueness constraint.
func (m *mutation) checkNode(id NodeID, old, record []byte) error {
	if record == nil {
		return nil
	}
	for _, x := range m.g.schema.indexes {
		if x.constraint != "" && x.definition.Entity == NodeEntity && recordHasLabel(record, Label(x.name)) {
			if err := m.checkEntry(x, uint64(id), nodeProperties(record)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *mutation) checkRelationship(id RelationshipID, t Type, properties []byte) error {
	for _, x := range m.g.schema.indexes {
		if x.constraint != "" && x.definition.Entity == RelationshipEntity && Type(x.name) == t {
			if err := m.checkEntry(x, uint64(id), properties); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkEntry tells whether an entity's values are another's already. Values that equal nothing, NaN, are nobody's.
func (m *mutation) checkEntry(x *Index, id uint64, properties []byte) error {
	values, _, ok := x.appendEntry(m.values[:0], properties)
	m.values = values
	if !ok {
		return nil
	}
	existing, found := x.holder(values, id)
	if !found {
		return nil
	}
	list := make([]value.Value, len(x.keys))
	for i, k := range x.keys {
		raw := bytes.Clone(findProperty(properties, k))
		list[i] = decodeProperty(raw)
		if value.Equal(list[i], list[i]) != value.True {
			return nil
		}
	}
	if m.g.reads != nil { // the refusal tells of it
		m.g.reads.span(x, string(values), string(values)+"\xff", true)
	}
	return &UniqueViolation{
		Constraint: x.constraint, Label: x.definition.LabelOrType, Keys: x.definition.Properties, Values: list,
		Existing: NodeID(existing), Offending: NodeID(id),
	}
}
