package fn

import (
	"strings"

	"github.com/hivellm/nexus/graph/value"
)

// Types is a set of value kinds: bit k stands for value.Kind k.
type Types uint32

// Sets of kinds that functions take.
const (
	Boolean       Types = 1 << value.KindBool
	Integer       Types = 1 << value.KindInt
	Float         Types = 1 << value.KindFloat
	Number        Types = Integer | Float
	Text          Types = 1 << value.KindString
	Bytes         Types = 1 << value.KindBytes
	List          Types = 1 << value.KindList
	Map           Types = 1 << value.KindMap
	Node          Types = 1 << value.KindNode
	Relationship  Types = 1 << value.KindRelationship
	Entity        Types = Node | Relationship
	Path          Types = 1 << value.KindPath
	Date          Types = 1 << value.KindDate
	LocalTime     Types = 1 << value.KindLocalTime
	Time          Types = 1 << value.KindTime
	LocalDateTime Types = 1 << value.KindLocalDateTime
	DateTime      Types = 1 << value.KindDateTime
	Temporal      Types = Date | LocalTime | Time | LocalDateTime | DateTime
	Duration      Types = 1 << value.KindDuration
	Point         Types = 1 << value.KindPoint
	Any           Types = 1<<(value.KindPoint+1) - 2
)

// Has tells whether kind k is in the set. Null is in none: how a function takes null is its own affair.
func (t Types) Has(k value.Kind) bool { return t>>k&1 != 0 }

// String lists the kinds: "INTEGER or FLOAT", "STRING, LIST or MAP", "any value".
func (t Types) String() string {
	if t == Any {
		return "any value"
	}
	var names []string
	if t&Temporal == Temporal {
		names = append(names, "a temporal value")
		t &^= Temporal
	}
	for k := value.KindBool; k <= value.KindPoint; k++ {
		if t.Has(k) {
			names = append(names, k.String())
		}
	}
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// Param is one parameter of a function: its name for messages and the kinds it takes.
type Param struct {
	Name  string
	Types Types
}
