package graph

// Expansion walks the relationships of one node: outgoing before incoming, by type, then by id. It is a plain value
// that allocates nothing; it stays valid as long as its version is held. With Both a relationship from the node to
// itself comes once.
type Expansion struct {
	a       *adjacency
	self    NodeID
	types   []Type
	at      int // index of the next type
	d       Direction
	last    Direction // the direction to end with
	both    bool
	started bool
	small   []edge // what is left of the current span
	walk    treeCursor[uint64, NodeID]
	until   uint64 // the walk ends at this key
	current edge
}

// Expand begins at a node; nil types mean all, and each type should be named once. An unknown node has no
// relationships.
func (g *Graph) Expand(id NodeID, d Direction, types []Type) Expansion {
	if g.reads != nil {
		g.reads.expand(g, id, d, types)
	}
	a := g.adjacencyOf(id)
	if a == nil {
		return Expansion{}
	}
	e := Expansion{a: a, self: id, types: types, d: d, last: d}
	if d == Both {
		e.d, e.last, e.both = Outgoing, Incoming, true
	}
	return e
}

func (g *Graph) adjacencyOf(id NodeID) *adjacency {
	p := g.nodes.page(uint64(id) >> pageBits)
	if p == nil {
		return nil
	}
	return p.adjacency[id&pageMask]
}

// Next moves on and tells whether there is a relationship.
func (e *Expansion) Next() bool {
	if e.a == nil {
		return false
	}
	for {
		if len(e.small) > 0 {
			e.current, e.small = e.small[0], e.small[1:]
		} else if key, other, ok := e.walkNext(); ok {
			e.current = edge{key, other}
		} else if e.turn() {
			continue
		} else {
			e.a = nil
			return false
		}
		if e.both && e.d == Incoming && e.current.other == e.self {
			continue
		}
		return true
	}
}

func (e *Expansion) walkNext() (uint64, NodeID, bool) {
	if e.walk.leaf == nil {
		return 0, 0, false
	}
	key, other, ok := e.walk.next()
	if !ok || key >= e.until {
		e.walk.leaf = nil
		return 0, 0, false
	}
	return key, other, true
}

// turn goes to the next type or direction.
func (e *Expansion) turn() bool {
	if e.types == nil {
		if e.started {
			if e.d == e.last {
				return false
			}
			e.d = e.last
		}
		e.started = true
		e.open(0, 0, true)
		return true
	}
	if e.at == len(e.types) {
		if e.d == e.last {
			return false
		}
		e.d, e.at = e.last, 0
		if len(e.types) == 0 {
			return false
		}
	}
	t := e.types[e.at]
	e.at++
	e.open(t, t+1, false)
	return true
}

// open begins the span of types from t to below end in the current direction.
func (e *Expansion) open(t, end Type, all bool) {
	if e.a.large == nil {
		from, to := e.a.span(e.d)
		if !all {
			from, to = e.a.typeSpan(from, to, t)
		}
		e.small = e.a.small[from:to]
		return
	}
	e.until = uint64(end) << 48
	if all || end >= 1<<16 {
		e.until = ^uint64(0)
	}
	e.walk = e.a.large.trees[e.d].from(edgeKey(t, 0))
}

// Relationship returns the relationship that Next moved to.
func (e *Expansion) Relationship() RelationshipID { return keyRelationship(e.current.key) }

// Other returns the node at its other end.
func (e *Expansion) Other() NodeID { return e.current.other }

// Type returns its type.
func (e *Expansion) Type() Type { return keyType(e.current.key) }

// Outgoing tells whether it leads away from the node that was expanded.
func (e *Expansion) Outgoing() bool { return e.d == Outgoing }

// Degree counts what Expand would visit, without visiting it: in constant time, or by the number of types.
func (g *Graph) Degree(id NodeID, d Direction, types []Type) uint64 {
	if g.reads != nil {
		g.reads.expand(g, id, d, types)
	}
	a := g.adjacencyOf(id)
	if a == nil {
		return 0
	}
	if types == nil {
		return a.degreeOf(id, d, 0, true)
	}
	n := uint64(0)
	for _, t := range types {
		n += a.degreeOf(id, d, t, false)
	}
	return n
}

func (a *adjacency) degreeOf(self NodeID, d Direction, t Type, all bool) uint64 {
	if d != Both {
		return a.degree(d, t, all)
	}
	return a.degree(Outgoing, t, all) + a.degree(Incoming, t, all) - a.loopDegree(self, t, all)
}
