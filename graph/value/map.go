package value

import (
	"slices"
	"sort"
	"strings"
)

// Map is an immutable map from names to values, sorted by the names' UTF-8 bytes. The nil Map is empty.
type Map struct {
	keys   []string
	values []Value
}

// NewMap makes a map and takes ownership of both slices, which have the same length. Of equal keys the last wins.
func NewMap(keys []string, values []Value) *Map {
	if len(keys) != len(values) {
		panic("graph/value: a map with more keys than values, or fewer")
	}
	m := &Map{keys: keys, values: values}
	if slices.IsSortedFunc(keys, strings.Compare) && !hasEqualNeighbours(keys) {
		return m
	}
	sort.Stable(byKey{m})
	m.dropEarlier()
	return m
}

// Len returns how many entries the map has.
func (m *Map) Len() int {
	if m == nil {
		return 0
	}
	return len(m.keys)
}

// At returns the entry at place i of the order.
func (m *Map) At(i int) (key string, v Value) { return m.keys[i], m.values[i] }

// Lookup finds a key's value.
func (m *Map) Lookup(key string) (Value, bool) {
	if m == nil {
		return Null, false
	}
	i, ok := slices.BinarySearch(m.keys, key)
	if !ok {
		return Null, false
	}
	return m.values[i], true
}

// dropEarlier keeps the last of each run of equal keys.
func (m *Map) dropEarlier() {
	kept := 0
	for i := range m.keys {
		if i+1 < len(m.keys) && m.keys[i+1] == m.keys[i] {
			continue
		}
		m.keys[kept], m.values[kept] = m.keys[i], m.values[i]
		kept++
	}
	m.keys, m.values = m.keys[:kept], m.values[:kept]
}

func hasEqualNeighbours(sorted []string) bool {
	for i := 1; i < len(sorted); i++ {
		if sorted[i] == sorted[i-1] {
			return true
		}
	}
	return false
}

type byKey struct{ *Map }

func (b byKey) Less(i, j int) bool { return b.keys[i] < b.keys[j] }
func (b byKey) Swap(i, j int) {
	b.keys[i], b.keys[j] = b.keys[j], b.keys[i]
	b.values[i], b.values[j] = b.values[j], b.values[i]
}

// fewEntries is what room is made for at first.
const fewEntries = 4

// MapBuilder gathers entries of a map.
type MapBuilder struct {
	keys   []string
	values []Value
}

// Set adds an entry; of equal keys the last wins.
func (b *MapBuilder) Set(key string, v Value) {
	if b.keys == nil {
		b.keys, b.values = make([]string, 0, fewEntries), make([]Value, 0, fewEntries)
	}
	b.keys = append(b.keys, key)
	b.values = append(b.values, v)
}

// Len returns how many entries were added.
func (b *MapBuilder) Len() int { return len(b.keys) }

// Map makes the map and empties the builder.
func (b *MapBuilder) Map() *Map {
	m := NewMap(b.keys, b.values)
	b.keys, b.values = nil, nil
	return m
}
