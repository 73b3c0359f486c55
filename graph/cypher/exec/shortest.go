package exec

import (
	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/plan"
	"github.com/hivellm/nexus/graph/value"
)

// shortest finds shortest paths between two known nodes, breadth first.
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

// searched is what is known of one node: how far it is and from where it was reached at that distance.
type searched struct {
	depth int64
	steps []step
}

// searchBytes is what a node under search is taken to weigh.
const searchBytes = 96

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
		return o.emit(r, nil)
	}
	seen, found, err := o.search(r, from.NodeID(), to.NodeID(), want)
	if err == nil && found {
		err = o.back(r, seen, to.NodeID(), nil)
	}
	r.release(searchBytes * int64(len(seen)))
	return err
}

// search looks around layer by layer until the goal is reached.
func (o *shortest) search(r *run, from, goal graph.NodeID, want []value.Value) (map[graph.NodeID]*searched, bool, error) {
	seen := map[graph.NodeID]*searched{from: {}}
	types, any := o.choice.types(r, nil)
	layer := []graph.NodeID{from}
	for depth := int64(1); any && len(layer) > 0 && (o.max < 0 || depth <= o.max); depth++ {
		var next []graph.NodeID
		for _, at := range layer {
			e := r.graph().Expand(at, o.direction, types)
			for e.Next() {
				if err := r.step(); err != nil {
					return seen, false, err
				}
				if !o.choice.allows(r, e.Type()) || o.unique.used(r, e.Relationship()) || !o.tests.hold(r, e.Relationship(), want) {
					continue
				}
				known := seen[e.Other()]
				if known == nil {
					known = &searched{depth: depth}
					seen[e.Other()] = known
					next = append(next, e.Other())
					if err := r.hold(searchBytes); err != nil {
						return seen, false, err
					}
				}
				if known.depth == depth && (o.all || len(known.steps) == 0) {
					known.steps = append(known.steps, step{e.Relationship(), at})
				}
			}
		}
		if seen[goal] != nil {
			return seen, true, nil
		}
		layer = next
	}
	return seen, false, nil
}

// back follows the steps from the goal to the beginning; path grows from its end.
func (o *shortest) back(r *run, seen map[graph.NodeID]*searched, at graph.NodeID, path []value.Value) error {
	known := seen[at]
	if known.depth == 0 {
		return o.emit(r, path)
	}
	for _, s := range known.steps {
		if err := r.step(); err != nil {
			return err
		}
		if err := o.back(r, seen, s.from, append(path, value.Relationship(s.rel))); err != nil {
			return err
		}
	}
	return nil
}

// emit passes a path on that was found from its end.
func (o *shortest) emit(r *run, path []value.Value) error {
	list := make([]value.Value, len(path))
	for i, v := range path {
		if o.reversed {
			list[i] = v
		} else {
			list[len(list)-1-i] = v
		}
	}
	if r.row[o.rel] = value.List(list); o.single {
		r.row[o.rel] = list[0]
	}
	return o.next.push(r)
}
