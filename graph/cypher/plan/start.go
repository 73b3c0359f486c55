package plan

import (
	"slices"
	"strings"

	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/bind"
	"github.com/hivellm/nexus/scripts/planted"
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
	if scan, r := o.relationshipStart(cost); scan != nil {
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

// relationshipFactor is what a relationship costs to begin at, compared to a node.
const relationshipFactor = 1.5

// relationshipStart is the cheapest relationship pattern to begin at: by its type or by an index. It is nil if beginning at
// a node costs less; what an index leaves out is then followed from those nodes too.
func (o *ordering) relationshipStart(nodeCost float64) (Op, *bind.Relationship) {
	var best Op
	var of *bind.Relationship
	try := func(r *bind.Relationship, op Op, count, against float64) {
		if cost := relationshipFactor * count; cost < against {
			best, of, nodeCost = op, r, cost
		}
	}
	for _, r := range o.pattern.Relationships {
		if o.done[r] || r.Bound || r.Variable || r.Shortest != ast.ShortestNone || o.visited[r.Left] || o.visited[r.Right] {
			continue
		}
		scan, count := o.typeScan(r)
		if scan == nil {
			continue
		}
		if o.rules.has(RuleTypeScan) {
			try(r, scan, count, nodeCost)
		}
		if (len(scan.Types) == 1 || planted.On("relationship-index-first-type")) && o.rules.has(RuleRelationshipIndex) {
			if op, rows := o.index(ofRelationship(r), scan.Types[0], count); op != nil {
				try(r, op, rows, nodeCost*(1+count/max(1, o.figures.nodes())))
			}
		}
	}
	return best, of
}

// typeScan is the scan of a relationship pattern's types, and how many there are; nil where it is no plain list of types.
func (o *ordering) typeScan(r *bind.Relationship) (*TypeScan, float64) {
	names, plain := ast.Disjunction(r.Types)
	if !plain || len(names) == 0 {
		return nil, 0
	}
	scan, count := &TypeScan{Relationship: r}, 0.0
	for _, name := range names {
		if slices.Contains(scan.Types, name.Text) {
			continue
		}
		scan.Types = append(scan.Types, name.Text)
		count += o.figures.typ(name.Text)
	}
	return scan, count
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
		if index, c := o.index(ofNode(node), name, count); index != nil && c < cost {
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
	case *IndexScan:
		return o.Over
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

// given tells whether an expression can be computed before the next node is found.
func (o *ordering) given(e ast.Expr) bool {
	for _, symbol := range o.needs(e) {
		if !o.known[symbol] {
			return false
		}
	}
	return true
}
