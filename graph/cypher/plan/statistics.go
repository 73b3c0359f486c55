package plan

import (
	"math/bits"
	"slices"

	"github.com/hivellm/nexus/graph"
)

// statistics is all that a planner may know of a graph. Every look is noted, so that a plan holds for exactly the graphs
// that answer alike: which plan runs never depends on what else the query was asked of.
type statistics struct {
	graph *graph.Graph
	looks []look
}

// look is one question to a graph and its answer; a figure is kept as a planner sees it, see coarse.
type look struct {
	kind    lookKind
	name    string
	number  uint64
	indexes []graph.IndexDefinition
	keys    []string
}

type lookKind uint8

const (
	lookNodes        lookKind = iota // how many nodes there are
	lookLabel                        // how many nodes have the label
	lookType                         // how many relationships are of the type
	lookIndexes                      // the indexes on nodes of the label that are whole
	lookTypeIndexes                  // and those on relationships of the type
	lookDistinct                     // how many distinct values an index has
	lookEntries                      // how many entries an index has
	lookDemanded                     // the properties that constraints demand of nodes of the label
	lookTypeDemanded                 // and of relationships of the type
)

func (s *statistics) ask(kind lookKind, name string) look {
	for _, l := range s.looks {
		if l.kind == kind && l.name == name {
			return l
		}
	}
	l := seen(s.graph, kind, name)
	s.looks = append(s.looks, l)
	return l
}

func (s *statistics) nodes() float64 { return float64(s.ask(lookNodes, "").number) }

func (s *statistics) label(name string) float64 { return float64(s.ask(lookLabel, name).number) }

func (s *statistics) typ(name string) float64 { return float64(s.ask(lookType, name).number) }

func (s *statistics) indexes(entity graph.EntityKind, over string) []graph.IndexDefinition {
	if entity == graph.RelationshipEntity {
		return s.ask(lookTypeIndexes, over).indexes
	}
	return s.ask(lookIndexes, over).indexes
}

func (s *statistics) demanded(entity graph.EntityKind, over string) []string {
	if entity == graph.RelationshipEntity {
		return s.ask(lookTypeDemanded, over).keys
	}
	return s.ask(lookDemanded, over).keys
}

func (s *statistics) entries(index string) float64 {
	return float64(s.ask(lookEntries, index).number)
}

func (s *statistics) distinct(index string) float64 {
	return float64(s.ask(lookDistinct, index).number)
}

// seen is an answer as a planner sees it.
func seen(g *graph.Graph, kind lookKind, name string) look {
	l := answer(g, kind, name)
	l.number = coarse(l.number)
	return l
}

// exactBits is how many bits of a figure a planner sees: figures below 64 are exact, larger ones to about 3 %. So a plan
// that is kept survives most writes, and what runs still depends on nothing but the graph.
const exactBits = 6

func coarse(n uint64) uint64 {
	if surplus := bits.Len64(n) - exactBits; surplus > 0 {
		return n >> surplus << surplus
	}
	return n
}

// answer asks a graph.
func answer(g *graph.Graph, kind lookKind, name string) look {
	l := look{kind: kind, name: name}
	switch kind {
	case lookNodes:
		l.number = g.Meta().Nodes
	case lookLabel:
		if label, ok := g.Label(name); ok {
			l.number = g.LabelCount(label)
		}
	case lookType:
		if t, ok := g.Type(name); ok {
			l.number = g.TypeCount(t)
		}
	case lookIndexes:
		l.indexes = indexesOver(g, graph.NodeEntity, name)
	case lookTypeIndexes:
		l.indexes = indexesOver(g, graph.RelationshipEntity, name)
	case lookDemanded:
		l.keys = demandedOf(g, graph.NodeEntity, name)
	case lookTypeDemanded:
		l.keys = demandedOf(g, graph.RelationshipEntity, name)
	case lookEntries:
		if x, ok := g.Index(name); ok {
			l.number = x.Len()
		}
	case lookDistinct:
		if x, ok := g.Index(name); ok {
			l.number = x.DistinctEstimate()
		}
	}
	return l
}

// indexesOver are the indexes on a label or type that are whole.
func indexesOver(g *graph.Graph, entity graph.EntityKind, over string) []graph.IndexDefinition {
	if g.Meta().SchemaVersion == 0 {
		return nil
	}
	return slices.DeleteFunc(g.Indexes(), func(d graph.IndexDefinition) bool {
		return d.Entity != entity || d.LabelOrType != over || d.State != graph.IndexOnline
	})
}

// demandedOf are the properties that existence and key constraints demand, sorted.
func demandedOf(g *graph.Graph, entity graph.EntityKind, over string) []string {
	if g.Meta().SchemaVersion == 0 {
		return nil
	}
	var keys []string
	for _, c := range g.Constraints() {
		if c.Kind != graph.Unique && c.Entity == entity && c.LabelOrType == over {
			keys = append(keys, c.Properties...)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// Holds tells whether planning on this graph would find the same plan.
func (p *Plan) Holds(g *graph.Graph) bool {
	for _, l := range p.looks {
		now := seen(g, l.kind, l.name)
		if now.number != l.number || !slices.EqualFunc(now.indexes, l.indexes, sameIndex) || !slices.Equal(now.keys, l.keys) {
			return false
		}
	}
	return true
}

func sameIndex(a, b graph.IndexDefinition) bool {
	return a.Name == b.Name && slices.Equal(a.Properties, b.Properties)
}
