package graph

import (
	"strings"

	"github.com/hivellm/nexus/graph/value"
	"github.com/hivellm/nexus/scripts/planted"
)

// Bound is one end of a range.
type Bound struct {
	Value     value.Value
	Inclusive bool
}

// Seek walks the nodes whose first properties equal values (one to all of the index's), ascending by id where all are
// given, else in the order of the values that follow. Values that equal nothing, null and NaN, find nothing.
func (x *Index) Seek(values []value.Value) NodeCursor { return NodeCursor{x.seek(values)} }

// SeekRelationships is Seek for an index of relationships.
func (x *Index) SeekRelationships(values []value.Value) RelationshipCursor {
	return RelationshipCursor{x.seek(values)}
}

// Range walks the nodes whose first properties equal prefix and whose next one lies within the bounds, in the order of
// the values of all properties or, descending, backwards; those with equal values ascend by id either way. With a bound
// only values of its own comparability class are found; with none, all.
func (x *Index) Range(prefix []value.Value, from, to *Bound, descending bool) NodeCursor {
	return NodeCursor{x.span(prefix, from, to, descending)}
}

// RangeRelationships is Range for an index of relationships.
func (x *Index) RangeRelationships(prefix []value.Value, from, to *Bound, descending bool) RelationshipCursor {
	return RelationshipCursor{x.span(prefix, from, to, descending)}
}

// StartsWith walks the nodes whose first properties equal prefix and whose next one is a text that begins with the given
// one, in the order that Range has.
func (x *Index) StartsWith(prefix []value.Value, text string, descending bool) NodeCursor {
	return NodeCursor{x.texts(prefix, text, descending)}
}

// StartsWithRelationships is StartsWith for an index of relationships.
func (x *Index) StartsWithRelationships(prefix []value.Value, text string, descending bool) RelationshipCursor {
	return RelationshipCursor{x.texts(prefix, text, descending)}
}

// appendSought appends the key of values that entries begin with; false where one of them equals nothing.
func appendSought(key []byte, values []value.Value) ([]byte, bool) {
	for _, v := range values {
		if value.Equal(v, v) != value.True {
			return nil, false
		}
		key = value.AppendOrdered(key, v)
	}
	return key, true
}

func (x *Index) seek(values []value.Value) idCursor {
	var buffer [64]byte
	key, ok := appendSought(buffer[:0], values)
	if !ok {
		return idCursor{}
	}
	prefix := string(key)
	walk := x.entries.from(prefix)
	found := walk.leaf != nil && strings.HasPrefix(walk.leaf.keys[walk.at], prefix)
	if x.reads != nil {
		x.reads.span(x, prefix, prefix+"\xff", found)
	}
	if !found {
		return idCursor{}
	}
	return idCursor{entries: &entryCursor{walk: walk, prefix: prefix}}
}

func (x *Index) span(prefix []value.Value, from, to *Bound, descending bool) idCursor {
	base, ok := appendSought(nil, prefix)
	if !ok {
		return idCursor{}
	}
	low, high, ok := bounds(base, from, to)
	if !ok {
		return idCursor{}
	}
	return x.between(low, high, descending)
}

func (x *Index) texts(prefix []value.Value, text string, descending bool) idCursor {
	base, ok := appendSought(nil, prefix)
	if !ok {
		return idCursor{}
	}
	key := value.AppendOrdered(base, value.String(text))
	key = key[:len(key)-orderedEnd]
	low, high := string(key), successor(key)
	if planted.On("prefix-bound-short") {
		high = low + "{" // after the letters of ASCII
	}
	return x.between(low, high, descending)
}

// orderedEnd is the length of what ends a text's ordered key: without it the key begins those of all texts that begin so.
const orderedEnd = 2

// successor is the least key above all that begin with a key. It ends the key's last byte that can be raised: the first is
// that of a kind, which always can.
func successor(key []byte) string {
	for i := len(key) - 1; ; i-- {
		if key[i] != 0xff {
			return string(key[:i]) + string([]byte{key[i] + 1})
		}
	}
}

// between walks the entries whose keys lie in [low, high).
func (x *Index) between(low, high string, descending bool) idCursor {
	if x.reads != nil {
		x.reads.span(x, low, high, true)
	}
	c := &entryCursor{from: low, to: high, descending: descending}
	if descending {
		c.walk = x.entries.below(high)
	} else {
		c.walk = x.entries.from(low)
	}
	return idCursor{entries: c}
}

// above sorts after every entry that begins with what it is appended to: ids and the next value never begin so.
const above = 0xff

// bounds returns the half-open range of entry keys; false where it is empty whatever the entries.
func bounds(base []byte, from, to *Bound) (low, high string, ok bool) {
	low, high = string(base), string(base)+"\xff"
	if from == nil && to == nil {
		return low, high, true
	}
	class := byte(0)
	if from != nil {
		if value.Equal(from.Value, from.Value) != value.True {
			return "", "", false
		}
		key := value.AppendOrdered(base[:len(base):len(base)], from.Value)
		class = key[len(base)]
		if !from.Inclusive {
			key = append(key, above)
		}
		low = string(key)
		high = string(append(base[:len(base):len(base)], class+1))
	}
	if to != nil {
		if value.Equal(to.Value, to.Value) != value.True {
			return "", "", false
		}
		key := value.AppendOrdered(base[:len(base):len(base)], to.Value)
		if from != nil && key[len(base)] != class {
			return "", "", false
		}
		if from == nil {
			low = string(key[:len(base)+1])
		}
		if to.Inclusive {
			key = append(key, above)
		}
		high = string(key)
	}
	return low, high, low < high
}
