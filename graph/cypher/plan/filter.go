package plan

import (
	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/bind"
)

// condition is a part of what a pattern demands, with the pattern's own symbols that it needs.
type condition struct {
	expr ast.Expr
	// test is set instead of expr for a property within the pattern.
	test  *PropertyFilter
	needs []*bind.Symbol
	// placed is true once it stands in the line.
	placed bool
}

// PropertyFilter checks a property that a pattern demands of a node or of a relationship of fixed length.
type PropertyFilter struct {
	Symbol *bind.Symbol
	Test   bind.PropertyTest
}

// conjuncts splits a condition at its ANDs.
func conjuncts(e ast.Expr) []ast.Expr {
	if e == nil {
		return nil
	}
	if b, ok := e.(*ast.Binary); ok && b.Operator == ast.OpAnd {
		return append(conjuncts(b.Left), conjuncts(b.Right)...)
	}
	return []ast.Expr{e}
}

// gather collects all conditions of the pattern.
func (o *ordering) gather(where []ast.Expr) {
	for _, node := range o.pattern.Nodes {
		for _, test := range node.Properties {
			o.property(node.Symbol, test)
		}
		for _, e := range node.Wheres {
			o.conditions(conjuncts(e))
		}
	}
	for _, r := range o.pattern.Relationships {
		if !r.Variable {
			for _, test := range r.Properties {
				o.property(r.Symbol, test)
			}
		}
		o.conditions(conjuncts(r.Where))
	}
	o.conditions(where)
	for _, c := range o.filters {
		for _, of := range o.demands(c) {
			if o.owned[of.symbol] {
				o.present[of] = true
			}
		}
	}
}

func (o *ordering) property(symbol *bind.Symbol, test bind.PropertyTest) {
	c := &condition{test: &PropertyFilter{symbol, test}}
	c.needs = o.needs(test.Value)
	if o.owned[symbol] {
		c.needs = append(c.needs, symbol)
	}
	o.filters = append(o.filters, c)
}

func (o *ordering) conditions(list []ast.Expr) {
	for _, e := range list {
		o.filters = append(o.filters, &condition{expr: e, needs: o.needs(e)})
	}
}

// needs lists the pattern's own symbols that an expression reads.
func (o *ordering) needs(e ast.Expr) []*bind.Symbol {
	var list []*bind.Symbol
	o.visit(e, func(symbol *bind.Symbol) {
		if o.owned[symbol] {
			list = append(list, symbol)
		}
	})
	return list
}

// flush puts into the line every condition whose symbols are known, or all that are left.
func (o *ordering) flush(all bool) {
	for _, c := range o.filters {
		if c.placed || !all && !o.ready(c) {
			continue
		}
		if !all && !o.rules.has(RulePushFilters) {
			continue
		}
		c.placed = true
		if c.test != nil {
			o.line = append(o.line, c.test)
		} else {
			o.line = append(o.line, &Filter{c.expr})
		}
	}
}

func (o *ordering) ready(c *condition) bool {
	for _, symbol := range c.needs {
		if !o.known[symbol] {
			return false
		}
	}
	return true
}
