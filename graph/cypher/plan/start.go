package plan

import (
	"slices"
	"strings"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/bind"
)

// start finds the next place to begin, and begins there; false when every node is known.
func (o *ordering) start() bool {
	var best *bind.Node
	var bestOp Op
	cost := 0.0
	for _, node := range o.pattern.Nodes {
		if o.visited[node] {
			continue
		}
		op, c := o.access(node)
		if best == nil || o.rules.has(RuleStartByCounts) && c < cost {
			best, bestOp, cost = node, op, c
		}
	}
	if best == nil {
		return false
	}
	if scan := o.typeScan(cost); scan != nil {
		r := scan.Relationship
		o.done[r] = true
		o.line = append(o.line, scan)
		unique := append([]*bind.Relationship(nil), o.taken...)
		o.taken = append(o.taken, r)
		o.takeEnds(r, unique)
		return true
	}
	o.line = append(o.line, bestOp)
	o.arriveBy(best, scanned(bestOp))
	return true
}

// typeScanFactor is what a relationship costs to begin at, compared to a node.
const typeScanFactor = 1.5

// typeScan is the relationship pattern with the fewest relationships of its types, nil if beginning at a node costs less.
func (o *ordering) typeScan(nodeCost float64) *TypeScan {
	var best *TypeScan
	if !o.rules.has(RuleTypeScan) {
		return nil
	}
	for _, r := range o.pattern.Relationships {
		if o.done[r] || r.Bound || r.Variable || r.Shortest != ast.ShortestNone || o.visited[r.Left] || o.visited[r.Right] {
			continue
		}
		names, plain := ast.Disjunction(r.Types)
		if !plain || len(names) == 0 {
			continue
		}
		scan, count := &TypeScan{Relationship: r}, 0.0
		for _, name := range names {
			if slices.Contains(scan.Types, name.Text) {
				continue
			}
			scan.Types = append(scan.Types, name.Text)
			count += o.figures.typ(name.Text)
		}
		if typeScanFactor*count < nodeCost {
			best, nodeCost = scan, typeScanFactor*count
		}
	}
	return best
}

// access is the cheapest way to find a node's candidates, and about how many there are.
func (o *ordering) access(node *bind.Node) (Op, float64) {
	if op := o.byID(node); op != nil {
		return op, byIDCost
	}
	cost := o.figures.nodes()
	var op Op = &AllNodes{node}
	for _, name := range labels(node) {
		count := o.figures.label(name)
		if o.rules.has(RuleLabelScan) && (count < cost || isAll(op)) {
			op, cost = &LabelScan{node, name}, count
		}
		if index, c := o.index(node, name, count); index != nil && c < cost {
			op, cost = index, c
		}
	}
	return op, cost
}

// byIDCost makes a look-up by id win over everything else.
const byIDCost = -2

// byID is a look-up by id(n) or elementId(n), nil where no condition names one that is known.
func (o *ordering) byID(node *bind.Node) Op {
	if !o.rules.has(RuleNodeByID) {
		return nil
	}
	for _, c := range o.filters {
		b, ok := c.expr.(*ast.Binary)
		if !ok || b.Operator != ast.OpEqual {
			continue
		}
		for _, side := range [2][2]ast.Expr{{b.Left, b.Right}, {b.Right, b.Left}} {
			if element, ok := o.isID(side[0], node); ok && o.given(side[1]) {
				return &NodeByID{Node: node, Value: side[1], Element: element}
			}
		}
	}
	return nil
}

// isID tells whether an expression is id(node) or elementId(node).
func (o *ordering) isID(e ast.Expr, node *bind.Node) (element, ok bool) {
	call, isCall := e.(*ast.FunctionCall)
	if !isCall || len(call.Args) != 1 {
		return false, false
	}
	v, isVariable := call.Args[0].(*ast.Variable)
	if !isVariable || o.query.Refs[v] != node.Symbol {
		return false, false
	}
	switch name := call.FullName(); {
	case strings.EqualFold(name, "id"):
		return false, true
	case strings.EqualFold(name, "elementId"):
		return true, true
	}
	return false, false
}

// scanned is the label by which an operator finds nodes.
func scanned(op Op) string {
	switch o := op.(type) {
	case *LabelScan:
		return o.Label
	case *IndexSeek:
		return o.Label
	case *IndexRange:
		return o.Label
	}
	return ""
}

func isAll(op Op) bool { _, ok := op.(*AllNodes); return ok }

// labels are the names that a node must have.
func labels(node *bind.Node) []string {
	var list []string
	for _, e := range node.Labels {
		names, ok := ast.Conjunction(e)
		if !ok {
			continue
		}
		for _, name := range names {
			list = append(list, name.Text)
		}
	}
	return list
}

// smallCost makes an index win over a scan of a label that is small or empty.
const smallCost = 0.5

// index is the best use of an index on the label.
func (o *ordering) index(node *bind.Node, label string, count float64) (Op, float64) {
	var best Op
	cost := 0.0
	for _, d := range o.figures.indexes(label) {
		op, c := o.indexUse(node, d, count)
		if op != nil && (best == nil || c < cost) {
			best, cost = op, c
		}
	}
	return best, min(cost, max(count-smallCost, 0)-smallCost)
}

func (o *ordering) indexUse(node *bind.Node, d graph.IndexDefinition, count float64) (Op, float64) {
	distinct := max(1, o.figures.distinct(d.Name))
	if values := o.equals(node, d.Properties); values != nil && o.rules.has(RuleIndexSeek) {
		return &IndexSeek{Node: node, Label: d.LabelOrType, Keys: d.Properties, Values: values}, count / distinct
	}
	if len(d.Properties) != 1 {
		return nil, 0
	}
	if list := o.in(node, d.Properties[0]); list != nil && o.rules.has(RuleIndexIn) {
		return &IndexSeek{
			Node: node, Label: d.LabelOrType, Keys: d.Properties, Values: []ast.Expr{list}, In: true,
		}, 4 * count / distinct
	}
	from, to := o.bounds(node, d.Properties[0])
	if (from != nil || to != nil) && o.rules.has(RuleIndexRange) {
		return &IndexRange{Node: node, Label: d.LabelOrType, Key: d.Properties[0], From: from, To: to}, count / 3
	}
	return nil, 0
}

// equals finds, for each key, a value that is known and that the node's property must equal; nil if one is missing.
func (o *ordering) equals(node *bind.Node, keys []string) []ast.Expr {
	var values []ast.Expr
	for _, key := range keys {
		value := o.equal(node, key)
		if value == nil {
			return nil
		}
		values = append(values, value)
	}
	return values
}

func (o *ordering) equal(node *bind.Node, key string) ast.Expr {
	for _, c := range o.filters {
		if c.test != nil && c.test.Symbol == node.Symbol && c.test.Test.Key == key && o.given(c.test.Test.Value) {
			return c.test.Test.Value
		}
		if b, ok := c.expr.(*ast.Binary); ok && b.Operator == ast.OpEqual {
			if o.isProperty(b.Left, node, key) && o.given(b.Right) {
				return b.Right
			}
			if o.isProperty(b.Right, node, key) && o.given(b.Left) {
				return b.Left
			}
		}
	}
	return nil
}

func (o *ordering) in(node *bind.Node, key string) ast.Expr {
	for _, c := range o.filters {
		if b, ok := c.expr.(*ast.Binary); ok && b.Operator == ast.OpIn && o.isProperty(b.Left, node, key) && o.given(b.Right) {
			return b.Right
		}
	}
	return nil
}

// bounds finds the comparisons of a property with known values.
func (o *ordering) bounds(node *bind.Node, key string) (from, to *Bound) {
	for _, c := range o.filters {
		b, ok := c.expr.(*ast.Binary)
		if !ok || !b.Operator.Compares() {
			continue
		}
		operator, value := b.Operator, b.Right
		if o.isProperty(b.Right, node, key) {
			operator, value = mirror(operator), b.Left
		} else if !o.isProperty(b.Left, node, key) {
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

func (o *ordering) isProperty(e ast.Expr, node *bind.Node, key string) bool {
	p, ok := e.(*ast.Property)
	if !ok || p.Key.Text != key {
		return false
	}
	v, ok := p.Target.(*ast.Variable)
	return ok && o.query.Refs[v] == node.Symbol
}

// given tells whether an expression can be computed before the next node is found.
func (o *ordering) given(e ast.Expr) bool {
	for _, symbol := range o.needs(e) {
		if !o.known[symbol] {
			return false
		}
	}
	return true
}
