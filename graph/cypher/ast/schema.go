package ast

// Entity says whether a schema rule is about nodes or relationships.
type Entity uint8

// The entities of a schema rule.
const (
	EntityNode Entity = iota
	EntityRelationship
)

// ConstraintKind is what a constraint demands.
type ConstraintKind uint8

// The kinds of constraint.
const (
	ConstraintUnique  ConstraintKind = iota // IS UNIQUE
	ConstraintNotNull                       // IS NOT NULL
	ConstraintKey                           // IS NODE KEY, IS RELATIONSHIP KEY
)

// Target is what a schema rule is about: `(n:Label)` or `()-[r:TYPE]-()` and the properties in their order.
type Target struct {
	Entity Entity
	// Variable is the name the text uses for the entity.
	Variable *Variable
	// Label is the label or the relationship type.
	Label Name
	// Properties has at least one element.
	Properties []Name
}

// CreateIndex is CREATE [RANGE] INDEX.
type CreateIndex struct {
	Span
	// Name is nil when the text gives none.
	Name        *Name
	IfNotExists bool
	Target      Target
}

// DropIndex is DROP INDEX name.
type DropIndex struct {
	Span
	Name     Name
	IfExists bool
}

// CreateConstraint is CREATE CONSTRAINT.
type CreateConstraint struct {
	Span
	// Name is nil when the text gives none.
	Name        *Name
	IfNotExists bool
	Target      Target
	Kind        ConstraintKind
}

// DropConstraint is DROP CONSTRAINT name.
type DropConstraint struct {
	Span
	Name     Name
	IfExists bool
}

// ShowIndexes is SHOW INDEXES.
type ShowIndexes struct{ Span }

// ShowConstraints is SHOW CONSTRAINTS.
type ShowConstraints struct{ Span }

func (*CreateIndex) statement()      {}
func (*DropIndex) statement()        {}
func (*CreateConstraint) statement() {}
func (*DropConstraint) statement()   {}
func (*ShowIndexes) statement()      {}
func (*ShowConstraints) statement()  {}
