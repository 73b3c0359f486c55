package bind

import "github.com/hivellm/nexus/graph/cypher/fn"

// Type is what is known of a value before it exists: the kinds it may have beside null. No kind at all is null itself.
type Type struct {
	Kinds fn.Types
	// Element is what is known of a list's elements, nil when nothing is.
	Element *Type
}

// AnyType is a value of which nothing is known.
var AnyType = Type{Kinds: fn.Any}

func kinds(k fn.Types) Type { return Type{Kinds: k} }

func listOf(element Type) Type { return Type{Kinds: fn.List, Element: &element} }

// can tells whether the value may be of one of the kinds, or null.
func (t Type) can(k fn.Types) bool { return t.Kinds == 0 || t.Kinds&k != 0 }

// is tells whether the value is surely of one of the kinds, or null.
func (t Type) is(k fn.Types) bool { return t.Kinds&^k == 0 }

// element is what is known of the elements of a list.
func (t Type) element() Type {
	if t.Element == nil || t.Kinds != fn.List {
		return AnyType
	}
	return *t.Element
}

// join is what is known of a value that is one of two.
func join(a, b Type) Type {
	joined := Type{Kinds: a.Kinds | b.Kinds}
	switch {
	case joined.Kinds != fn.List:
	case a.Kinds == 0:
		joined.Element = b.Element
	case b.Kinds == 0:
		joined.Element = a.Element
	case a.Element != nil && b.Element != nil:
		element := join(*a.Element, *b.Element)
		joined.Element = &element
	}
	return joined
}
