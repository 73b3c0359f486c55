package plan

import (
	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/bind"
)

type planner struct {
	query   *bind.Query
	figures *statistics
	rules   Rules
	plan    *Plan
	// present are the properties that what a pattern finds is sure to have, by the pattern's own conditions.
	present map[property]bool
}

// Make plans a bound query that is no schema command, by the counts and indexes of a graph.
func Make(q *bind.Query, g *graph.Graph, rules Rules) *Plan {
	p := &planner{query: q, figures: &statistics{graph: g}, rules: rules, present: map[property]bool{}, plan: &Plan{
		Query: q, Rules: rules, Patterns: map[ast.Expr]Pipeline{}, Subqueries: map[*ast.Subquery]*Union{},
	}}
	for e, use := range q.Patterns {
		p.plan.Patterns[e] = p.patternUse(use)
	}
	for e, union := range q.Subqueries {
		p.plan.Subqueries[e] = p.union(union)
	}
	p.plan.Root = p.union(q.Root)
	p.plan.looks = p.figures.looks
	return p.plan
}

func (p *planner) patternUse(use *bind.PatternUse) Pipeline {
	return p.match(use.Pattern, conjuncts(use.Where))
}

func (p *planner) union(u *bind.Union) *Union {
	out := &Union{Bound: u}
	for _, part := range u.Parts {
		out.Parts = append(out.Parts, p.part(part))
	}
	return out
}

func (p *planner) part(part *bind.Part) Pipeline {
	if counted := p.count(part); counted != nil {
		return counted
	}
	return p.clauses(part.Clauses, nil)
}

func (p *planner) clauses(clauses []bind.Clause, line Pipeline) Pipeline {
	for i, clause := range clauses {
		line = p.clause(line, clause, i == len(clauses)-1)
	}
	return line
}

func (p *planner) clause(line Pipeline, clause bind.Clause, last bool) Pipeline {
	switch c := clause.(type) {
	case *bind.Match:
		return p.matchClause(line, c)
	case *bind.Unwind:
		return append(line, &Unwind{c})
	case *bind.Project:
		return p.project(line, c)
	case *bind.Create:
		return append(line, &Create{c, last})
	case *bind.Merge:
		return append(line, &Merge{c, p.match(c.Pattern, nil), last})
	case *bind.Update:
		return append(line, &Update{c, last})
	case *bind.Delete:
		return append(line, &Delete{c, last})
	case *bind.Foreach:
		return append(line, &Foreach{c, p.clauses(c.Body, nil), last})
	case *bind.Call:
		line = append(line, &Call{c})
		if c.Where != nil {
			line = append(line, &Filter{c.Where})
		}
	case *bind.CallSubquery:
		return append(line, &CallSubquery{c, p.union(c.Query), last})
	}
	return line
}

func (p *planner) matchClause(line Pipeline, c *bind.Match) Pipeline {
	inner := p.match(c.Pattern, conjuncts(c.Where))
	if !c.Optional {
		return append(line, inner...)
	}
	known := map[*bind.Symbol]bool{}
	for _, symbol := range c.Live {
		known[symbol] = true
	}
	optional := &Optional{Inner: inner}
	null := func(symbol *bind.Symbol) {
		if symbol != nil && !known[symbol] {
			known[symbol] = true
			optional.Nulls = append(optional.Nulls, symbol)
		}
	}
	for _, node := range c.Pattern.Nodes {
		null(node.Symbol)
	}
	for _, relationship := range c.Pattern.Relationships {
		null(relationship.Symbol)
	}
	for _, path := range c.Pattern.Paths {
		null(path.Symbol)
	}
	return append(line, optional)
}

func (p *planner) project(line Pipeline, c *bind.Project) Pipeline {
	if c.Aggregating {
		line = append(p.edge(line, c), &Aggregate{c.Items, c.Aggregates})
		if len(c.After) > 0 {
			line = append(line, &Project{c.After})
		}
	} else if len(c.Items) > 0 {
		line = append(line, &Project{c.Items})
	}
	if c.Distinct {
		line = append(line, &Distinct{c.Out})
	}
	if len(c.OrderBy) > 0 && !p.sorted(line, c) {
		s := &Sort{Keys: c.OrderBy, Out: c.Out}
		if p.rules.has(RuleTopK) && c.Limit != nil {
			s.Skip, s.Limit = c.Skip, c.Limit
		}
		if c.Where != nil {
			s.Out = append(append([]*bind.Symbol(nil), s.Out...), p.used(c.Where, c.Out)...)
		}
		line = append(line, s)
	}
	if c.Skip != nil {
		line = append(line, &Skip{c.Skip})
	}
	if c.Limit != nil {
		line = append(line, &Limit{c.Limit})
	}
	if c.Where != nil {
		line = append(line, &Filter{c.Where})
	}
	return line
}

// used lists the symbols that an expression reads and that are not among those given.
func (p *planner) used(e ast.Expr, except []*bind.Symbol) []*bind.Symbol {
	seen := map[*bind.Symbol]bool{}
	for _, symbol := range except {
		seen[symbol] = true
	}
	var list []*bind.Symbol
	p.visit(e, func(symbol *bind.Symbol) {
		if !seen[symbol] {
			seen[symbol] = true
			list = append(list, symbol)
		}
	})
	return list
}

// visit calls fn for each symbol that an expression uses, its own local ones too.
func (p *planner) visit(e ast.Node, fn func(*bind.Symbol)) {
	see := func(v *ast.Variable) {
		if v == nil {
			return
		}
		if symbol := p.query.Refs[v]; symbol != nil {
			fn(symbol)
		}
	}
	ast.Walk(e, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.Variable:
			see(x)
		case *ast.NodePattern:
			see(x.Variable)
		case *ast.RelationshipPattern:
			see(x.Variable)
		}
		return true
	})
}
