package graph

import (
	"slices"

	"github.com/hivellm/nexus/graph/value"
)

// IndexState tells whether an index can be used.
type IndexState uint8

// The states of an index, on this node. An index over data that is there already is built in the background; one over
// nothing, or of a database that was loaded, is whole at once.
const (
	IndexOnline IndexState = iota
	IndexBuilding
)

// String returns Neo4j's word for the state.
func (s IndexState) String() string {
	if s == IndexBuilding {
		return "POPULATING"
	}
	return "ONLINE"
}

// IndexDefinition describes a range index over one or more properties of the nodes with one label, or of the
// relationships of one type. Entities that lack one of the properties are not in it.
type IndexDefinition struct {
	ID               uint64 // given by the draft
	Name             string // made up by the draft where empty
	Entity           EntityKind
	LabelOrType      string
	Properties       []string // in the order of the index
	OwningConstraint string
	State            IndexState
	Percent          float64 // how much of it is built, 0 to 100
}

// ConstraintKind tells what a constraint demands.
type ConstraintKind uint8

// The kinds of constraints. Their numbers are those of records and operations.
const (
	Unique ConstraintKind = iota // no two entities have equal values
	Exists                       // every entity has the one property
	Key                          // both, over one or more properties
)

// ConstraintDefinition describes a constraint. One of kind Unique or Key owns the index of the same name.
type ConstraintDefinition struct {
	ID          uint64
	Name        string
	Kind        ConstraintKind
	Entity      EntityKind
	LabelOrType string
	Properties  []string
	OwnedIndex  string
}

// Type is the constraint's type in Neo4j's words.
func (d *ConstraintDefinition) Type() string {
	return constraintTypes[d.Entity][d.Kind]
}

// constraintTypes are Neo4j's words, by entity and kind.
var constraintTypes = [2][3]string{
	{"UNIQUENESS", "NODE_PROPERTY_EXISTENCE", "NODE_KEY"},
	{"RELATIONSHIP_UNIQUENESS", "RELATIONSHIP_PROPERTY_EXISTENCE", "RELATIONSHIP_KEY"},
}

// ownsIndex tells whether constraints of a kind have an index.
func (k ConstraintKind) ownsIndex() bool { return k != Exists }

// schema holds the indexes and constraints of a version, each by ascending id.
type schema struct {
	token       uint64
	indexes     []*Index
	constraints []ConstraintDefinition
	demands     []demand // follow from constraints; replaced whole, never written in place
}

// own prepares the schema's slices for writing by token.
func (s *schema) own(token uint64) {
	if s.token != token {
		s.token = token
		s.indexes = slices.Clone(s.indexes)
		s.constraints = slices.Clone(s.constraints)
	}
}

// ownIndex returns index i for writing by token.
func (s *schema) ownIndex(i int, token uint64) *Index {
	s.own(token)
	if x := s.indexes[i]; x.token != token {
		owned := *x
		owned.token = token
		s.indexes[i] = &owned
	}
	return s.indexes[i]
}

func (s *schema) index(name string) int {
	return slices.IndexFunc(s.indexes, func(x *Index) bool { return x.definition.Name == name })
}

func (s *schema) constraint(name string) int {
	return slices.IndexFunc(s.constraints, func(c ConstraintDefinition) bool { return c.Name == name })
}

// Indexes returns the definitions of all indexes, by id, with the state that each has on this node at the moment.
func (g *Graph) Indexes() []IndexDefinition {
	list := make([]IndexDefinition, len(g.schema.indexes))
	for i, x := range g.schema.indexes {
		list[i] = x.definition
		list[i].Properties = slices.Clone(list[i].Properties)
		list[i].State, list[i].Percent = x.state()
	}
	return list
}

// Constraints returns all constraints, by id.
func (g *Graph) Constraints() []ConstraintDefinition {
	list := slices.Clone(g.schema.constraints)
	for i := range list {
		list[i].Properties = slices.Clone(list[i].Properties)
	}
	return list
}

// Index returns the index of a name, if it is whole.
func (g *Graph) Index(name string) (*Index, bool) {
	if i := g.schema.index(name); i >= 0 && g.schema.indexes[i].whole() {
		return g.handOut(g.schema.indexes[i]), true
	}
	return nil, false
}

// NodeIndex returns the index over exactly these properties, in this order, of the nodes with a label, if it
// is whole.
func (g *Graph) NodeIndex(l Label, keys []PropertyKey) (*Index, bool) {
	return g.findIndex(NodeEntity, uint32(l), keys)
}

// RelationshipIndex returns the index over exactly these properties, in this order, of the relationships of a type,
// if it is whole.
func (g *Graph) RelationshipIndex(t Type, keys []PropertyKey) (*Index, bool) {
	return g.findIndex(RelationshipEntity, uint32(t), keys)
}

func (g *Graph) findIndex(entity EntityKind, name uint32, keys []PropertyKey) (*Index, bool) {
	for _, x := range g.schema.indexes {
		if x.definition.Entity == entity && x.name == name && x.whole() && slices.Equal(x.keys, keys) {
			return g.handOut(x), true
		}
	}
	return nil, false
}

// handOut returns an index as the version's readers get it.
func (g *Graph) handOut(x *Index) *Index {
	if g.reads == nil {
		return x
	}
	return x.tracked(g.reads)
}

// The first item of a schema record tells what it describes.
const (
	schemaIndex      = 0
	schemaConstraint = 1
)

// appendIndexRecord writes the record of an index (docs/specs/records.md).
func appendIndexRecord(dst []byte, d IndexDefinition) []byte {
	return appendSchemaRecord(dst, schemaIndex, 0, d.Name, d.Entity, d.LabelOrType, d.Properties, d.OwningConstraint)
}

// appendConstraintRecord writes the record of a constraint.
func appendConstraintRecord(dst []byte, d ConstraintDefinition) []byte {
	return appendSchemaRecord(dst, schemaConstraint, d.Kind, d.Name, d.Entity, d.LabelOrType, d.Properties, d.OwnedIndex)
}

func appendSchemaRecord(dst []byte, what byte, kind ConstraintKind, name string, entity EntityKind, over string, properties []string, partner string) []byte {
	dst = append(dst, recordFormat, 0x97, what, byte(kind))
	dst = append(value.AppendEncodedString(dst, name), byte(entity))
	dst = appendArray(value.AppendEncodedString(dst, over), len(properties))
	for _, p := range properties {
		dst = value.AppendEncodedString(dst, p)
	}
	return value.AppendEncodedString(dst, partner)
}

// decodeSchemaRecord reads bytes of outside; exactly one of both results is set.
func decodeSchemaRecord(id uint64, record []byte) (*IndexDefinition, *ConstraintDefinition, error) {
	r := frameReader{rest: record}
	format, shape, what, kind := r.byte(), r.byte(), r.byte(), r.byte()
	name, entity, over := r.text(), r.byte(), r.text()
	properties := make([]string, r.array())
	for i := range properties {
		properties[i] = r.text()
	}
	partner := r.text()
	if r.bad || len(r.rest) > 0 || format != recordFormat || shape != 0x97 || what > schemaConstraint ||
		kind > byte(Key) || entity > byte(RelationshipEntity) || len(properties) == 0 {
		return nil, nil, malformed("schema record %d", id)
	}
	if what == schemaIndex {
		return &IndexDefinition{ID: id, Name: name, Entity: EntityKind(entity), LabelOrType: over, Properties: properties, OwningConstraint: partner}, nil, nil
	}
	return nil, &ConstraintDefinition{id, name, ConstraintKind(kind), EntityKind(entity), over, properties, partner}, nil
}
