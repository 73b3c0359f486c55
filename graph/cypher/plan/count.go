package plan

import (
	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/bind"
)

// count is the plan of `MATCH (n:Label) RETURN count(*)` and its like, nil for any other part.
func (p *planner) count(part *bind.Part) Pipeline {
	if !p.rules.has(RuleCount) || len(part.Clauses) != 2 {
		return nil
	}
	m, ok := part.Clauses[0].(*bind.Match)
	project, projects := part.Clauses[1].(*bind.Project)
	if !ok || !projects || m.Optional || m.Where != nil || !p.countOnly(project, m.Pattern) {
		return nil
	}
	store := countable(m.Pattern)
	if store == nil {
		return nil
	}
	store.Slot = project.Aggregates[0].Slot
	rest := *project
	rest.Aggregating, rest.Items = false, project.After
	return p.project(Pipeline{store}, &rest)
}

// countOnly tells whether a projection is a single count of what the pattern finds.
func (p *planner) countOnly(project *bind.Project, pattern *bind.Pattern) bool {
	if len(project.Items) != 0 || len(project.Aggregates) != 1 {
		return false
	}
	a := project.Aggregates[0]
	if a.Function.Name != "count" || a.Distinct {
		return false
	}
	if len(a.Args) == 0 {
		return true
	}
	v, ok := a.Args[0].(*ast.Variable)
	if !ok {
		return false
	}
	symbol := p.query.Refs[v]
	for _, node := range pattern.Nodes {
		if node.Symbol == symbol {
			return true
		}
	}
	return len(pattern.Relationships) == 1 && pattern.Relationships[0].Symbol == symbol
}

// countable says which figure of the graph is the number of matches.
func countable(pattern *bind.Pattern) *CountStore {
	for _, path := range pattern.Paths {
		if path.Symbol != nil {
			return nil
		}
	}
	for _, node := range pattern.Nodes {
		if node.Bound || len(node.Properties) > 0 || len(node.Wheres) > 0 || len(node.Labels) > 0 && len(pattern.Relationships) > 0 {
			return nil
		}
	}
	switch {
	case len(pattern.Nodes) == 1 && len(pattern.Relationships) == 0:
		return countNodes(pattern.Nodes[0])
	case len(pattern.Nodes) == 2 && len(pattern.Relationships) == 1:
		return countRelationships(pattern.Relationships[0])
	}
	return nil
}

func countNodes(node *bind.Node) *CountStore {
	if len(node.Labels) == 0 {
		return &CountStore{}
	}
	names, ok := ast.Conjunction(node.Labels[0])
	if !ok || len(names) != 1 || len(node.Labels) > 1 {
		return nil
	}
	return &CountStore{Label: names[0].Text}
}

func countRelationships(r *bind.Relationship) *CountStore {
	names, ok := ast.Disjunction(r.Types)
	if !ok || len(names) > 1 || r.Bound || r.Variable || len(r.Properties) > 0 || r.Where != nil ||
		r.Direction == ast.DirectionBoth || r.Left == r.Right {
		return nil
	}
	store := &CountStore{Relationships: true}
	if len(names) == 1 {
		store.Type = names[0].Text
	}
	return store
}
