package graph

import (
	"encoding/hex"
	"fmt"

	"github.com/hivellm/nexus/graph/value"
)

// NodeID names a node of one database; ids count from 0, are below 2^48 and are never used again.
type NodeID = value.NodeID

// RelationshipID names a relationship of one database; ids count from 0, are below 2^48 and are never used again.
type RelationshipID = value.RelationshipID

// Label is the interned id of a label, private to one database.
type Label uint32

// Type is the interned id of a relationship type, private to one database.
type Type uint32

// PropertyKey is the interned id of a property key, private to one database.
type PropertyKey uint32

// maxID bounds the ids of nodes and relationships.
const maxID = 1 << 48

// maxIDGap bounds how far a new id may lie above the next one: ids come from blocks, and the paged tables grow with
// the highest id.
const maxIDGap = 1 << 24

// Stamp is the version of a database: the Raft term and the lane's sequence in it. Never rewound, never used again; it
// names a state only together with its database.
type Stamp struct{ Term, Sequence uint64 }

// String returns term.sequence.
func (s Stamp) String() string { return fmt.Sprintf("%d.%d", s.Term, s.Sequence) }

// Digest is the order-independent hash of all live records of a database (PROTOCOL R18), big endian.
type Digest [16]byte

// String returns 32 hexadecimal digits.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// Meta is what is known of a version without looking at it: exact figures, kept incrementally.
type Meta struct {
	Stamp            Stamp
	NextNode         uint64 // above every id ever given to a node
	NextRelationship uint64 // above every id ever given to a relationship
	NextSchema       uint64 // above every id ever given to an index or constraint
	Nodes            uint64
	Relationships    uint64
	Bytes            uint64 // storage bytes (ARCHITECTURE §6)
	Digest           Digest
	SchemaVersion    uint64 // grows with every index or constraint made or dropped
}

// Direction tells which relationships of a node are meant.
type Direction uint8

// The directions, as seen from the node.
const (
	Outgoing Direction = iota
	Incoming
	Both
)

// Relationship is a relationship without its properties.
type Relationship struct {
	Type       Type
	Start, End NodeID
}

// Limits of one database and of one record (PROTOCOL R7).
const (
	MaxPropertyBytes = 1 << 20
	MaxRecordBytes   = 2 << 20
	MaxNames         = 65_536
	MaxNameBytes     = 16 << 10
	MaxSchema        = 1_000 // indexes and constraints together
)
