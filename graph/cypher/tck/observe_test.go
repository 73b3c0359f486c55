package tck

import (
	"fmt"
	"maps"
	"strconv"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/value"
)

// effects are the kinds of side effects, each with its observer query in the kit's own words.
var effects = []struct{ name, observer string }{
	{"nodes", `MATCH (n) RETURN n`},
	{"relationships", `MATCH ()-[r]->() RETURN r`},
	{"properties", `MATCH (n)
UNWIND keys(n) AS key
WITH properties(n) AS properties, key, n
RETURN n AS entity, key, properties[key] AS value
UNION ALL
MATCH ()-[r]->()
UNWIND keys(r) AS key
WITH properties(r) AS properties, key, r
RETURN r AS entity, key, properties[key] AS value`},
	{"labels", `MATCH (n) UNWIND labels(n) AS label RETURN DISTINCT label`},
}

// observation holds, per kind of side effect, a text for each thing seen.
type observation map[string]map[string]bool

// observe runs the observer queries, and looks at the graph itself, which must show the same.
func observe(s session) (observation, error) {
	seen := observation{}
	for _, e := range effects {
		result := s.run(e.observer, nil, nil)
		if result.failure != nil {
			return nil, fmt.Errorf("the observer of %s: %s", e.name, result.failure)
		}
		seen[e.name] = map[string]bool{}
		for _, row := range result.rows {
			text := ""
			for _, c := range row {
				if c.id != "" {
					text += c.id + " "
				} else {
					text += c.text(false) + " "
				}
			}
			seen[e.name][text] = true
		}
	}
	look := lookAt(s.graph())
	for _, e := range effects {
		if !maps.Equal(seen[e.name], look[e.name]) {
			return nil, fmt.Errorf("the observer of %s saw %v, the graph holds %v", e.name, seen[e.name], look[e.name])
		}
	}
	return seen, nil
}

// lookAt reads the graph without any query.
func lookAt(g *graph.Graph) observation {
	seen := observation{"nodes": {}, "relationships": {}, "properties": {}, "labels": {}}
	nodes := g.Nodes()
	for id, ok := nodes.Next(); ok; id, ok = nodes.Next() {
		name := "n:" + strconv.FormatUint(uint64(id), 10) + " "
		seen["nodes"][name] = true
		for _, label := range g.LabelStrings(id) {
			seen["labels"][strconv.Quote(label)+" "] = true
		}
		seen.properties(g, name, g.NodeProperties(id))
	}
	relationships := g.Relationships()
	for id, ok := relationships.Next(); ok; id, ok = relationships.Next() {
		name := "r:" + strconv.FormatUint(uint64(id), 10) + " "
		seen["relationships"][name] = true
		seen.properties(g, name, g.RelationshipProperties(id))
	}
	return seen
}

func (o observation) properties(g *graph.Graph, entity string, m *value.Map) {
	for i := range m.Len() {
		key, v := m.At(i)
		o["properties"][entity+strconv.Quote(key)+" "+cellOf(g, v).text(false)+" "] = true
	}
}

// difference counts what came and what went: "+nodes", "-labels". Zeros are left out.
func difference(before, after observation) map[string]int {
	counts := map[string]int{}
	for _, e := range effects {
		for thing := range after[e.name] {
			if !before[e.name][thing] {
				counts["+"+e.name]++
			}
		}
		for thing := range before[e.name] {
			if !after[e.name][thing] {
				counts["-"+e.name]++
			}
		}
	}
	return counts
}
