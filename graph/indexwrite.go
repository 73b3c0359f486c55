package graph

import (
	"bytes"
	"fmt"

	"github.com/hivellm/nexus/graph/value"
)

// moveEntry brings an entity's entry in index i, and what entries count, from its old properties to its new ones. covered
// tells whether the index covers the entity at all. Of an index that is being built only the count moves: its build looks
// at what was written meanwhile.
func (m *mutation) moveEntry(i int, id uint64, had []byte, wasCovered bool, has []byte, covered bool) {
	if !wasCovered && !covered {
		return
	}
	x := m.g.schema.indexes[i]
	if !x.whole() {
		before, after := x.coveredBytes(had, wasCovered), x.coveredBytes(has, covered)
		if before != after {
			m.g.schema.ownIndex(i, m.g.token).bytes += after - before
		}
		return
	}
	m.move(x, func() *Index { return m.g.schema.ownIndex(i, m.g.token) }, m.g.token, id, had, wasCovered, has, covered)
}

// move is moveEntry of an index that has its entries; own is asked for the index to write where something moves.
func (m *mutation) move(x *Index, own func() *Index, token, id uint64, had []byte, wasCovered bool, has []byte, covered bool) {
	var before, after uint64
	var was, is bool
	if wasCovered {
		if m.others, before, was = x.appendEntry(m.others[:0], had); !was {
			before = 0
		}
	}
	if covered {
		if m.values, after, is = x.appendEntry(m.values[:0], has); !is {
			after = 0
		}
	}
	same := was == is && (!is || bytes.Equal(m.others, m.values))
	if same && before == after {
		return
	}
	owned := own()
	owned.bytes += after - before
	if same {
		return
	}
	if was {
		owned.remove(m.others, id, token)
	}
	if is {
		owned.add(m.values, id, token)
	}
}

// coveredBytes returns what an entity's entry counts for storage, 0 where it has none.
func (x *Index) coveredBytes(properties []byte, covered bool) uint64 {
	if !covered {
		return 0
	}
	return x.entryBytes(properties)
}

// checkNode tells whether a node's new record breaks the uniqueness that constraints demand, and notes one that lacks a
// property which they demand.
func (m *mutation) checkNode(id NodeID, old, record []byte) error {
	if record == nil {
		return nil
	}
	for _, x := range m.g.schema.indexes {
		if x.constraint != "" && x.coversNode(record) {
			if err := m.checkEntry(x, uint64(id), nodeProperties(record)); err != nil {
				return err
			}
		}
	}
	m.suspectNode(id, old, record)
	return nil
}

func (m *mutation) checkRelationship(id RelationshipID, t Type, properties []byte) error {
	for _, x := range m.g.schema.indexes {
		if x.constraint != "" && x.coversType(t) {
			if err := m.checkEntry(x, uint64(id), properties); err != nil {
				return err
			}
		}
	}
	m.suspectRelationship(id, t, properties)
	return nil
}

// checkEntry tells whether an entity's values are another's already. Values that equal nothing, NaN, are nobody's. While
// the index is being built on this node the log is played without a check, for the draft that made it has checked; a
// draft, which decides, refuses.
func (m *mutation) checkEntry(x *Index, id uint64, properties []byte) error {
	if !x.whole() {
		if m.decides {
			return fmt.Errorf("constraint `%s`: %w", x.constraint, ErrBuilding)
		}
		return nil
	}
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
		Constraint: x.constraint, Entity: x.definition.Entity, Label: x.definition.LabelOrType, Keys: x.definition.Properties, Values: list,
		Existing: NodeID(existing), Offending: NodeID(id),
	}
}
