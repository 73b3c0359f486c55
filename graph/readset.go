package graph

import (
	"math"

	"github.com/hivellm/nexus/scripts/planted"
)

// ReadSet is what was looked at through the versions of one tracked draft (PROTOCOL R15): entities, their labels and
// properties, relationships of nodes, scans, index spans, counts, what was found absent, and the version of the schema.
// Ids are kept as bits and names by what the version begun on calls them, so a set is bounded by the graph, not by how
// often it was read. It belongs to the goroutine of its draft; once that has stopped, any may compare it.
type ReadSet struct {
	names nameMark // how many names the version begun on has: beyond, ids are the draft's own
	next  [2]uint64

	nodes         entityReads
	relationships entityReads
	labels        idReads // nodes whose labels were read
	expanded      [2]idReads
	expandedTypes [2]keyedReads
	scans         [2]nameReads // of labels, of types
	counts        [2]nameReads
	absent        [nameKinds]nameReads
	listed        [nameKinds]bool

	allNodes, allRelationships, totals bool
	// beyond is the lowest id read that lies far above every id given when the draft began.
	beyond [2]uint64

	spans     []indexSpan
	seenSpans map[indexSpan]struct{} // looked up only
	// everything stands for more than is worth noting: then only the very same version is unchanged.
	everything bool
	bytes      int
}

// Bounds of what is noted one by one.
const (
	maxReadSpans = 1 << 16 // beyond: whole indexes
	maxReadNames = 1 << 12 // unknown to the version begun on, of a kind; beyond: everything
	// maxReadID is how far above the ids given a read id may lie and still be noted as a bit.
	maxReadID = 2 * maxIDGap
)

const (
	ofNodes = iota
	ofRelationships
)

// entityReads are entities of one kind by what of them was read.
type entityReads struct {
	existence  idReads
	properties idReads // all of them
	keys       keyedReads
}

// indexSpan is a half-open range of the entry keys of an index.
type indexSpan struct {
	index    uint64 // the definition's id
	from, to string
}

// Track makes the draft note what is read of its versions from now on: of those it hands out later, and of Peek's. The
// draft must be fresh.
func (d *Draft) Track() *ReadSet {
	g := d.m.g
	r := &ReadSet{
		names: d.m.markNames(), next: [2]uint64{g.meta.NextNode, g.meta.NextRelationship},
		beyond: [2]uint64{math.MaxUint64, math.MaxUint64},
	}
	g.reads, d.frozen = r, nil
	return r
}

// Untracked returns the same version for reads that decide nothing, such as a planner's: they are not noted.
func (g *Graph) Untracked() *Graph {
	if g.reads == nil {
		return g
	}
	untracked := *g
	untracked.reads = nil
	return &untracked
}

// Bytes estimates what the set holds, in bytes of memory.
func (r *ReadSet) Bytes() int { return r.bytes }

// far notes an id so far away that nobody had it, and tells whether it is one.
func (r *ReadSet) far(kind int, id uint64) bool {
	if id < r.next[kind]+maxReadID {
		return false
	}
	r.beyond[kind] = min(r.beyond[kind], id)
	return true
}

// mark notes an entity in one of the sets of its kind.
func (r *ReadSet) mark(set *idReads, kind int, id uint64) {
	if !r.far(kind, id) {
		r.bytes += set.mark(id)
	}
}

func (r *ReadSet) node(id NodeID) { r.mark(&r.nodes.existence, ofNodes, uint64(id)) }

func (r *ReadSet) nodeLabels(id NodeID) { r.mark(&r.labels, ofNodes, uint64(id)) }

func (r *ReadSet) nodeProperties(id NodeID) { r.mark(&r.nodes.properties, ofNodes, uint64(id)) }

func (r *ReadSet) nodeProperty(g *Graph, id NodeID, k PropertyKey) {
	r.property(g, &r.nodes, ofNodes, uint64(id), k)
}

func (r *ReadSet) relationship(id RelationshipID) {
	r.mark(&r.relationships.existence, ofRelationships, uint64(id))
}

func (r *ReadSet) relationshipProperties(id RelationshipID) {
	r.mark(&r.relationships.properties, ofRelationships, uint64(id))
}

func (r *ReadSet) relationshipProperty(g *Graph, id RelationshipID, k PropertyKey) {
	r.property(g, &r.relationships, ofRelationships, uint64(id), k)
}

func (r *ReadSet) property(g *Graph, of *entityReads, kind int, id uint64, k PropertyKey) {
	if name, ok := r.ref(g, keyNames, uint32(k)); ok {
		r.mark(of.keys.set(name), kind, id)
	}
}

// setProperty notes that a property is set: whether that changes anything is an answer too.
func (r *ReadSet) setProperty(g *Graph, of *entityReads, kind int, id uint64, key string) {
	name := nameRef{name: key}
	if k, ok := g.names[keyNames].id(key); ok && uint64(k) < r.names[keyNames] {
		name = nameRef{id: k}
	}
	r.mark(of.keys.set(name), kind, id)
}

// expand notes that the relationships of a node were walked or counted.
func (r *ReadSet) expand(g *Graph, id NodeID, d Direction, types []Type) {
	if d == Both {
		r.expand(g, id, Outgoing, types)
		r.expand(g, id, Incoming, types)
		return
	}
	if types == nil {
		r.mark(&r.expanded[d], ofNodes, uint64(id))
		return
	}
	for _, t := range types {
		if name, ok := r.ref(g, typeNames, uint32(t)); ok {
			r.mark(r.expandedTypes[d].set(name), ofNodes, uint64(id))
		}
	}
}

// scan notes that all members of a label (of nodes) or type were asked for; count, that they were counted.
func (r *ReadSet) scan(g *Graph, kind nameKind, id uint32) {
	if name, ok := r.ref(g, kind, id); ok {
		r.noteName(&r.scans[kind], name)
	}
}

func (r *ReadSet) count(g *Graph, kind nameKind, id uint32) {
	if name, ok := r.ref(g, kind, id); ok {
		r.noteName(&r.counts[kind], name)
	}
}

// absentName notes that a name was asked for and is not known.
func (r *ReadSet) absentName(kind nameKind, name string) {
	if !planted.On("absent-reads-untracked") {
		r.noteName(&r.absent[kind], nameRef{name: name})
	}
}

func (r *ReadSet) noteName(set *nameReads, name nameRef) {
	r.bytes += set.add(name)
	r.everything = r.everything || len(set.fresh) > maxReadNames
}

// span notes a range of an index's entries, whether or not there was one.
func (r *ReadSet) span(x *Index, from, to string, found bool) {
	if !found && planted.On("absent-reads-untracked") || found && planted.On("ranges-untracked") {
		return
	}
	if len(r.spans) >= maxReadSpans {
		from, to = "", "\xff"
	}
	s := indexSpan{x.definition.ID, from, to}
	if _, seen := r.seenSpans[s]; seen {
		return
	}
	if r.seenSpans == nil {
		r.seenSpans = map[indexSpan]struct{}{}
	}
	r.seenSpans[s] = struct{}{}
	r.spans = append(r.spans, s)
	r.bytes += spanBytes + len(from) + len(to)
}

// spanBytes is what a span takes besides its keys: in the list and in the map.
const spanBytes = 112

// ref says a name of a version of the draft in the words of the version begun on; false for an id never given.
func (r *ReadSet) ref(g *Graph, kind nameKind, id uint32) (nameRef, bool) {
	if uint64(id) < r.names[kind] {
		return nameRef{id: id}, true
	}
	name := g.names[kind].name(id)
	return nameRef{name: name}, name != ""
}

// tracked is the index as a tracked version hands it out.
func (x *Index) tracked(r *ReadSet) *Index {
	tracked := *x
	tracked.reads = r
	return &tracked
}
