package plan

import (
	"math"
	"slices"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/bind"
	"github.com/hivellm/nexus/scripts/planted"
)

// Order is the order in which an index is walked, where that matters.
type Order uint8

// The orders.
const (
	Unordered Order = iota
	Ascending
	Descending
)

// IndexScan finds nodes, or relationships, by an index: those whose first properties equal values and whose next one is
// equal to one of a list, begins with a text, or lies between bounds. Where the graph lacks the index it looks at all that
// have the label or type, in the same order.
type IndexScan struct {
	// One of the two is set.
	Node         *bind.Node
	Relationship *bind.Relationship
	// Over is the label or type, Keys are the index's properties.
	Over string
	Keys []string
	// Equal are what the first properties must equal. At most one of In, StartsWith and the bounds is set.
	Equal      []ast.Expr
	In         ast.Expr
	StartsWith ast.Expr
	From, To   *Bound
	Order      Order
	// Nulls says that those without the property are found too, at their place in the order. The index has one property.
	Nulls bool
}

// Bound is one end of a range.
type Bound struct {
	Value     ast.Expr
	Inclusive bool
}

// symbol is what the scan gives a value to.
func (o *IndexScan) symbol() *bind.Symbol {
	if o.Relationship != nil {
		return o.Relationship.Symbol
	}
	return o.Node.Symbol
}

// used are the properties that decide what is found.
func (o *IndexScan) used() []string {
	n := len(o.Equal)
	if o.In != nil || o.StartsWith != nil || o.From != nil || o.To != nil {
		n++
	}
	return o.Keys[:n]
}

// indexed is what an index may find: a node or a relationship of a pattern.
type indexed struct {
	node         *bind.Node
	relationship *bind.Relationship
	symbol       *bind.Symbol
}

func ofNode(n *bind.Node) indexed { return indexed{node: n, symbol: n.Symbol} }

func ofRelationship(r *bind.Relationship) indexed { return indexed{relationship: r, symbol: r.Symbol} }

func (x indexed) entity() graph.EntityKind {
	if x.relationship != nil {
		return graph.RelationshipEntity
	}
	return graph.NodeEntity
}

// What is taken to pass where nothing is known of a part of an index.
const (
	inFactor    = 4 // values of a list
	prefixShare = 0.25
	spanShare   = 1.0 / 3
	// existsFactor is what it costs to walk an index instead of all that have the label.
	existsFactor = 1.25
)

// smallCost makes an index win over a scan of a label that is small or empty.
const smallCost = 0.5

// index is the best use of an index on the label or type, and about how many it finds; count is how many have the label.
func (o *ordering) index(x indexed, over string, count float64) (Op, float64) {
	var best *IndexScan
	cost := 0.0
	for _, d := range o.figures.indexes(x.entity(), over) {
		op, rows := o.indexUse(x, d)
		switch {
		case op == nil:
		case len(op.used()) == 0 && existsFactor*rows >= count:
		case best == nil || rows < cost:
			best, cost = op, rows
		}
	}
	if best == nil {
		return nil, 0
	}
	return best, min(cost, max(count-smallCost, 0)-smallCost)
}

// indexUse is how one index answers the most of what is demanded; nil where it answers nothing, or would miss something: an
// entity that lacks one of the properties is not in it.
func (o *ordering) indexUse(x indexed, d graph.IndexDefinition) (*IndexScan, float64) {
	op := &IndexScan{Node: x.node, Relationship: x.relationship, Over: d.LabelOrType, Keys: d.Properties}
	for _, key := range d.Properties {
		value := o.equal(x.symbol, key)
		if value == nil || !o.rules.has(RuleIndexSeek) {
			break
		}
		op.Equal = append(op.Equal, value)
	}
	if len(op.Equal) < len(op.Keys) {
		o.narrow(op, op.Keys[len(op.Equal)])
		if len(op.Keys) > 1 && !o.rules.has(RuleIndexComposite) {
			return nil, 0
		}
	}
	used := len(op.used())
	if used == 0 && (!o.rules.has(RuleIndexExists) || !o.rejectsNull(x.symbol, op.Keys[0])) {
		return nil, 0
	}
	for _, key := range op.Keys[used:] {
		if !o.surelyHas(x, op.Over, key) && !planted.On("composite-misses-absent") {
			return nil, 0
		}
	}
	return op, o.found(op, d.Name)
}

// narrow finds what is demanded of the property behind those that equal values.
func (o *ordering) narrow(op *IndexScan, key string) {
	symbol := op.symbol()
	if list := o.in(symbol, key); list != nil && o.rules.has(RuleIndexIn) {
		op.In = list
		return
	}
	if text := o.operand(symbol, key, ast.OpStartsWith); text != nil && o.rules.has(RuleIndexPrefix) {
		op.StartsWith = text
		return
	}
	if o.rules.has(RuleIndexRange) {
		op.From, op.To = o.bounds(symbol, key)
	}
}

// found is about how many entries an index has for a use.
func (o *ordering) found(op *IndexScan, name string) float64 {
	entries, distinct := o.figures.entries(name), max(1, o.figures.distinct(name))
	share := func(equal int) float64 { return math.Pow(distinct, -float64(equal)/float64(len(op.Keys))) }
	rows := entries * share(len(op.Equal))
	switch {
	case op.In != nil:
		return min(rows, inFactor*entries*share(len(op.Equal)+1))
	case op.StartsWith != nil:
		return rows * prefixShare
	case op.From != nil || op.To != nil:
		return rows * spanShare
	}
	return rows
}

// equal is a known value that a property must equal.
func (o *ordering) equal(symbol *bind.Symbol, key string) ast.Expr {
	for _, c := range o.filters {
		if c.test != nil && c.test.Symbol == symbol && c.test.Test.Key == key && o.given(c.test.Test.Value) {
			return c.test.Test.Value
		}
		if b, ok := c.expr.(*ast.Binary); ok && b.Operator == ast.OpEqual {
			if o.isProperty(b.Left, symbol, key) && o.given(b.Right) {
				return b.Right
			}
			if o.isProperty(b.Right, symbol, key) && o.given(b.Left) {
				return b.Left
			}
		}
	}
	return nil
}

func (o *ordering) in(symbol *bind.Symbol, key string) ast.Expr {
	return o.operand(symbol, key, ast.OpIn)
}

// operand is what stands, known, behind an operator with the property before it.
func (o *ordering) operand(symbol *bind.Symbol, key string, operator ast.Operator) ast.Expr {
	for _, c := range o.filters {
		if b, ok := c.expr.(*ast.Binary); ok && b.Operator == operator && o.isProperty(b.Left, symbol, key) && o.given(b.Right) {
			return b.Right
		}
	}
	return nil
}

// bounds finds the comparisons of a property with known values.
func (o *ordering) bounds(symbol *bind.Symbol, key string) (from, to *Bound) {
	for _, c := range o.filters {
		b, ok := c.expr.(*ast.Binary)
		if !ok || !b.Operator.Compares() {
			continue
		}
		operator, value := b.Operator, b.Right
		if o.isProperty(b.Right, symbol, key) {
			operator, value = mirror(operator), b.Left
		} else if !o.isProperty(b.Left, symbol, key) {
			continue
		}
		if !o.given(value) {
			continue
		}
		switch operator {
		case ast.OpLess, ast.OpLessEqual:
			to = &Bound{value, operator == ast.OpLessEqual}
		case ast.OpGreater, ast.OpGreaterEqual:
			from = &Bound{value, operator == ast.OpGreaterEqual}
		}
	}
	return from, to
}

func mirror(o ast.Operator) ast.Operator {
	switch o {
	case ast.OpLess:
		return ast.OpGreater
	case ast.OpLessEqual:
		return ast.OpGreaterEqual
	case ast.OpGreater:
		return ast.OpLess
	case ast.OpGreaterEqual:
		return ast.OpLessEqual
	}
	return o
}

func (o *ordering) isProperty(e ast.Expr, symbol *bind.Symbol, key string) bool {
	of, found := o.propertyOf(e)
	return of == symbol && found == key
}

// propertyOf says of what symbol an expression is which property; nil where it is none.
func (p *planner) propertyOf(e ast.Expr) (*bind.Symbol, string) {
	if x, ok := e.(*ast.Property); ok {
		if v, ok := x.Target.(*ast.Variable); ok {
			return p.query.Refs[v], x.Key.Text
		}
	}
	return nil, ""
}

// surelyHas tells whether what the pattern finds has a property, by a condition or by a constraint.
func (o *ordering) surelyHas(x indexed, over, key string) bool {
	return o.rejectsNull(x.symbol, key) || o.keptPresent(x, over, key)
}

// keptPresent tells whether a constraint keeps a property present for all that a statement can see. One that writes may see
// entities that do not keep the constraint yet.
func (p *planner) keptPresent(x indexed, over, key string) bool {
	return !p.query.Writes && slices.Contains(p.figures.demanded(x.entity(), over), key)
}

// rejectsNull tells whether a condition can only hold where the property is there.
func (o *ordering) rejectsNull(symbol *bind.Symbol, key string) bool {
	return slices.ContainsFunc(o.filters, func(c *condition) bool {
		return slices.Contains(o.demands(c), property{symbol, key})
	})
}

// property is one of a symbol's properties.
type property struct {
	symbol *bind.Symbol
	key    string
}

// demands are the properties without which a condition cannot hold.
func (o *ordering) demands(c *condition) (list []property) {
	if c.test != nil {
		return []property{{c.test.Symbol, c.test.Test.Key}}
	}
	add := func(e ast.Expr) {
		if symbol, key := o.propertyOf(e); symbol != nil {
			list = append(list, property{symbol, key})
		}
	}
	switch e := c.expr.(type) {
	case *ast.IsNull:
		if e.Negated {
			add(e.Operand)
		}
	case *ast.Binary:
		switch {
		case e.Operator.Compares():
			add(e.Left)
			add(e.Right)
		case e.Operator == ast.OpIn, e.Operator == ast.OpStartsWith, e.Operator == ast.OpEndsWith, e.Operator == ast.OpContains,
			e.Operator == ast.OpMatches:
			add(e.Left)
		}
	}
	return list
}
