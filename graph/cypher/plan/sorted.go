package plan

import (
	"slices"

	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/bind"
)

// sorted makes the rows of a line come in the order that a projection behind it asks for, by walking an index in order; false
// where none can. What is in order then needs no Sort, and a LIMIT ends the walk.
func (p *planner) sorted(line Pipeline, c *bind.Project) bool {
	if !p.rules.has(RuleIndexOrder) || c.Aggregating || len(c.OrderBy) == 0 {
		return false
	}
	descending := c.OrderBy[0].Descending
	keys := make([]property, 0, len(c.OrderBy))
	for _, key := range c.OrderBy {
		of := p.origin(key.Expr, line)
		if of.symbol == nil || key.Descending != descending {
			return false
		}
		keys = append(keys, of)
	}
	return p.walkInOrder(line, keys, walking{order: order(descending), nulls: true, partly: c.Limit != nil})
}

func order(descending bool) Order {
	if descending {
		return Descending
	}
	return Ascending
}

// edge puts the least or greatest first where a projection asks for nothing but min or max of a property, and lets only
// that row pass.
func (p *planner) edge(line Pipeline, c *bind.Project) Pipeline {
	if !p.rules.has(RuleIndexEdge) || !c.Aggregating || len(c.Items) > 0 || len(c.Aggregates) != 1 {
		return line
	}
	a := c.Aggregates[0]
	if len(a.Args) != 1 || a.Function.Name != "min" && a.Function.Name != "max" {
		return line
	}
	of := p.origin(a.Args[0], line)
	if of.symbol == nil || !p.walkInOrder(line, []property{of}, walking{order: order(a.Function.Name == "max"), partly: true}) {
		return line
	}
	return append(line, &Limit{Count: &ast.IntegerLiteral{Value: 1}})
}

// origin says which property of which symbol of a pattern an expression behind a line is; no symbol where it is none.
func (p *planner) origin(e ast.Expr, line Pipeline) property {
	at := p.read(e, line)
	for i := len(line) - 1; i >= 0 && at.symbol != nil; i-- {
		if project, ok := line[i].(*Project); ok {
			at = p.before(at, project.Items)
		}
	}
	if at.key == "" {
		return property{}
	}
	return at
}

// read is what an expression behind a line reads: a property, or with no key the symbol itself.
func (p *planner) read(e ast.Expr, line Pipeline) property {
	if slot, shared := p.query.Slots[e]; shared { // what a projection has computed already
		for i := len(line) - 1; i >= 0; i-- {
			if project, ok := line[i].(*Project); ok {
				for _, item := range project.Items {
					if item.Out.Slot == slot {
						return property{symbol: item.Out}
					}
				}
			}
		}
		return property{}
	}
	if v, ok := e.(*ast.Variable); ok {
		return property{symbol: p.query.Refs[v]}
	}
	symbol, key := p.propertyOf(e)
	return property{symbol, key}
}

// before says what something was before a projection.
func (p *planner) before(at property, items []bind.Item) property {
	for _, item := range items {
		if item.Out != at.symbol {
			continue
		}
		was := p.read(item.Expr, nil)
		switch {
		case at.key == "":
			return was
		case was.key == "":
			return property{was.symbol, at.key}
		}
		return property{}
	}
	return at
}

// walking is how an index is walked in order.
type walking struct {
	order  Order
	nulls  bool // rows without the property are wanted too
	partly bool // only the first rows are wanted
}

// walkInOrder makes a line begin with an index that is walked in the order of properties, all of one symbol; false where it
// cannot, or where that would not be the order in which the rows come out.
func (p *planner) walkInOrder(line Pipeline, keys []property, how walking) bool {
	at := slices.IndexFunc(line, func(op Op) bool { _, filter := op.(*Filter); return !filter })
	if at < 0 || slices.ContainsFunc(line[at+1:], reorders) {
		return false
	}
	var names []string
	for _, key := range keys {
		if key.symbol != keys[0].symbol {
			return false
		}
		names = append(names, key.key)
	}
	var whole *IndexScan
	switch first := line[at].(type) {
	case *IndexScan:
		if first.symbol() != keys[0].symbol || first.In != nil || !slices.Equal(first.Keys[len(first.Equal):], without(names, first.Keys[:len(first.Equal)])) {
			return false
		}
		first.Order = how.order
		return true
	case *LabelScan:
		whole = p.wholeIndex(ofNode(first.Node), first.Label, names, how.nulls)
	case *TypeScan:
		whole = p.wholeTypeIndex(first.Relationship, first.Types, names, how.nulls)
	case *AllNodes:
		if e := followed(line[at:], first); e != nil && how.partly {
			if whole = p.wholeTypeIndex(e.Relationship, typeNames(e.Relationship), names, how.nulls); whole != nil && whole.symbol() == keys[0].symbol {
				line[at+1] = &TakeRelationship{Relationship: e.Relationship}
			}
		}
	}
	if whole == nil || whole.symbol() != keys[0].symbol || !how.partly && filters(line) {
		return false
	}
	whole.Order = how.order
	line[at] = whole
	return true
}

// followed is the relationship pattern that a line begins with, where it begins at all nodes; nil for any other.
func followed(line Pipeline, from *AllNodes) *Expand {
	if len(line) < 2 {
		return nil
	}
	e, ok := line[1].(*Expand)
	if !ok || e.Into || e.From != from.Node || len(e.Unique) > 0 {
		return nil
	}
	return e
}

func typeNames(r *bind.Relationship) (list []string) {
	names, _ := ast.Disjunction(r.Types)
	for _, name := range names {
		list = append(list, name.Text)
	}
	return list
}

func (p *planner) wholeTypeIndex(r *bind.Relationship, types, names []string, nulls bool) *IndexScan {
	if len(types) != 1 || !p.rules.has(RuleRelationshipIndex) {
		return nil
	}
	return p.wholeIndex(ofRelationship(r), types[0], names, nulls)
}

// without leaves the names out that have one value.
func without(names, fixed []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(fixed, name) })
}

// wholeIndex is the walk of all of an index over exactly these properties. What lacks one of them is not in it: it can be
// found beside an index of one property only.
func (p *planner) wholeIndex(x indexed, over string, names []string, nulls bool) *IndexScan {
	for _, d := range p.figures.indexes(x.entity(), over) {
		if !slices.Equal(d.Properties, names) {
			continue
		}
		op := &IndexScan{Node: x.node, Relationship: x.relationship, Over: over, Keys: d.Properties}
		for _, name := range names {
			if !p.present[property{x.symbol, name}] && !p.keptPresent(x, over, name) {
				op.Nulls = nulls
			}
		}
		if !op.Nulls || len(names) == 1 {
			return op
		}
	}
	return nil
}

// reorders tells whether an operator passes rows on in another order than they come in, or not all rows of one in a row.
func reorders(op Op) bool {
	switch op.(type) {
	case *AllNodes, *LabelScan, *NodeByID, *TypeScan, *IndexScan, *CheckNode, *NodeFilter, *PropertyFilter, *Filter,
		*TakeRelationship, *Expand, *VarExpand, *TakeList, *ShortestPath, *BuildPath, *Optional, *Unwind, *Project, *Distinct:
		return false
	}
	return true
}

// filters tells whether conditions stand in a line: few rows may be left to sort, and be cheaper to find in another order.
func filters(line Pipeline) bool {
	return slices.ContainsFunc(line, func(op Op) bool {
		switch op.(type) {
		case *Filter, *PropertyFilter:
			return true
		}
		return false
	})
}
