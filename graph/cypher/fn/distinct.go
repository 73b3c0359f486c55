package fn

import "github.com/hivellm/nexus/graph/value"

// distinctEntryBytes is about what one entry of a set costs beside its value.
const distinctEntryBytes = 64

// distinctSet holds values, one of each class of value.Equivalent.
type distinctSet struct {
	first map[uint64]value.Value
	// more holds values whose hash another value had before them.
	more  map[uint64][]value.Value
	bytes int64
}

// add tells whether v is new, and keeps it then.
func (s *distinctSet) add(v value.Value) bool {
	if s.first == nil {
		s.first = map[uint64]value.Value{}
	}
	h := value.Hash(v, 0)
	known, taken := s.first[h]
	if !taken {
		s.first[h] = v
		s.bytes += distinctEntryBytes + sizeOf(v)
		return true
	}
	if value.Equivalent(known, v) {
		return false
	}
	for _, other := range s.more[h] {
		if value.Equivalent(other, v) {
			return false
		}
	}
	if s.more == nil {
		s.more = map[uint64][]value.Value{}
	}
	s.more[h] = append(s.more[h], v)
	s.bytes += distinctEntryBytes + sizeOf(v)
	return true
}

// valueBytes is what a Value takes by itself.
const valueBytes = 24

// sizeOf is about how many bytes v holds in memory.
func sizeOf(v value.Value) int64 {
	switch v.Kind() {
	case value.KindString, value.KindBytes, value.KindList, value.KindMap, value.KindPath:
		return valueBytes + int64(value.EncodedLen(v))
	default:
		return valueBytes
	}
}
