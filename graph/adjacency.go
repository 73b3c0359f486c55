package graph

import "slices"

// smallEdges is how many relationships, both directions together, a node keeps in one plain slice.
const smallEdges = 64

// edge is one relationship as a node sees it. The key sorts by type, then by relationship; both fit since types are
// below 2^16 and ids below 2^48.
type edge struct {
	key   uint64
	other NodeID
}

func edgeKey(t Type, r RelationshipID) uint64 { return uint64(t)<<48 | uint64(r) }

func keyType(key uint64) Type { return Type(key >> 48) }

func keyRelationship(key uint64) RelationshipID { return RelationshipID(key & (maxID - 1)) }

// adjacency holds the relationships of one node, by direction and type. Few lie in one slice, outgoing first; many in
// persistent trees, where adding one costs the same however many there are.
type adjacency struct {
	token uint64
	out   int // how many of small are outgoing
	small []edge
	large *largeAdjacency
	loops uint64 // relationships from the node to itself
}

type largeAdjacency struct {
	trees  [2]tree[uint64, NodeID] // by Outgoing, Incoming
	counts [2]tree[uint64, uint64] // by type
	loops  tree[uint64, uint64]    // by type
}

// ownAdjacency returns a node's adjacency for writing, within a page that token owns.
func ownAdjacency(p *nodePage, id NodeID, token uint64) *adjacency {
	at := &p.adjacency[id&pageMask]
	switch a := *at; {
	case a == nil:
		*at = &adjacency{token: token}
	case a.token != token:
		owned := *a
		owned.token = token
		owned.small = a.small[:len(a.small):len(a.small)]
		if a.large == nil {
			owned.small = append(make([]edge, 0, len(a.small)+1), a.small...)
		} else {
			large := *a.large
			owned.large = &large
		}
		*at = &owned
	}
	return *at
}

// add puts one end of a relationship of the node self in.
func (a *adjacency) add(d Direction, e edge, self NodeID) {
	if e.other == self && d == Outgoing {
		a.loops++
	}
	if a.large == nil && len(a.small) >= smallEdges {
		a.grow(self)
	}
	if a.large != nil {
		a.large.add(d, e, e.other == self, a.token)
		return
	}
	from, to := a.span(d)
	i, _ := slices.BinarySearchFunc(a.small[from:to], e.key, compareEdge)
	a.small = slices.Insert(a.small, from+i, e)
	if d == Outgoing {
		a.out++
	}
}

// remove takes one end of a relationship out.
func (a *adjacency) remove(d Direction, key uint64, loop bool) {
	if loop && d == Outgoing {
		a.loops--
	}
	if a.large != nil {
		a.large.remove(d, key, loop, a.token)
		return
	}
	from, to := a.span(d)
	i, found := slices.BinarySearchFunc(a.small[from:to], key, compareEdge)
	if !found {
		panic("graph: a relationship that its node does not know")
	}
	a.small = slices.Delete(a.small, from+i, from+i+1)
	if d == Outgoing {
		a.out--
	}
}

func compareEdge(e edge, key uint64) int {
	switch {
	case e.key < key:
		return -1
	case e.key > key:
		return 1
	}
	return 0
}

// span returns which part of small a direction is.
func (a *adjacency) span(d Direction) (from, to int) {
	if d == Outgoing {
		return 0, a.out
	}
	return a.out, len(a.small)
}

// grow moves the slice into trees.
func (a *adjacency) grow(self NodeID) {
	large := &largeAdjacency{}
	for i, e := range a.small {
		d := Outgoing
		if i >= a.out {
			d = Incoming
		}
		large.add(d, e, e.other == self, a.token)
	}
	a.large, a.small, a.out = large, nil, 0
}

func (l *largeAdjacency) add(d Direction, e edge, loop bool, token uint64) {
	l.trees[d].set(e.key, e.other, token)
	count(&l.counts[d], keyType(e.key), 1, token)
	if loop && d == Outgoing {
		count(&l.loops, keyType(e.key), 1, token)
	}
}

func (l *largeAdjacency) remove(d Direction, key uint64, loop bool, token uint64) {
	if !l.trees[d].remove(key, token) {
		panic("graph: a relationship that its node does not know")
	}
	count(&l.counts[d], keyType(key), -1, token)
	if loop && d == Outgoing {
		count(&l.loops, keyType(key), -1, token)
	}
}

// count moves the count of a type, dropping it at zero.
func count(counts *tree[uint64, uint64], t Type, by int, token uint64) {
	n, _ := counts.get(uint64(t))
	if n += uint64(by); n == 0 {
		counts.remove(uint64(t), token)
	} else {
		counts.set(uint64(t), n, token)
	}
}

// degree counts the relationships of one direction, of all types or one.
func (a *adjacency) degree(d Direction, t Type, all bool) uint64 {
	if a.large != nil {
		if all {
			return a.large.trees[d].size
		}
		n, _ := a.large.counts[d].get(uint64(t))
		return n
	}
	from, to := a.span(d)
	if !all {
		from, to = a.typeSpan(from, to, t)
	}
	return uint64(to - from)
}

// typeSpan narrows a span to one type.
func (a *adjacency) typeSpan(from, to int, t Type) (int, int) {
	low, _ := slices.BinarySearchFunc(a.small[from:to], edgeKey(t, 0), compareEdge)
	high := to - from
	if t < MaxNames-1 {
		high, _ = slices.BinarySearchFunc(a.small[from:to], edgeKey(t+1, 0), compareEdge)
	}
	return from + low, from + high
}

// loopDegree counts the relationships from the node to itself, of all types or one.
func (a *adjacency) loopDegree(self NodeID, t Type, all bool) uint64 {
	switch {
	case all || a.loops == 0:
		return a.loops
	case a.large != nil:
		n, _ := a.large.loops.get(uint64(t))
		return n
	}
	from, to := a.typeSpan(0, a.out, t)
	loops := uint64(0)
	for _, e := range a.small[from:to] {
		if e.other == self {
			loops++
		}
	}
	return loops
}
