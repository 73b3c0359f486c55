package value

import "slices"

// Equal is Cypher's =, three-valued: null and what contains it may leave the answer Unknown; NaN equals nothing.
// Integers and floats compare by their exact numbers. Values of other kinds that differ are not equal.
func Equal(a, b Value) Ternary {
	switch {
	case a.kind == KindNull || b.kind == KindNull:
		return Unknown
	case a.isNumber() && b.isNumber():
		return TernaryOf(!a.isNaN() && !b.isNaN() && compareNumbers(a, b) == 0)
	case a.kind != b.kind:
		return False
	case a.kind == KindList:
		return equalLists(a.List(), b.List())
	case a.kind == KindMap:
		return equalMaps(a.Map(), b.Map())
	}
	return TernaryOf(compareSameKind(a, b) == 0)
}

func equalLists(a, b []Value) Ternary {
	if len(a) != len(b) {
		return False
	}
	all := True
	for i := range a {
		if all = all.And(Equal(a[i], b[i])); all == False {
			return False
		}
	}
	return all
}

func equalMaps(a, b *Map) Ternary {
	if a.Len() != b.Len() || a.Len() > 0 && !slices.Equal(a.keys, b.keys) {
		return False
	}
	all := True
	for i := range a.Len() {
		if all = all.And(Equal(a.values[i], b.values[i])); all == False {
			return False
		}
	}
	return all
}

// Equivalent is the equality of DISTINCT and of grouping: null is null, NaN is NaN, 1 is 1.0.
func Equivalent(a, b Value) bool {
	if a == b {
		return true
	}
	if a.kind == KindString && b.kind == KindString {
		return a.Str() == b.Str()
	}
	return Compare(a, b) == 0
}
