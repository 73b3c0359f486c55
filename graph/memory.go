package graph

import (
	"cmp"
	"math/bits"
	"unsafe"

	"github.com/hivellm/nexus/graph/store"
)

// What a version costs in memory. Every spine keeps the sum of its own parts, its pages, and what they hold, as the
// writes make and replace them; names and indexes are computed from how many entries they have. Pages that a version
// shares with others count in each: the figure is what would be left if only this one were.

// MemoryBytes returns what this version takes of the heap, in bytes, as the allocator rounds it. It is cheap to call
// and takes some microseconds at most. It is an estimate within a third of what a measurement finds.
func (g *Graph) MemoryBytes() uint64 {
	total := uint64(unsafe.Sizeof(*g)) + g.nodes.bytes + g.relationships.bytes + g.setBytes +
		g.labelSets.pages.bytes + g.typeSets.pages.bytes + g.keyUses.pages.bytes
	for i := range g.names {
		n := &g.names[i]
		total += n.byID.pages.bytes + treeBytes(&n.byName, sizeOfKey)
	}
	for _, x := range g.schema.indexes {
		total += uint64(unsafe.Sizeof(*x)) + g.indexBytes(x)
	}
	return total
}

// indexBytes returns what an index's entries take. Those of one that is not built yet are counted as if it were: whoever
// holds the version will hold them soon, and a write that makes a definition is judged by what it leads to.
func (g *Graph) indexBytes(x *Index) uint64 {
	if x.whole() {
		return treeBytes(&x.entries, sizeOfKey)
	}
	entries := min(g.coveredCount(x), x.bytes/(indexEntryBytes+1))
	if entries == 0 {
		return 0
	}
	key := x.bytes/entries - indexEntryBytes + entryIDBytes
	return nodesBytes[string, struct{}](entries) + entries*allocated(key)
}

// What an entity costs in memory beside the bytes of its record, as EstimateMemory assumes it: its share of pages and
// sets, and for a relationship its two edges besides.
const (
	estimatedNodeBytes         = 40
	estimatedRelationshipBytes = 80
	estimatedBaseBytes         = 4 << 10
)

// EstimateMemory returns roughly what a database will take in memory once it is loaded, judged by its figures alone:
// within half and double of MemoryBytes where its entities are not of an unusual shape.
func EstimateMemory(m Meta) uint64 {
	return estimatedBaseBytes + m.Nodes*estimatedNodeBytes + m.Relationships*estimatedRelationshipBytes + m.Bytes + m.Bytes/4
}

// allocated returns what the allocator takes for an object of n bytes: its size classes lie about an eighth apart.
func allocated(n uint64) uint64 {
	if n <= 128 {
		return (n + 15) &^ 15
	}
	step := uint64(1) << (bits.Len64(n-1) - 4)
	return (n + step - 1) &^ (step - 1)
}

// allocatedFor returns what one object of a type takes.
func allocatedFor[T any]() uint64 {
	var one T
	return allocated(uint64(unsafe.Sizeof(one)))
}

// memory returns what a page's records take.
func (p *packed) memory() uint64 {
	total := allocated(uint64(cap(p.arena)))
	if len(p.large) > 0 {
		total += allocated(uint64(cap(p.large)) * uint64(unsafe.Sizeof(largeRecord{})))
		for i := range p.large {
			total += allocated(uint64(cap(p.large[i].data)))
		}
	}
	return total
}

// memory returns what a node's relationships take in it; 0 for none.
func (a *adjacency) memory() uint64 {
	if a == nil {
		return 0
	}
	total := allocatedFor[adjacency]() + allocated(uint64(cap(a.small))*uint64(unsafe.Sizeof(edge{})))
	if l := a.large; l != nil {
		total += allocatedFor[largeAdjacency]() + treeBytes(&l.loops, nil)
		for d := range l.trees {
			total += treeBytes(&l.trees[d], nil) + treeBytes(&l.counts[d], nil)
		}
	}
	return total
}

// treeFill is how many entries a full node is taken to hold: appending fills nodes, inserting at random about two thirds.
const treeFill = treeFan * 3 / 4

// treeBytes returns what a tree takes, by the number of its entries. keyBytes tells what a key points to; it is asked of
// the root's keys only, which stand for the others.
func treeBytes[K cmp.Ordered, V any](t *tree[K, V], keyBytes func(K) uint64) uint64 {
	if t.root == nil {
		return 0
	}
	total := nodesBytes[K, V](t.size)
	if keyBytes == nil || t.root.n == 0 {
		return total
	}
	sample := uint64(0)
	for _, k := range t.root.keys[:t.root.n] {
		sample += keyBytes(k)
	}
	return total + t.size*sample/uint64(t.root.n)
}

// nodesBytes returns what the nodes of a tree of so many entries take, at least one.
func nodesBytes[K cmp.Ordered, V any](entries uint64) uint64 {
	leaf := allocatedFor[treeNode[K, V]]()
	leaves := (entries + treeFill - 1) / treeFill
	inner := (leaves - 1 + treeFill - 1) / treeFill
	return leaves*leaf + inner*(leaf+allocatedFor[[treeFan]*treeNode[K, V]]())
}

func sizeOfKey(k string) uint64 { return allocated(uint64(len(k))) }

// looksApart is how many records lie between two looks at what a version under way takes.
const looksApart = 256

// boundedReader ends a scan once the version that is being made of it takes too much memory.
type boundedReader struct {
	Reader
	g        *Graph
	maxBytes uint64
	records  uint64
}

// Scan implements Reader.
func (b *boundedReader) Scan(kind store.Kind, from []byte, fn func(suffix, value []byte) error) error {
	return b.Reader.Scan(kind, from, func(suffix, value []byte) error {
		if b.records++; b.records%looksApart == 0 {
			if found := b.g.MemoryBytes(); found > b.maxBytes {
				return &TooLargeError{MaxBytes: b.maxBytes, FoundBytes: found}
			}
		}
		return fn(suffix, value)
	})
}
