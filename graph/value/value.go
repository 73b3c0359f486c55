package value

import (
	"math"
	"unsafe"
)

// Kind is what a Value is.
type Kind uint8

// The kinds.
const (
	KindNull Kind = iota
	KindBool
	KindInt
	KindFloat
	KindString
	KindBytes
	KindList
	KindMap
	KindNode
	KindRelationship
	KindPath
	KindDate
	KindLocalTime
	KindTime
	KindLocalDateTime
	KindDateTime
	KindDuration
	KindPoint
)

var kindNames = [...]string{
	KindNull: "NULL", KindBool: "BOOLEAN", KindInt: "INTEGER", KindFloat: "FLOAT", KindString: "STRING",
	KindBytes: "BYTES", KindList: "LIST", KindMap: "MAP", KindNode: "NODE", KindRelationship: "RELATIONSHIP",
	KindPath: "PATH", KindDate: "DATE", KindLocalTime: "LOCAL TIME", KindTime: "ZONED TIME",
	KindLocalDateTime: "LOCAL DATETIME", KindDateTime: "ZONED DATETIME", KindDuration: "DURATION", KindPoint: "POINT",
}

// String is the kind's name as Cypher's valueType() says it.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "UNKNOWN"
}

// NodeID is the id of a node within its database, below 2^48.
type NodeID uint64

// RelationshipID is the id of a relationship within its database, below 2^48.
type RelationshipID uint64

// Value is one Cypher value: 24 bytes, immutable, without boxing. The zero Value is null.
//
// number holds what fits into 64 bits: a boolean, an integer, a float's bits, an id, packed temporal values, or the
// length of what pointer points at. pointer holds a string's bytes, a list's first element, or a larger value.
type Value struct {
	pointer unsafe.Pointer
	number  uint64
	kind    Kind
}

// Null is the null value.
var Null = Value{}

// Bool makes a boolean.
func Bool(b bool) Value {
	if b {
		return Value{kind: KindBool, number: 1}
	}
	return Value{kind: KindBool}
}

// Int makes an integer.
func Int(n int64) Value { return Value{kind: KindInt, number: uint64(n)} }

// Float makes a float. Every NaN is the same one.
func Float(f float64) Value { return Value{kind: KindFloat, number: floatBits(f)} }

// nanBits are the bits of the one NaN that values hold.
const nanBits = 0x7ff8000000000001

func floatBits(f float64) uint64 {
	if f != f {
		return nanBits
	}
	return math.Float64bits(f)
}

// String makes a string. Its text must be valid UTF-8; who reads from outside checks.
func String(s string) Value {
	return Value{kind: KindString, number: uint64(len(s)), pointer: unsafe.Pointer(unsafe.StringData(s))}
}

// Bytes makes a byte string and takes ownership of b.
func Bytes(b []byte) Value {
	return Value{kind: KindBytes, number: uint64(len(b)), pointer: unsafe.Pointer(unsafe.SliceData(b))}
}

// List makes a list and takes ownership of items.
func List(items []Value) Value {
	return Value{kind: KindList, number: uint64(len(items)), pointer: unsafe.Pointer(unsafe.SliceData(items))}
}

// MapOf makes a map value; nil is the empty map.
func MapOf(m *Map) Value { return Value{kind: KindMap, pointer: unsafe.Pointer(m)} }

// Node makes a node: its id, to be read in the version of the graph it came from.
func Node(id NodeID) Value { return Value{kind: KindNode, number: uint64(id)} }

// Relationship makes a relationship: its id, to be read in the version of the graph it came from.
func Relationship(id RelationshipID) Value {
	return Value{kind: KindRelationship, number: uint64(id)}
}

// Path is an alternating sequence of nodes and relationships: one more node than relationships. Immutable once a Value.
type Path struct {
	Nodes         []NodeID
	Relationships []RelationshipID
}

// PathOf makes a path and takes ownership of p.
func PathOf(p *Path) Value { return Value{kind: KindPath, pointer: unsafe.Pointer(p)} }

// Kind returns what the value is.
func (v Value) Kind() Kind { return v.kind }

// IsNull tells whether the value is null.
func (v Value) IsNull() bool { return v.kind == KindNull }

// Bool returns a boolean's truth. Like its siblings it panics on another kind: callers look at Kind first.
func (v Value) Bool() bool {
	v.must(KindBool)
	return v.number != 0
}

// Int returns an integer's number.
func (v Value) Int() int64 {
	v.must(KindInt)
	return int64(v.number)
}

// Float returns a float's number.
func (v Value) Float() float64 {
	v.must(KindFloat)
	return math.Float64frombits(v.number)
}

// Number returns an integer's or float's number as a float; false for other kinds. Integers beyond 2^53 are rounded.
func (v Value) Number() (float64, bool) {
	switch v.kind {
	case KindInt:
		return float64(int64(v.number)), true
	case KindFloat:
		return math.Float64frombits(v.number), true
	}
	return 0, false
}

// Str returns a string's text.
func (v Value) Str() string {
	v.must(KindString)
	return unsafe.String((*byte)(v.pointer), int(v.number))
}

// Bytes returns a byte string; it must not be changed.
func (v Value) Bytes() []byte {
	v.must(KindBytes)
	return unsafe.Slice((*byte)(v.pointer), int(v.number))
}

// List returns a list's items; they must not be changed.
func (v Value) List() []Value {
	v.must(KindList)
	return unsafe.Slice((*Value)(v.pointer), int(v.number))
}

// Map returns a map; nil is the empty map, whose methods work.
func (v Value) Map() *Map {
	v.must(KindMap)
	return (*Map)(v.pointer)
}

// NodeID returns a node's id.
func (v Value) NodeID() NodeID {
	v.must(KindNode)
	return NodeID(v.number)
}

// RelationshipID returns a relationship's id.
func (v Value) RelationshipID() RelationshipID {
	v.must(KindRelationship)
	return RelationshipID(v.number)
}

// Path returns a path; it must not be changed.
func (v Value) Path() *Path {
	v.must(KindPath)
	return (*Path)(v.pointer)
}

func (v Value) must(k Kind) {
	if v.kind != k {
		panic("graph/value: a " + v.kind.String() + " read as a " + k.String())
	}
}
