package graph

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"github.com/hivellm/nexus/graph/value"
)

// schemaKeyBytes is the length of a schema record's key without tenant and database.
const schemaKeyBytes = entityKeyBytes

// createIndex makes an index and fills it. The definition's names are interned, its id is given here.
func (m *mutation) createIndex(d IndexDefinition) (IndexDefinition, error) {
	if err := m.checkSchema(d.Name, d.Entity, d.LabelOrType, d.Properties); err != nil {
		return d, err
	}
	if err := m.settle(); err != nil {
		return d, err
	}
	x, err := m.newIndex(d, "")
	if err != nil {
		return d, err
	}
	bytes, err := m.fill(x)
	if err != nil {
		return d, err
	}
	m.putIndex(x, bytes)
	m.g.meta.SchemaVersion++
	return x.definition, nil
}

// createConstraint makes a uniqueness constraint with its index, or refuses with the first offending pair.
func (m *mutation) createConstraint(d ConstraintDefinition) (ConstraintDefinition, error) {
	if d.Kind != Unique {
		return d, &UnsupportedError{Feature: d.Kind.String()}
	}
	if err := m.checkSchema(d.Name, d.Entity, d.LabelOrType, d.Properties); err != nil {
		return d, err
	}
	if err := m.settle(); err != nil {
		return d, err
	}
	x, err := m.newIndex(IndexDefinition{Name: d.Name, Entity: d.Entity, LabelOrType: d.LabelOrType, Properties: d.Properties, OwningConstraint: d.Name}, d.Name)
	if err != nil {
		return d, err
	}
	bytes, err := m.fill(x)
	if err != nil {
		return d, err
	}
	m.putIndex(x, bytes)
	d.ID, d.OwnedIndex = m.g.meta.NextSchema, d.Name
	d.Properties = slices.Clone(d.Properties)
	m.g.meta.NextSchema++
	m.g.schema.constraints = append(m.g.schema.constraints, d)
	m.countSchema(d.ID, appendConstraintRecord(nil, d), true)
	m.g.meta.SchemaVersion++
	return d, nil
}

// checkSchema refuses a definition that is malformed or stands already.
func (m *mutation) checkSchema(name string, entity EntityKind, over string, properties []string) error {
	if name == "" || over == "" || len(properties) == 0 || slices.Contains(properties, "") {
		return malformed("an index or constraint without name, label or property")
	}
	s := &m.g.schema
	if n := len(s.indexes) + len(s.constraints); n >= MaxSchema-1 {
		return &LimitError{Limit: "indexes and constraints", Max: MaxSchema, Found: uint64(n + 2)}
	}
	for _, x := range s.indexes {
		d := &x.definition
		what := "index"
		if d.OwningConstraint != "" {
			what = "constraint"
		}
		if d.Entity == entity && d.LabelOrType == over && slices.Equal(d.Properties, properties) {
			return &AlreadyExistsError{What: what, Name: d.Name, SameSchema: true}
		}
		if d.Name == name {
			return &AlreadyExistsError{What: what, Name: name}
		}
	}
	return nil
}

// newIndex interns an index's names and gives it an id.
func (m *mutation) newIndex(d IndexDefinition, constraint string) (*Index, error) {
	d.ID, d.Properties = m.g.meta.NextSchema, slices.Clone(d.Properties)
	kind := labelNames
	if d.Entity == RelationshipEntity {
		kind = typeNames
	}
	name, err := m.intern(kind, d.LabelOrType)
	if err != nil {
		return nil, err
	}
	x := &Index{token: m.g.token, definition: d, constraint: constraint, name: name}
	for _, p := range d.Properties {
		key, err := m.intern(keyNames, p)
		if err != nil {
			return nil, err
		}
		x.keys = append(x.keys, PropertyKey(key))
	}
	return x, nil
}

// fill puts every entity it covers into a new index, unless the database is cold, and returns what they count.
func (m *mutation) fill(x *Index) (bytes uint64, err error) {
	err = m.eachCovered(x, func(id uint64, properties []byte) error {
		size := x.entryBytes(properties)
		if size == 0 {
			return nil
		}
		bytes += size
		if m.cold != nil {
			return nil
		}
		if x.constraint != "" {
			if err := m.checkEntry(x, id, properties); err != nil {
				return err
			}
		}
		m.values, _, _ = x.appendEntry(m.values[:0], properties)
		x.add(m.values, id, m.g.token)
		return nil
	})
	return bytes, err
}

// eachCovered visits the entities that an index covers, with their properties.
func (m *mutation) eachCovered(x *Index, fn func(id uint64, properties []byte) error) error {
	node := func(id NodeID, record []byte) error { return fn(uint64(id), nodeProperties(record)) }
	relationship := func(id RelationshipID, properties []byte) error { return fn(uint64(id), properties) }
	if x.definition.Entity == NodeEntity {
		if m.cold != nil {
			return m.cold.eachNode(m.g, unique(m.log.nodes), Label(x.name), node)
		}
		c := m.g.NodesWithLabel(Label(x.name))
		for id, ok := c.Next(); ok; id, ok = c.Next() {
			if err := node(id, m.g.nodeRecord(id)); err != nil {
				return err
			}
		}
		return nil
	}
	if m.cold != nil {
		return m.cold.eachRelationship(m.g, unique(m.log.relationships), Type(x.name), relationship)
	}
	c := m.g.RelationshipsOfType(Type(x.name))
	for id, ok := c.Next(); ok; id, ok = c.Next() {
		if err := relationship(id, m.g.relationshipProperties(id)); err != nil {
			return err
		}
	}
	return nil
}

// unique returns ids sorted and without doubles.
func unique(ids []uint64) []uint64 {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return slices.Compact(ids)
}

// putIndex adds an index that is whole.
func (m *mutation) putIndex(x *Index, bytes uint64) {
	m.g.schema.own(m.g.token)
	m.g.schema.indexes = append(m.g.schema.indexes, x)
	m.g.meta.NextSchema++
	m.g.meta.Bytes += bytes
	m.countSchema(x.definition.ID, appendIndexRecord(nil, x.definition), true)
}

// countSchema moves bytes and digest by a schema record.
func (m *mutation) countSchema(id uint64, record []byte, added bool) {
	meta := &m.g.meta
	if m.log != nil {
		m.log.schema = append(m.log.schema, id)
	}
	size, digest := uint64(schemaKeyBytes+len(record)), m.digests.schema(id, record)
	if added {
		meta.Bytes += size
		meta.Digest = meta.Digest.add(digest)
		return
	}
	meta.Bytes -= size
	meta.Digest = meta.Digest.subtract(digest)
}

// dropIndex removes an index that no constraint owns.
func (m *mutation) dropIndex(name string) error {
	i := m.g.schema.index(name)
	if i < 0 {
		return &NotFoundError{What: "index", Name: name}
	}
	if owner := m.g.schema.indexes[i].definition.OwningConstraint; owner != "" {
		return &OwnedIndexError{Index: name, Constraint: owner}
	}
	if err := m.removeIndex(i); err != nil {
		return err
	}
	m.g.meta.SchemaVersion++
	return nil
}

func (m *mutation) removeIndex(i int) error {
	if err := m.settle(); err != nil {
		return err
	}
	x := m.g.schema.indexes[i]
	bytes := uint64(0)
	err := m.eachCovered(x, func(_ uint64, properties []byte) error {
		bytes += x.entryBytes(properties)
		return nil
	})
	if err != nil {
		return err
	}
	m.g.meta.Bytes -= bytes
	m.g.schema.own(m.g.token)
	m.g.schema.indexes = slices.Delete(m.g.schema.indexes, i, i+1)
	m.countSchema(x.definition.ID, appendIndexRecord(nil, x.definition), false)
	return nil
}

// dropConstraint removes a constraint and its index.
func (m *mutation) dropConstraint(name string) error {
	i := m.g.schema.constraint(name)
	if i < 0 {
		return &NotFoundError{What: "constraint", Name: name}
	}
	d := m.g.schema.constraints[i]
	if err := m.removeIndex(m.g.schema.index(d.OwnedIndex)); err != nil {
		return err
	}
	m.g.schema.constraints = slices.Delete(m.g.schema.constraints, i, i+1)
	m.countSchema(d.ID, appendConstraintRecord(nil, d), false)
	m.g.meta.SchemaVersion++
	return nil
}

// schemaRecord returns the record of an index or constraint, nil where there is none.
func (g *Graph) schemaRecord(id uint64) []byte {
	for _, x := range g.schema.indexes {
		if x.definition.ID == id {
			return appendIndexRecord(nil, x.definition)
		}
	}
	for _, c := range g.schema.constraints {
		if c.ID == id {
			return appendConstraintRecord(nil, c)
		}
	}
	return nil
}

// madeUpName gives an index or constraint without a name one that follows from what it covers.
func madeUpName(what string, entity EntityKind, over string, properties []string) string {
	h := fnv.New32a()
	h.Write(value.AppendEncodedString([]byte(entity.String()), over))
	h.Write([]byte(strings.Join(properties, "\x00")))
	return fmt.Sprintf("%s_%08x", what, h.Sum32())
}
