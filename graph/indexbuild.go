package graph

import (
	"bytes"
	"fmt"
	"math/bits"
	"slices"
)

// Build makes the indexes of a version that are not whole yet, beside everything else that happens to the database
// (PROTOCOL R19):
//
//	NewBuild(version)      what there is to build
//	Run(pause)             builds it over that version, however long it takes
//	CatchUp(newer)         moves it to a version that came after: only pages that the two do not share are looked at
//	Install()              the version that it stands at, with the indexes
//
// A build belongs to one goroutine. After an error it must be dropped; after Install it is over.
type Build struct {
	at      *Graph
	indexes []*Index // private, by id
	token   uint64   // writes their entries: above every token of the version they were begun on
	scratch mutation
}

// Unbuilt tells whether an index of the version is not whole yet; with constraintsOnly one that a constraint owns, so that
// no draft can decide.
func (g *Graph) Unbuilt(constraintsOnly bool) bool {
	return slices.ContainsFunc(g.schema.indexes, func(x *Index) bool {
		return !x.whole() && (x.constraint != "" || !constraintsOnly)
	})
}

// UnbuiltMark is a number that says which indexes of the version are not whole: 0 where all are, and equal for two versions
// with the same schema only where the same ones are (to the odds of a hash).
func (g *Graph) UnbuiltMark() uint64 {
	mark := uint64(0)
	for _, x := range g.schema.indexes {
		if !x.whole() {
			mark = (mark ^ (x.definition.ID + 1)) * 0x9e3779b97f4a7c15
		}
	}
	return mark
}

// NewBuild begins to build what is not whole in a version; nil where everything is.
func NewBuild(g *Graph) *Build {
	b := &Build{at: g, token: g.token + 1}
	for _, x := range g.schema.indexes {
		if !x.whole() {
			b.indexes = append(b.indexes, &Index{
				token: b.token, definition: x.definition, constraint: x.constraint, name: x.name, keys: x.keys, progress: x.progress,
			})
		}
	}
	if len(b.indexes) == 0 {
		return nil
	}
	return b
}

// Run puts all entities of the version into the indexes. pause is called again and again; its error ends the build.
func (b *Build) Run(pause func() error) error {
	for _, x := range b.indexes {
		p := x.progress
		p.total.Store(b.at.coveredCount(x))
		p.done.Store(0)
		m := mutation{g: b.at, pause: func() error {
			p.done.Add(entitiesPerPause)
			return pause()
		}}
		x.progress = nil
		if err := m.fill(x, b.token); err != nil {
			return fmt.Errorf("build index %s: %w", x.definition.Name, err)
		}
	}
	return nil
}

// Len returns how many indexes are being built.
func (b *Build) Len() int { return len(b.indexes) }

// Apart counts the pages in which a version differs from the one that the build stands at, up to most: what it costs to
// catch up.
func (b *Build) Apart(to *Graph, most int) (pages int) {
	count := func() bool {
		pages++
		return pages < most
	}
	_ = sameSpine(&b.at.nodes, &to.nodes, func(uint64, *nodePage, *nodePage) bool { return count() }) &&
		sameSpine(&b.at.relationships, &to.relationships, func(uint64, *relationshipPage, *relationshipPage) bool { return count() })
	return pages
}

// CatchUp brings the indexes to a version that came after the one they stand at. Indexes that were dropped meanwhile are
// dropped here. pause may be nil.
func (b *Build) CatchUp(to *Graph, pause func() error) error {
	b.indexes = slices.DeleteFunc(b.indexes, func(x *Index) bool { return to.indexOf(x.definition.ID) == nil })
	var nodes, relationships []*Index
	for _, x := range b.indexes {
		if x.definition.Entity == NodeEntity {
			nodes = append(nodes, x)
		} else {
			relationships = append(relationships, x)
		}
	}
	var err error
	look := func(page uint64, live uint32, one func(id uint64)) bool {
		if pause != nil && err == nil {
			err = pause()
		}
		for ; live != 0; live &= live - 1 {
			one(page<<pageBits + uint64(bits.TrailingZeros32(live)))
		}
		return err == nil
	}
	if len(nodes) > 0 {
		sameSpine(&b.at.nodes, &to.nodes, func(page uint64, p, q *nodePage) bool {
			return look(page, livingNodes(p)|livingNodes(q), func(id uint64) { b.moveNode(to, NodeID(id), nodes) })
		})
	}
	if len(relationships) > 0 {
		sameSpine(&b.at.relationships, &to.relationships, func(page uint64, p, q *relationshipPage) bool {
			return look(page, livingRelationships(p)|livingRelationships(q), func(id uint64) { b.moveRelationship(to, RelationshipID(id), relationships) })
		})
	}
	b.at = to
	return err
}

func (b *Build) moveNode(to *Graph, id NodeID, indexes []*Index) {
	old, record := b.at.nodeRecord(id), to.nodeRecord(id)
	if bytes.Equal(old, record) {
		return
	}
	var had, has []byte
	if old != nil {
		had = nodeProperties(old)
	}
	if record != nil {
		has = nodeProperties(record)
	}
	for _, x := range indexes {
		b.move(x, uint64(id), had, recordHasLabel(old, Label(x.name)), has, recordHasLabel(record, Label(x.name)))
	}
}

func (b *Build) moveRelationship(to *Graph, id RelationshipID, indexes []*Index) {
	was, existed := b.at.relationshipAt(id)
	is, exists := to.relationshipAt(id)
	had, has := b.at.relationshipProperties(id), to.relationshipProperties(id)
	if existed == exists && bytes.Equal(had, has) {
		return
	}
	for _, x := range indexes {
		b.move(x, uint64(id), had, existed && x.coversType(was.Type), has, exists && x.coversType(is.Type))
	}
}

func (b *Build) move(x *Index, id uint64, had []byte, wasCovered bool, has []byte, covered bool) {
	if wasCovered || covered {
		b.scratch.move(x, func() *Index { return x }, b.token, id, had, wasCovered, has, covered)
	}
}

// Install returns the version that the build stands at, with its indexes whole. A *MismatchError says that their entries
// do not count what the log said of them.
func (b *Build) Install() (*Graph, error) {
	g := *b.at
	g.token = max(g.token, b.token)
	g.schema.token = 0 // nobody's
	g.schema.indexes = slices.Clone(g.schema.indexes)
	for i, there := range g.schema.indexes {
		at := slices.IndexFunc(b.indexes, func(x *Index) bool { return x.definition.ID == there.definition.ID })
		if at < 0 || there.whole() {
			continue
		}
		x := b.indexes[at]
		if x.bytes != there.bytes {
			return nil, &MismatchError{
				What: "size of index " + x.definition.Name, Stored: fmt.Sprint(there.bytes), Computed: fmt.Sprint(x.bytes),
			}
		}
		g.schema.indexes[i] = x
	}
	return &g, nil
}

// CarryIndexes returns a version with the indexes that are whole in one that came before it: what a node has built by
// itself is not lost with a version that was made on the one without it. The cost follows what the two do not share.
func CarryIndexes(from, to *Graph) *Graph {
	b := &Build{at: from, token: from.token + 1}
	for _, x := range to.schema.indexes {
		if x.whole() {
			continue
		}
		if there := from.indexOf(x.definition.ID); there != nil && there.whole() {
			owned := *there
			owned.token = b.token
			b.indexes = append(b.indexes, &owned)
		}
	}
	if len(b.indexes) == 0 {
		return to
	}
	if err := b.CatchUp(to, nil); err != nil {
		panic("graph: " + err.Error()) // only pause fails
	}
	carried, err := b.Install()
	if err != nil {
		panic("graph: " + err.Error()) // both versions counted the same operations
	}
	return carried
}

// BuildAll builds everything that is not whole in a version, at once: for tests and tools that own it.
func BuildAll(g *Graph) (*Graph, error) {
	b := NewBuild(g)
	if b == nil {
		return g, nil
	}
	if err := b.Run(func() error { return nil }); err != nil {
		return nil, err
	}
	return b.Install()
}
