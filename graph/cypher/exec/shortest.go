package exec

import (
	"slices"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/plan"
	"github.com/hivellm/nexus/graph/value"
)

// shortest finds shortest paths between two known nodes, breadth first from both ends.
type shortest struct {
	through
	expansion
	min, max int64
	all      bool
	reversed bool
	// single is true for a pattern of exactly one relationship, whose variable is no list.
	single bool
	tests  propertyTests
}

func (c *compiler) shortestPath(o *plan.ShortestPath) stage {
	p := o.Relationship
	made := shortest{
		expansion: c.expansion(&o.Expand), min: p.Min, max: p.Max, all: p.Shortest == ast.ShortestAll,
		reversed: o.Reversed, single: !p.Variable, tests: c.propertyTests(p.Properties),
	}
	return func(next operator, _ *pipe) operator {
		s := made
		s.through = through{next}
		return &s
	}
}

// step is one way to have come to a node.
type step struct {
	rel  graph.RelationshipID
	from graph.NodeID
}

// reached is what one side of a search knows of a node: how far it is and over which steps it was reached at that
// distance.
type reached struct {
	depth int64
	steps []step
}

// side is the search from one end: everything at most depth away, and the nodes exactly that far.
type side struct {
	seen      map[graph.NodeID]*reached
	layer     []graph.NodeID
	depth     int64
	direction graph.Direction
}

// reachedBytes is what a node under search is taken to weigh.
const reachedBytes = 96

func (o *shortest) push(r *run) error {
	from, to := r.row[o.from], r.row[o.to]
	if from.Kind() != value.KindNode || to.Kind() != value.KindNode {
		return nil
	}
	if o.min > 1 {
		return fail(nil, ast.SemanticError, "UnsupportedFeature", "a shortest path with a minimal length above 1 is not supported")
	}
	want, err := o.tests.evaluate(r)
	if err != nil {
		return err
	}
	if from.NodeID() == to.NodeID() {
		if o.min > 0 {
			return nil
		}
		return o.emit(r, nil, nil)
	}
	left := newSide(from.NodeID(), o.direction)
	right := newSide(to.NodeID(), opposite(o.direction))
	meet, err := o.search(r, left, right, want)
	for _, at := range meet {
		if err != nil {
			break
		}
		err = o.join(r, left, right, at)
	}
	r.release(reachedBytes * int64(len(left.seen)+len(right.seen)-2))
	return err
}

func newSide(at graph.NodeID, direction graph.Direction) *side {
	return &side{seen: map[graph.NodeID]*reached{at: {}}, layer: []graph.NodeID{at}, direction: direction}
}

// search grows, layer by layer, the side whose layer is smaller, until the two meet. Every shortest path goes through
// exactly one of the nodes returned: were there one that the sides had met at earlier, they would have met then.
func (o *shortest) search(r *run, left, right *side, want []value.Value) ([]graph.NodeID, error) {
	types, any := o.choice.types(r, nil)
	for any && len(left.layer) > 0 && len(right.layer) > 0 && (o.max < 0 || left.depth+right.depth < o.max) {
		near, far := left, right
		if len(right.layer) < len(left.layer) {
			near, far = right, left
		}
		if err := o.grow(r, near, types, want); err != nil {
			return nil, err
		}
		var meet []graph.NodeID
		for _, at := range near.layer {
			if far.seen[at] != nil {
				meet = append(meet, at)
			}
		}
		if len(meet) > 0 {
			if !o.all {
				meet = meet[:1]
			}
			return meet, nil
		}
	}
	return nil, nil
}

// grow reaches the nodes one step further.
func (o *shortest) grow(r *run, s *side, types []graph.Type, want []value.Value) error {
	s.depth++
	var next []graph.NodeID
	for _, at := range s.layer {
		e := r.graph().Expand(at, s.direction, types)
		for e.Next() {
			if err := r.visit(); err != nil {
				return err
			}
			if !o.choice.allows(r, e.Type()) || o.unique.used(r, e.Relationship()) || !o.tests.hold(r, e.Relationship(), want) {
				continue
			}
			known := s.seen[e.Other()]
			if known == nil {
				known = &reached{depth: s.depth}
				s.seen[e.Other()] = known
				next = append(next, e.Other())
				if err := r.hold(reachedBytes); err != nil {
					return err
				}
			}
			if known.depth == s.depth && (o.all || len(known.steps) == 0) {
				known.steps = append(known.steps, step{e.Relationship(), at})
			}
		}
	}
	s.layer = next
	return nil
}

// join emits every path through a node at which the sides met.
func (o *shortest) join(r *run, left, right *side, at graph.NodeID) error {
	return follow(r, left, at, nil, func(begin []value.Value) error {
		return follow(r, right, at, nil, func(end []value.Value) error { return o.emit(r, begin, end) })
	})
}

// follow visits the ways from a node back to where its side began; the steps come in that order.
func follow(r *run, s *side, at graph.NodeID, path []value.Value, visit func(path []value.Value) error) error {
	known := s.seen[at]
	if known.depth == 0 {
		return visit(path)
	}
	for _, one := range known.steps {
		if err := r.visit(); err != nil {
			return err
		}
		if err := follow(r, s, one.from, append(path, value.Relationship(one.rel)), visit); err != nil {
			return err
		}
	}
	return nil
}

// emit passes a path on. Both halves run from the middle outwards.
func (o *shortest) emit(r *run, begin, end []value.Value) error {
	list := make([]value.Value, 0, len(begin)+len(end))
	for i := len(begin) - 1; i >= 0; i-- {
		list = append(list, begin[i])
	}
	list = append(list, end...)
	if o.reversed {
		slices.Reverse(list)
	}
	if r.row[o.rel] = value.List(list); o.single {
		r.row[o.rel] = list[0]
	}
	return o.next.push(r)
}
