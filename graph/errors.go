package graph

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hivellm/nexus/graph/value"
)

// ErrBase says that changes were computed on another version than the one they are applied to.
var ErrBase = errors.New("the changes were computed on another version")

// ErrMalformed says that bytes are no operation, record or meta of a known format.
var ErrMalformed = errors.New("malformed")

// ErrBuilding says that a constraint cannot be checked on this node yet, because its index is being built. Another
// attempt may succeed.
var ErrBuilding = errors.New("its index is being built on this node")

// EntityKind tells nodes from relationships.
type EntityKind uint8

// The kinds of entities.
const (
	NodeEntity EntityKind = iota
	RelationshipEntity
)

// String returns NODE or RELATIONSHIP.
func (k EntityKind) String() string {
	if k == RelationshipEntity {
		return "RELATIONSHIP"
	}
	return "NODE"
}

// LimitError says which limit a write would pass. Limit names it: operations, command bytes, property bytes, record
// bytes, labels, relationship types, property keys, name bytes, schema, id gap.
type LimitError struct {
	Limit string
	Max   uint64
	Found uint64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("the limit of %d %s is passed (%d)", e.Max, e.Limit, e.Found)
}

// NotFoundError says that what is to be changed does not exist. What is "node", "relationship", "index" or
// "constraint"; Name is set for the last two.
type NotFoundError struct {
	What string
	ID   uint64
	Name string
}

func (e *NotFoundError) Error() string {
	if e.Name != "" {
		return fmt.Sprintf("no %s named `%s`", e.What, e.Name)
	}
	return fmt.Sprintf("no %s with id %d", e.What, e.ID)
}

// AlreadyExistsError says that an index or constraint of that name, or of that schema, stands already.
type AlreadyExistsError struct {
	What       string // "index" or "constraint": what stands in the way
	Name       string // its name
	SameSchema bool   // the same label or type and properties; else only the name is the same
}

func (e *AlreadyExistsError) Error() string {
	if e.SameSchema {
		return fmt.Sprintf("an equivalent %s exists already: `%s`", e.What, e.Name)
	}
	article := "a"
	if e.What == "index" {
		article = "an"
	}
	return fmt.Sprintf("%s %s named `%s` exists already", article, e.What, e.Name)
}

// OwnedIndexError says that an index belongs to a constraint and goes only with it.
type OwnedIndexError struct{ Index, Constraint string }

func (e *OwnedIndexError) Error() string {
	return fmt.Sprintf("index `%s` belongs to constraint `%s`: drop the constraint", e.Index, e.Constraint)
}

// ConnectedError says that a node still has relationships.
type ConnectedError struct {
	Node          NodeID
	Relationships uint64
}

func (e *ConnectedError) Error() string {
	return fmt.Sprintf("node %d still has %d relationships", e.Node, e.Relationships)
}

// names is where the labels or types of entities of the kind are interned.
func (k EntityKind) names() nameKind {
	if k == RelationshipEntity {
		return typeNames
	}
	return labelNames
}

// entityWords begin an error about an entity: what it is, and what its label or type is called.
var entityWords = [2][2]string{{"node", "label"}, {"relationship", "type"}}

// UniqueViolation says that a write, or the data found by a new constraint, would have two entities with equal values.
type UniqueViolation struct {
	Constraint string
	Entity     EntityKind
	Label      string // or the relationship type
	Keys       []string
	Values     []value.Value
	Existing   NodeID // or the relationship's id
	Offending  NodeID // the second one of the pair
}

func (e *UniqueViolation) Error() string {
	words := entityWords[e.Entity]
	return fmt.Sprintf("%s %d already has %s `%s` with these values of `%s` (constraint `%s`)",
		words[0], e.Existing, words[1], e.Label, strings.Join(e.Keys, "`, `"), e.Constraint)
}

// MissingPropertyError says that an entity has not what an existence or key constraint demands, at the end of a statement
// or when the constraint is made.
type MissingPropertyError struct {
	Constraint string
	Entity     EntityKind
	Over       string // the label or relationship type
	Key        string
	ID         uint64
}

// Error implements error.
func (e *MissingPropertyError) Error() string {
	words := entityWords[e.Entity]
	return fmt.Sprintf("%s %d with %s `%s` must have the property `%s` (constraint `%s`)",
		words[0], e.ID, words[1], e.Over, e.Key, e.Constraint)
}

// PropertyTypeError says that a value cannot be stored in a property.
type PropertyTypeError struct {
	Key string
	Err error
}

func (e *PropertyTypeError) Error() string { return fmt.Sprintf("property `%s`: %v", e.Key, e.Err) }

// Unwrap returns what value.Storable said.
func (e *PropertyTypeError) Unwrap() error { return e.Err }

// UnsupportedError names what this version does not do.
type UnsupportedError struct{ Feature string }

func (e *UnsupportedError) Error() string { return e.Feature + " is not supported" }

// MismatchError says that records and what their meta says of them do not agree.
type MismatchError struct {
	// Said is the digest of the meta record, Found that of the records.
	Said, Found Digest

	What             string
	Stored, Computed string
}

func (e *MismatchError) Error() string {
	return fmt.Sprintf("the stored %s is %s, the records give %s", e.What, e.Stored, e.Computed)
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

// TooLargeError says that a version would take more memory than it may. FoundBytes is what it took when it was given up:
// at least so much it needs.
type TooLargeError struct{ MaxBytes, FoundBytes uint64 }

// Error implements error.
func (e *TooLargeError) Error() string {
	return fmt.Sprintf("it takes at least %d bytes of memory, and %d are allowed", e.FoundBytes, e.MaxBytes)
}
