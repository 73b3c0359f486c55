package graph

import (
	"encoding/binary"
	"strings"

	"github.com/hivellm/nexus/graph/value"
)

// indexEntryBytes is what an index entry counts for storage, besides its values' encoded length (ARCHITECTURE §6).
const indexEntryBytes = 16

// entryIDBytes is what the id takes at the end of an entry's key.
const entryIDBytes = 8

// Index is a range index of one version: entries sorted by their values, then by id. Immutable like its version. What a
// version hands out is whole: one that is being built stands in the schema only.
type Index struct {
	token      uint64
	definition IndexDefinition
	constraint string // the uniqueness constraint it serves, "" for none
	name       uint32 // the interned label or type
	keys       []PropertyKey
	entries    tree[string, struct{}]
	distinct   uint64
	// bytes is what the entries count for storage, those that are not built yet included.
	bytes uint64
	// progress is of the build that is due or under way; nil once the index is whole.
	progress *progress
	// reads notes what is read of an index of a tracked version; nil for all others, and in every schema.
	reads *ReadSet
}

// Definition describes the index. Its Properties must not be changed.
func (x *Index) Definition() IndexDefinition { return x.definition }

// IsUnique tells whether no two entities have equal values.
func (x *Index) IsUnique() bool { return x.constraint != "" }

// Len returns how many entities are in it.
func (x *Index) Len() uint64 { return x.entries.size }

// DistinctEstimate returns how many different combinations of values it holds; this version counts exactly.
func (x *Index) DistinctEstimate() uint64 { return x.distinct }

// appendEntry appends the values of an entity's properties; false where one is absent. size is what the entry counts for
// storage.
func (x *Index) appendEntry(dst []byte, properties []byte) (key []byte, size uint64, ok bool) {
	size = indexEntryBytes
	for _, k := range x.keys {
		raw := findProperty(properties, k)
		if raw == nil {
			return dst, 0, false
		}
		size += uint64(len(raw))
		dst = value.AppendOrdered(dst, decodeProperty(raw))
	}
	return dst, size, true
}

// entryBytes returns what an entity's entry counts for storage, 0 where it has none.
func (x *Index) entryBytes(properties []byte) uint64 {
	size := uint64(indexEntryBytes)
	for _, k := range x.keys {
		raw := findProperty(properties, k)
		if raw == nil {
			return 0
		}
		size += uint64(len(raw))
	}
	return size
}

// holder returns an entity other than id that has the same values.
func (x *Index) holder(values []byte, id uint64) (uint64, bool) {
	prefix := string(values)
	walk := x.entries.from(prefix)
	for key, _, ok := walk.next(); ok && strings.HasPrefix(key, prefix); key, _, ok = walk.next() {
		if found := entryID(key); found != id {
			return found, true
		}
	}
	return 0, false
}

// whole tells whether every entity that it covers is in it.
func (x *Index) whole() bool { return x.progress == nil }

// coversNode tells whether an index of nodes covers a node with this record.
func (x *Index) coversNode(record []byte) bool {
	return x.definition.Entity == NodeEntity && recordHasLabel(record, Label(x.name))
}

func (x *Index) coversType(t Type) bool {
	return x.definition.Entity == RelationshipEntity && Type(x.name) == t
}

// add puts an entity in under its values.
func (x *Index) add(values []byte, id, token uint64) {
	key := string(binary.BigEndian.AppendUint64(values, id))
	if !x.hasNeighbour(key) {
		x.distinct++
	}
	x.entries.set(key, struct{}{}, token)
}

// remove takes an entity out.
func (x *Index) remove(values []byte, id, token uint64) {
	key := string(binary.BigEndian.AppendUint64(values, id))
	if !x.entries.remove(key, token) {
		panic("graph: an entity that its index does not know")
	}
	if !x.hasNeighbour(key) {
		x.distinct--
	}
}

// hasNeighbour tells whether another entity has the values of this entry.
func (x *Index) hasNeighbour(key string) bool {
	prefix := key[:len(key)-8]
	if leaf, i := x.entries.seek(key, true); leaf != nil && strings.HasPrefix(leaf.keys[i], prefix) {
		return true
	}
	leaf, i := x.entries.seekBelow(key)
	return leaf != nil && strings.HasPrefix(leaf.keys[i], prefix)
}
