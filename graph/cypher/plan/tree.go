package plan

import (
	"slices"
	"strings"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/bind"
)

// Node is one operator of a plan as a tree: the last operator is the root, and what gives it rows is its first child.
// Further children are the plans that stand within it.
type Node struct {
	Operator string
	// Details are what the operator does, in the words of the plan's text.
	Details string
	// Identifiers are the names that rows have behind it, sorted.
	Identifiers []string
	// EstimatedRows is about how many rows it passes on, by the figures of the graph that was planned on.
	EstimatedRows float64
	// Measured tells whether Rows and Hits were counted: by PROFILE.
	Measured bool
	// Rows is how many rows it passed on, Hits how often it looked at the graph.
	Rows, Hits uint64
	Children   []*Node
}

// Measure tells what an operator did in a run.
type Measure func(op Op) (rows, hits uint64)

// Tree is the plan with estimates by the figures of a graph; measure is nil for a plan that was not run.
func (p *Plan) Tree(g *graph.Graph, measure Measure) *Node {
	t := &treeMaker{plan: p, graph: g.Untracked(), measure: measure}
	root := &Node{Operator: "ProduceResults", Details: strings.Join(p.Query.Columns, ", "), Identifiers: outNames(p.Root.Bound.Out)}
	child := t.union(p.Root, 1, nil)
	root.EstimatedRows = child.EstimatedRows
	if measure != nil {
		root.Measured, root.Rows = true, child.Rows
	}
	if p.Query.Mode == ast.ModeExplain || len(p.Query.Columns) == 0 { // the columns are not the rows' own
		root.Details = strings.Join(root.Identifiers, ", ")
	}
	root.Children = []*Node{child}
	return root
}

type treeMaker struct {
	plan    *Plan
	graph   *graph.Graph
	measure Measure
}

// union is the tree of a union whose rows begin as so many rows with such names.
func (t *treeMaker) union(u *Union, rows float64, names []string) *Node {
	if len(u.Parts) == 1 {
		return t.pipeline(u.Parts[0], rows, names)
	}
	n := &Node{Operator: map[bool]string{true: "UnionAll", false: "Union"}[u.Bound.All], Identifiers: outNames(u.Bound.Out)}
	for _, part := range u.Parts {
		child := t.pipeline(part, rows, names)
		n.EstimatedRows += child.EstimatedRows
		n.Measured, n.Rows = child.Measured, n.Rows+child.Rows
		n.Children = append(n.Children, child)
	}
	return n
}

func (t *treeMaker) pipeline(p Pipeline, rows float64, names []string) *Node {
	before := &Node{Operator: "Argument", Identifiers: names, EstimatedRows: rows}
	var last Op
	for i, op := range p {
		node := t.operator(op, last, before)
		last = op
		if i > 0 || len(names) > 0 {
			node.Children = append([]*Node{before}, node.Children...)
		}
		before = node
	}
	return before
}

func (t *treeMaker) operator(op, last Op, before *Node) *Node {
	n := &Node{Identifiers: identifiers(op, last, before.Identifiers)}
	n.Operator, n.Details, _ = strings.Cut(op.line(), " ")
	inner := 1.0
	for _, part := range within(op) {
		child := t.union(part, 1, before.Identifiers)
		inner = child.EstimatedRows
		n.Children = append(n.Children, child)
	}
	for _, e := range expressions(op) {
		n.Children = append(n.Children, t.nested(e, before.Identifiers)...)
	}
	n.EstimatedRows = before.EstimatedRows
	if !rechecks(op, last) {
		n.EstimatedRows = rounded(t.estimate(op, before.EstimatedRows, inner))
	}
	if t.measure != nil {
		n.Measured = true
		n.Rows, n.Hits = t.measure(op)
	}
	return n
}

// nested are the plans of patterns and subqueries within an expression.
func (t *treeMaker) nested(e ast.Node, names []string) []*Node {
	var list []*Node
	t.plan.eachNested(e, func(p Pipeline, u *Union) {
		if u == nil {
			list = append(list, t.pipeline(p, 1, names))
		} else {
			list = append(list, t.union(u, 1, names))
		}
	})
	return list
}

// eachNested visits the plans of the outermost patterns and subqueries within an expression.
func (p *Plan) eachNested(e ast.Node, visit func(Pipeline, *Union)) {
	ast.Walk(e, func(n ast.Node) bool {
		if x, ok := n.(*ast.Subquery); ok {
			if u := p.Subqueries[x]; u != nil {
				visit(nil, u)
			}
			return false
		}
		if x, ok := n.(ast.Expr); ok {
			if line, ok := p.Patterns[x]; ok {
				visit(line, nil)
				return false
			}
		}
		return true
	})
}

// within are the pipelines that an operator runs for each of its rows.
func within(op Op) []*Union {
	one := func(p Pipeline) []*Union { return []*Union{{Parts: []Pipeline{p}}} }
	switch o := op.(type) {
	case *Optional:
		return one(o.Inner)
	case *Merge:
		return one(o.Match)
	case *Foreach:
		return one(o.Body)
	case *CallSubquery:
		return []*Union{o.Inner}
	}
	return nil
}

// expressions are what an operator computes, as far as patterns and subqueries may stand in it.
func expressions(op Op) []ast.Node {
	var list []ast.Node
	switch o := op.(type) {
	case *Filter:
		list = append(list, o.Expr)
	case *PropertyFilter:
		list = append(list, o.Test.Value)
	case *Unwind:
		list = append(list, o.Clause.List)
	case *Foreach:
		list = append(list, o.Clause.List)
	case *Project:
		for _, item := range o.Items {
			list = append(list, item.Expr)
		}
	case *Aggregate:
		for _, item := range o.Keys {
			list = append(list, item.Expr)
		}
		for _, a := range o.Aggregates {
			list = append(list, a.Call)
		}
	case *Sort:
		for _, key := range o.Keys {
			list = append(list, key.Expr)
		}
	}
	return list
}

// identifiers are the names that rows have behind an operator.
func identifiers(op, last Op, before []string) []string {
	var out []string
	switch o := op.(type) {
	case *Project:
		out = itemNames(o.Items)
		if a, ok := last.(*Aggregate); ok { // it computes what is made of the aggregates; the keys stay
			out = append(out, itemNames(a.Keys)...)
		}
	case *Aggregate:
		out = itemNames(o.Keys)
		for _, a := range o.Aggregates {
			out = append(out, ast.String(a.Call))
		}
	default:
		out = append(slices.Clone(before), given(op)...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// given are the names that an operator gives values to.
func given(op Op) []string {
	one := func(s *bind.Symbol) []string { return []string{name(s)} }
	switch o := op.(type) {
	case *AllNodes:
		return one(o.Node.Symbol)
	case *LabelScan:
		return one(o.Node.Symbol)
	case *NodeByID:
		return one(o.Node.Symbol)
	case *IndexScan:
		return one(o.symbol())
	case *TypeScan:
		return one(o.Relationship.Symbol)
	case *TakeRelationship:
		return []string{name(o.Relationship.Left.Symbol), name(o.Relationship.Symbol), name(o.Relationship.Right.Symbol)}
	case *Expand:
		return []string{name(o.Relationship.Symbol), name(o.To.Symbol)}
	case *VarExpand:
		return []string{name(o.Relationship.Symbol), name(o.To.Symbol)}
	case *TakeList:
		return one(o.To.Symbol)
	case *ShortestPath:
		return one(o.Relationship.Symbol)
	case *BuildPath:
		return one(o.Path.Symbol)
	case *Optional:
		return outNames(o.Nulls)
	case *Unwind:
		return one(o.Clause.Out)
	case *Call:
		return outNames(o.Clause.Out)
	case *CallSubquery:
		return outNames(o.Clause.Query.Out)
	case *Merge:
		return patternNames(o.Clause.Pattern)
	case *Create:
		return createdNames(o.Clause)
	case *CountStore:
		return []string{"count"}
	}
	return nil
}

func itemNames(items []bind.Item) []string {
	names := make([]string, len(items))
	for i, item := range items {
		names[i] = name(item.Out)
	}
	return names
}

func outNames(symbols []*bind.Symbol) []string {
	names := make([]string, len(symbols))
	for i, s := range symbols {
		names[i] = name(s)
	}
	return names
}

func patternNames(p *bind.Pattern) []string {
	var names []string
	for _, node := range p.Nodes {
		names = append(names, name(node.Symbol))
	}
	for _, r := range p.Relationships {
		names = append(names, name(r.Symbol))
	}
	return names
}

func createdNames(c *bind.Create) []string {
	var names []string
	for _, node := range c.Nodes {
		if node.Out != nil && node.Out.Name != "" {
			names = append(names, node.Out.Name)
		}
	}
	for _, r := range c.Relationships {
		if r.Out != nil && r.Out.Name != "" {
			names = append(names, r.Out.Name)
		}
	}
	return names
}
