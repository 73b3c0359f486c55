package exec

import (
	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/plan"
	"github.com/hivellm/nexus/graph/value"
)

// remove is DELETE: it gathers what is to go, and lets it go once all rows are in: relationships first, then nodes.
type remove struct {
	barrier
	targets []eval
	detach  bool
	at      ast.Node
	nodes   gathered[graph.NodeID]
	rels    gathered[graph.RelationshipID]
}

// gathered is a set in the order things came.
type gathered[T comparable] struct {
	seen map[T]bool
	list []T
}

// gatheredBytes is what an entity to delete is taken to weigh.
const gatheredBytes = 32

func (g *gathered[T]) add(r *run, id T) error {
	if g.seen[id] {
		return nil
	}
	if g.seen == nil {
		g.seen = map[T]bool{}
	}
	g.seen[id] = true
	g.list = append(g.list, id)
	return r.hold(gatheredBytes)
}

func (c *compiler) delete(o *plan.Delete) stage {
	targets, live := c.exprs(o.Clause.Targets), liveSlots(o.Clause.Live, nil)
	return func(next operator, p *pipe) operator {
		return &remove{
			barrier: newBarrier(next, p, live, o.Last), targets: targets, detach: o.Clause.Detach, at: o.Clause.At,
		}
	}
}

func (o *remove) push(r *run) error {
	for _, target := range o.targets {
		v, err := target(r)
		if err != nil {
			return err
		}
		if err := o.gather(r, v); err != nil {
			return err
		}
	}
	return o.keep(r)
}

func (o *remove) gather(r *run, v value.Value) error {
	switch v.Kind() {
	case value.KindNull:
		return nil
	case value.KindNode:
		return o.nodes.add(r, v.NodeID())
	case value.KindRelationship:
		return o.rels.add(r, v.RelationshipID())
	case value.KindPath:
		for _, id := range v.Path().Nodes {
			if err := o.nodes.add(r, id); err != nil {
				return err
			}
		}
		for _, id := range v.Path().Relationships {
			if err := o.rels.add(r, id); err != nil {
				return err
			}
		}
		return nil
	}
	return fail(o.at, ast.TypeError, "InvalidArgumentType", "DELETE takes nodes, relationships and paths, found %s", v.Kind())
}

func (o *remove) finish(r *run) error {
	g := r.draft.Graph()
	if o.detach {
		for _, id := range o.nodes.list {
			e := g.Expand(id, graph.Both, nil)
			for e.Next() {
				if err := r.step(); err != nil {
					return err
				}
				if err := o.rels.add(r, e.Relationship()); err != nil {
					return err
				}
			}
		}
	}
	if err := o.drop(r, g); err != nil {
		return err
	}
	r.release(gatheredBytes * int64(len(o.nodes.list)+len(o.rels.list)))
	o.nodes, o.rels = gathered[graph.NodeID]{}, gathered[graph.RelationshipID]{}
	return o.open(r)
}

// drop deletes what is still there.
func (o *remove) drop(r *run, g *graph.Graph) error {
	for _, id := range o.rels.list {
		if _, there := g.Relationship(id); !there {
			continue
		}
		if err := r.draft.DeleteRelationship(id); err != nil {
			return explain(o.at, err)
		}
		r.stats.RelationshipsDeleted++
	}
	for _, id := range o.nodes.list {
		if !g.HasNode(id) {
			continue
		}
		if err := r.draft.DeleteNode(id); err != nil {
			return explain(o.at, err)
		}
		r.stats.NodesDeleted++
	}
	return nil
}
