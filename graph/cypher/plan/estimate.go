package plan

import (
	"math"
	"slices"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/bind"
)

// What is taken to hold where nothing is known.
const (
	equalShare = 0.1 // of rows that an equality lets pass
	rangeShare = 0.3 // of rows that any other condition lets pass
	listLength = 10  // of a list
	mostSteps  = 5   // of a path of variable length
)

// mostRows is where estimates end.
const mostRows = 1e15

// rounded is an estimate as it is shown: with two decimals.
func rounded(rows float64) float64 { return math.Round(100*min(rows, mostRows)) / 100 }

// estimate is about how many rows an operator passes on, given how many come and, for one with a pipeline within it, how
// many that has for one row. It says what a person may expect; no choice of the planner rests on it.
func (t *treeMaker) estimate(op Op, rows, inner float64) float64 {
	switch o := op.(type) {
	case *AllNodes:
		return rows * t.nodes()
	case *LabelScan:
		return rows * t.label(o.Label)
	case *NodeByID:
		return rows
	case *IndexScan:
		return rows * t.indexed(o)
	case *TypeScan:
		return rows * t.types(o.Types)
	case *TakeRelationship:
		if o.Relationship.Direction == ast.DirectionBoth && !o.LeftKnown && !o.RightKnown {
			return 2 * rows
		}
		return rows
	case *NodeFilter:
		return rows * t.labelled(o.Node)
	case *PropertyFilter:
		return rows * equalShare
	case *Filter:
		return rows * share(o.Expr)
	case *Expand:
		return rows * t.degree(o)
	case *VarExpand:
		return rows * t.walks(&o.Expand)
	default:
		return estimateClause(op, rows, inner)
	}
}

func estimateClause(op Op, rows, inner float64) float64 {
	switch o := op.(type) {
	case *Optional:
		return rows * max(1, inner)
	case *Unwind:
		if list, ok := o.Clause.List.(*ast.ListLiteral); ok {
			return rows * float64(len(list.Items))
		}
		return rows * listLength
	case *Aggregate:
		if len(o.Keys) == 0 {
			return 1
		}
		return math.Sqrt(rows)
	case *CountStore:
		return 1
	case *Sort:
		return literal(o.Limit, rows, math.Min)
	case *Limit:
		return literal(o.Count, rows, math.Min)
	case *Skip:
		return literal(o.Count, rows, func(rows, n float64) float64 { return max(rows-n, 0) })
	case *Merge:
		return rows * max(1, inner)
	case *CallSubquery:
		if o.Clause.Returns {
			return rows * inner
		}
	case *Call:
		return rows * listLength
	}
	return rows
}

// rechecks tells whether a filter only looks again at what the index before it was asked.
func rechecks(op, last Op) bool {
	scan, ok := last.(*IndexScan)
	if !ok {
		return false
	}
	symbol, keys := scan.symbol(), scan.used()
	switch o := op.(type) {
	case *PropertyFilter:
		return o.Symbol == symbol && slices.Contains(keys, o.Test.Key)
	case *Filter:
		b, ok := o.Expr.(*ast.Binary)
		return ok && (isKeyOf(b.Left, symbol, keys) || isKeyOf(b.Right, symbol, keys))
	}
	return false
}

func isKeyOf(e ast.Expr, symbol *bind.Symbol, keys []string) bool {
	p, ok := e.(*ast.Property)
	if !ok || !slices.Contains(keys, p.Key.Text) {
		return false
	}
	v, ok := p.Target.(*ast.Variable)
	return ok && v.Name == symbol.Name
}

// literal joins rows with a number that stands in the text, if there is one.
func literal(e ast.Expr, rows float64, join func(rows, n float64) float64) float64 {
	if n, ok := e.(*ast.IntegerLiteral); ok {
		return join(rows, float64(n.Value))
	}
	return rows
}

// share is about what part of the rows a condition lets pass.
func share(e ast.Expr) float64 {
	b, ok := e.(*ast.Binary)
	if !ok {
		return rangeShare
	}
	switch b.Operator {
	case ast.OpEqual:
		return equalShare
	case ast.OpAnd:
		return share(b.Left) * share(b.Right)
	case ast.OpOr:
		return min(1, share(b.Left)+share(b.Right))
	}
	return rangeShare
}

func (t *treeMaker) nodes() float64 { return float64(t.graph.Meta().Nodes) }

func (t *treeMaker) label(name string) float64 {
	return float64(answer(t.graph, lookLabel, name).number)
}

func (t *treeMaker) types(names []string) float64 {
	n := 0.0
	for _, name := range names {
		n += float64(answer(t.graph, lookType, name).number)
	}
	return n
}

// indexed is about how many an index has for one look-up.
func (t *treeMaker) indexed(o *IndexScan) float64 {
	all, entries, distinct := t.covered(o)
	share := func(equal int) float64 { return math.Pow(distinct, -float64(equal)/float64(len(o.Keys))) }
	rows := entries * share(len(o.Equal))
	switch {
	case o.In != nil:
		length := float64(listLength)
		if list, ok := o.In.(*ast.ListLiteral); ok {
			length = float64(len(list.Items))
		}
		return length * entries * share(len(o.Equal)+1)
	case o.StartsWith != nil, o.From != nil, o.To != nil:
		return rows * rangeShare
	case o.Nulls:
		return all
	}
	return rows
}

// covered is how many have the label or type of an index, how many entries it has, and of how many distinct values.
func (t *treeMaker) covered(o *IndexScan) (all, entries, distinct float64) {
	keys := make([]graph.PropertyKey, 0, len(o.Keys))
	for _, name := range o.Keys {
		if key, ok := t.graph.PropertyKey(name); ok {
			keys = append(keys, key)
		}
	}
	var x *graph.Index
	found := false
	if o.Relationship != nil {
		all = t.types([]string{o.Over})
		typ, known := t.graph.Type(o.Over)
		if x, found = t.graph.RelationshipIndex(typ, keys); !known {
			found = false
		}
	} else {
		all = t.label(o.Over)
		label, known := t.graph.Label(o.Over)
		if x, found = t.graph.NodeIndex(label, keys); !known {
			found = false
		}
	}
	if !found || len(keys) != len(o.Keys) {
		return all, all, max(1, all*equalShare)
	}
	return all, float64(x.Len()), max(1, float64(x.DistinctEstimate()))
}

// labelled is about what part of all nodes has the labels that a pattern demands.
func (t *treeMaker) labelled(node *bind.Node) float64 {
	part := 1.0
	for _, name := range labels(node) {
		part *= min(1, t.label(name)/max(1, t.nodes()))
	}
	return part
}

// degree is about how many relationships an expansion follows from one node.
func (t *treeMaker) degree(o *Expand) float64 {
	n := float64(t.graph.Meta().Relationships)
	if names, ok := ast.Disjunction(o.Relationship.Types); ok && len(names) > 0 {
		texts := make([]string, len(names))
		for i, name := range names {
			texts[i] = name.Text
		}
		n = t.types(texts)
	}
	n /= max(1, t.nodes())
	if o.Direction == graph.Both {
		n *= 2
	}
	if o.Into {
		n /= max(1, t.nodes())
	}
	return n
}

// walks is about how many paths a pattern of variable length has from one node.
func (t *treeMaker) walks(o *Expand) float64 {
	single := *o
	single.Into = false
	degree, sum := t.degree(&single), 0.0
	least := o.Relationship.Min
	most := min(o.Relationship.Max, least+mostSteps)
	if o.Relationship.Max < 0 {
		most = least + mostSteps
	}
	for steps := least; steps <= most; steps++ {
		sum += math.Pow(degree, float64(steps))
	}
	if o.Into {
		sum /= max(1, t.nodes())
	}
	return sum
}
