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

// createIndex makes an index, whose entries count so many bytes: nothing is visited here. One over nothing is whole; any
// other is built by whoever has time. The definition's names are interned, its id is given here.
func (m *mutation) createIndex(d IndexDefinition, bytes uint64) error {
	if err := m.g.checkIndex(&d); err != nil {
		return err
	}
	if err := m.settle(); err != nil {
		return err
	}
	x, err := m.newIndex(d)
	if err != nil {
		return err
	}
	x.bytes = bytes
	if count := m.g.coveredCount(x); m.cold == nil && count > 0 {
		x.progress = newProgress(count)
	}
	if x.whole() && m.cold == nil && bytes != 0 {
		return malformed("index `%s` over nothing counts %d bytes", d.Name, bytes)
	}
	m.putIndex(x)
	m.g.meta.SchemaVersion++
	return nil
}

// createConstraint makes a constraint, with its index where it has one, as createIndex does. That the data keep it was
// decided by the draft.
func (m *mutation) createConstraint(d ConstraintDefinition, bytes uint64) error {
	d.OwnedIndex = ""
	if d.Kind.ownsIndex() {
		if err := m.createIndex(d.index(), bytes); err != nil {
			return err
		}
		d.OwnedIndex = d.Name
	} else if err := m.prepareExists(&d, bytes); err != nil {
		return err
	}
	d.ID = m.g.meta.NextSchema
	d.Properties = slices.Clone(d.Properties)
	m.g.meta.NextSchema++
	m.g.schema.constraints = append(m.g.schema.constraints, d)
	m.countSchema(d.ID, appendConstraintRecord(nil, d), true)
	return m.g.resolveDemands()
}

// prepareExists does for a constraint without an index what createIndex does for the others.
func (m *mutation) prepareExists(d *ConstraintDefinition, bytes uint64) error {
	if err := m.g.checkExists(d); err != nil {
		return err
	}
	if bytes != 0 {
		return malformed("constraint `%s` without an index counts %d bytes", d.Name, bytes)
	}
	if err := m.settle(); err != nil {
		return err
	}
	if _, err := m.intern(d.Entity.names(), d.LabelOrType); err != nil {
		return err
	}
	for _, p := range d.Properties {
		if _, err := m.intern(keyNames, p); err != nil {
			return err
		}
	}
	m.g.schema.own(m.g.token)
	m.g.meta.SchemaVersion++
	return nil
}

// index is the definition of the index that a constraint owns.
func (d *ConstraintDefinition) index() IndexDefinition {
	return IndexDefinition{
		Name: d.Name, Entity: d.Entity, LabelOrType: d.LabelOrType, Properties: d.Properties, OwningConstraint: d.Name,
	}
}

// newIndex interns an index's names and gives it an id.
func (m *mutation) newIndex(d IndexDefinition) (*Index, error) {
	d.ID, d.Properties = m.g.meta.NextSchema, slices.Clone(d.Properties)
	name, err := m.intern(d.Entity.names(), d.LabelOrType)
	if err != nil {
		return nil, err
	}
	x := &Index{token: m.g.token, definition: d, constraint: d.OwningConstraint, name: name}
	for _, p := range d.Properties {
		key, err := m.intern(keyNames, p)
		if err != nil {
			return nil, err
		}
		x.keys = append(x.keys, PropertyKey(key))
	}
	return x, nil
}

// indexOver makes an empty index with the interned ids of its names; false where one of them was never given.
func (g *Graph) indexOver(d IndexDefinition) (*Index, bool) {
	name, known := g.names[d.Entity.names()].id(d.LabelOrType)
	x := &Index{token: g.token, definition: d, constraint: d.OwningConstraint, name: name}
	for _, p := range d.Properties {
		key, found := g.names[keyNames].id(p)
		known = known && found
		x.keys = append(x.keys, PropertyKey(key))
	}
	return x, known
}

// unique returns ids sorted and without doubles.
func unique(ids []uint64) []uint64 {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return slices.Compact(ids)
}

// putIndex adds an index.
func (m *mutation) putIndex(x *Index) {
	m.g.schema.own(m.g.token)
	m.g.schema.indexes = append(m.g.schema.indexes, x)
	m.g.meta.NextSchema++
	m.g.meta.Bytes += x.bytes
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

// dropIndex removes an index that no constraint owns. bytes is what its entries count.
func (m *mutation) dropIndex(name string, bytes uint64) error {
	i := m.g.schema.index(name)
	if i < 0 {
		return &NotFoundError{What: "index", Name: name}
	}
	if owner := m.g.schema.indexes[i].definition.OwningConstraint; owner != "" {
		return &OwnedIndexError{Index: name, Constraint: owner}
	}
	if err := m.removeIndex(i, bytes); err != nil {
		return err
	}
	m.g.meta.SchemaVersion++
	return nil
}

func (m *mutation) removeIndex(i int, bytes uint64) error {
	if err := m.settle(); err != nil {
		return err
	}
	x := m.g.schema.indexes[i]
	if m.cold == nil && bytes != x.bytes || bytes > m.g.meta.Bytes {
		return malformed("the entries of index `%s` count %d bytes, not %d", x.definition.Name, x.bytes, bytes)
	}
	m.g.meta.Bytes -= bytes
	m.g.schema.own(m.g.token)
	m.g.schema.indexes = slices.Delete(m.g.schema.indexes, i, i+1)
	m.countSchema(x.definition.ID, appendIndexRecord(nil, x.definition), false)
	return nil
}

// dropConstraint removes a constraint, and its index where it has one.
func (m *mutation) dropConstraint(name string, bytes uint64) error {
	i := m.g.schema.constraint(name)
	if i < 0 {
		return &NotFoundError{What: "constraint", Name: name}
	}
	d := m.g.schema.constraints[i]
	switch {
	case d.Kind.ownsIndex():
		if err := m.removeIndex(m.g.schema.index(d.OwnedIndex), bytes); err != nil {
			return err
		}
	case bytes != 0:
		return malformed("constraint `%s` without an index counts %d bytes", name, bytes)
	}
	m.g.schema.own(m.g.token)
	m.g.schema.constraints = slices.Delete(m.g.schema.constraints, i, i+1)
	m.countSchema(d.ID, appendConstraintRecord(nil, d), false)
	m.g.meta.SchemaVersion++
	return m.g.resolveDemands()
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
