package plan

import (
	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/bind"
)

// ordering plans one pattern.
type ordering struct {
	*planner
	pattern *bind.Pattern
	// owned are the symbols the pattern gives values to; known those of them, and of before, that have one.
	owned   map[*bind.Symbol]bool
	known   map[*bind.Symbol]bool
	filters []*condition
	line    Pipeline
	done    map[*bind.Relationship]bool
	visited map[*bind.Node]bool
	taken   []*bind.Relationship
}

func (p *planner) match(pattern *bind.Pattern, where []ast.Expr) Pipeline {
	o := &ordering{
		planner: p, pattern: pattern, owned: map[*bind.Symbol]bool{}, known: map[*bind.Symbol]bool{},
		done: map[*bind.Relationship]bool{}, visited: map[*bind.Node]bool{},
	}
	o.own()
	o.gather(where)
	o.flush(false)
	for _, node := range pattern.Nodes {
		if node.Bound {
			o.line = append(o.line, &CheckNode{node})
			o.arrive(node)
		}
	}
	o.expandAll()
	for o.start() {
		o.expandAll()
	}
	for _, path := range pattern.Paths {
		if path.Symbol != nil {
			o.line = append(o.line, &BuildPath{path})
			o.know(path.Symbol)
		}
	}
	o.flush(true)
	o.unlist()
	return o.line
}

// unlist finds the lists of relationships that have no name, stand in no path and are not compared with others.
func (o *ordering) unlist() {
	needed := map[*bind.Relationship]bool{}
	for _, path := range o.pattern.Paths {
		if path.Symbol != nil {
			for _, r := range path.Relationships {
				needed[r] = true
			}
		}
	}
	for _, op := range o.line {
		for _, r := range uniqueOf(op) {
			needed[r] = true
		}
	}
	for _, op := range o.line {
		if v, ok := op.(*VarExpand); ok {
			v.Unlisted = v.Relationship.Symbol.Name == "" && !needed[v.Relationship]
		}
	}
}

// uniqueOf are the relationships that an operator compares its own with.
func uniqueOf(op Op) []*bind.Relationship {
	switch o := op.(type) {
	case *Expand:
		return o.Unique
	case *VarExpand:
		return o.Unique
	case *TakeList:
		return o.Unique
	case *ShortestPath:
		return o.Unique
	case *TakeRelationship:
		return o.Unique
	}
	return nil
}

func (o *ordering) own() {
	for _, node := range o.pattern.Nodes {
		if !node.Bound {
			o.owned[node.Symbol] = true
		}
	}
	for _, relationship := range o.pattern.Relationships {
		if !relationship.Bound {
			o.owned[relationship.Symbol] = true
		}
	}
	for _, path := range o.pattern.Paths {
		if path.Symbol != nil {
			o.owned[path.Symbol] = true
		}
	}
}

// arrive notes that a node has a value, and checks what the pattern demands of it.
func (o *ordering) arrive(node *bind.Node) { o.arriveBy(node, "") }

// arriveBy is arrive for a node that was found by one of its labels, "" for none.
func (o *ordering) arriveBy(node *bind.Node, label string) {
	o.visited[node] = true
	if !only(node, label) {
		o.line = append(o.line, &NodeFilter{node})
	}
	o.know(node.Symbol)
}

// only tells whether the label is all that a pattern demands of a node's labels.
func only(node *bind.Node, label string) bool {
	for _, e := range node.Labels {
		name, ok := e.(*ast.LabelName)
		if !ok || name.Text != label {
			return false
		}
	}
	return true
}

func (o *ordering) know(symbol *bind.Symbol) {
	o.known[symbol] = true
	if o.rules.has(RulePushFilters) {
		o.flush(false)
	}
}

// expandAll follows relationships as long as one touches a node that is known.
func (o *ordering) expandAll() {
	for {
		next := o.nextRelationship()
		if next == nil {
			return
		}
		o.take(next)
	}
}

func (o *ordering) nextRelationship() *bind.Relationship {
	var best *bind.Relationship
	rank := 100
	for _, r := range o.pattern.Relationships {
		if o.done[r] {
			continue
		}
		at := o.rank(r)
		if at < rank {
			best, rank = r, at
		}
	}
	return best
}

// rank says how soon a relationship should be taken; 100 is not yet.
func (o *ordering) rank(r *bind.Relationship) int {
	left, right := o.visited[r.Left], o.visited[r.Right]
	switch {
	case r.Bound && !r.Variable:
		return 0
	case !left && !right:
		return 100
	case r.Shortest != ast.ShortestNone && !(left && right):
		return 100
	case !o.rules.has(RuleExpandInto):
		return 3
	case left && right && !r.Variable:
		return 1
	case !r.Variable:
		return 3
	case left && right:
		return 4
	}
	return 5
}

func (o *ordering) take(r *bind.Relationship) {
	o.done[r] = true
	unique := append([]*bind.Relationship(nil), o.taken...)
	if r.Shortest == ast.ShortestNone {
		o.taken = append(o.taken, r)
	}
	if r.Bound && !r.Variable {
		o.takeEnds(r, unique)
		return
	}
	e := Expand{Relationship: r, From: r.Left, To: r.Right, Unique: unique}
	e.Into = o.visited[r.Left] && o.visited[r.Right]
	if !o.visited[r.Left] {
		e.From, e.To, e.Reversed = r.Right, r.Left, true
	}
	e.Direction = direction(r.Direction, e.Reversed)
	o.line = append(o.line, expansion(e))
	o.arriveRelationship(r)
	o.arriveOnce(e.To)
}

// takeEnds finds the ends of a relationship that is known.
func (o *ordering) takeEnds(r *bind.Relationship, unique []*bind.Relationship) {
	o.line = append(o.line, &TakeRelationship{r, o.visited[r.Left], o.visited[r.Right], unique})
	o.arriveRelationship(r)
	o.arriveOnce(r.Left)
	o.arriveOnce(r.Right)
}

func expansion(e Expand) Op {
	switch {
	case e.Relationship.Shortest != ast.ShortestNone:
		return &ShortestPath{e}
	case e.Relationship.Bound:
		return &TakeList{e}
	case e.Relationship.Variable:
		return &VarExpand{Expand: e}
	}
	return &e
}

func (o *ordering) arriveRelationship(r *bind.Relationship) {
	if !r.Bound {
		o.know(r.Symbol)
	}
}

func (o *ordering) arriveOnce(node *bind.Node) {
	if !o.visited[node] {
		o.arrive(node)
	}
}

func direction(d ast.Direction, reversed bool) graph.Direction {
	switch {
	case d == ast.DirectionBoth:
		return graph.Both
	case (d == ast.DirectionRight) != reversed:
		return graph.Outgoing
	}
	return graph.Incoming
}
