package ast

// Children calls visit for each direct child of node that is a Statement, a Clause, an Expr, a pattern, a part of a
// projection, a SetItem or a RemoveItem, in the order of the text. Names, label expressions and declared variables are
// not children; variables that are used are.
func Children(node Node, visit func(Node)) {
	switch n := node.(type) {
	case *Query:
		visit(n.Statement)
	case *RegularQuery:
		for _, part := range n.Parts {
			visit(part)
		}
	case *SingleQuery:
		for _, clause := range n.Clauses {
			visit(clause)
		}
	case Clause:
		clauseChildren(n, visit)
	case Expr:
		exprChildren(n, visit)
	default:
		partChildren(node, visit)
	}
}

// Walk calls visit for node and, while visit returns true, for what is below it, parents first.
func Walk(node Node, visit func(Node) bool) {
	if !visit(node) {
		return
	}
	Children(node, func(child Node) { Walk(child, visit) })
}

// ExprChildren calls visit for each nearest expression below e, passing through patterns. It does not enter the query
// of a Subquery, whose variables are another scope's matter.
func ExprChildren(e Expr, visit func(Expr)) {
	if _, ok := e.(*Subquery); ok {
		return
	}
	Children(e, func(child Node) { nearestExpr(child, visit) })
}

// WalkExpr calls visit for e and, while visit returns true, for the expressions below it, parents first, with the
// reach of ExprChildren.
func WalkExpr(e Expr, visit func(Expr) bool) {
	if !visit(e) {
		return
	}
	ExprChildren(e, func(child Expr) { WalkExpr(child, visit) })
}

func nearestExpr(node Node, visit func(Expr)) {
	if e, ok := node.(Expr); ok {
		visit(e)
		return
	}
	Children(node, func(child Node) { nearestExpr(child, visit) })
}

func visitExpr(e Expr, visit func(Node)) {
	if e != nil {
		visit(e)
	}
}

func visitExprs(list []Expr, visit func(Node)) {
	for _, e := range list {
		visit(e)
	}
}

func clauseChildren(clause Clause, visit func(Node)) {
	switch c := clause.(type) {
	case *Match:
		visitPaths(c.Paths, visit)
		visitExpr(c.Where, visit)
	case *Create:
		visitPaths(c.Paths, visit)
	case *Merge:
		visit(c.Path)
		visitSetItems(c.OnCreate, visit)
		visitSetItems(c.OnMatch, visit)
	case *Set:
		visitSetItems(c.Items, visit)
	case *Remove:
		for _, item := range c.Items {
			visit(item)
		}
	case *Delete:
		visitExprs(c.Targets, visit)
	case *Unwind:
		visit(c.List)
	case *With:
		projectionChildren(&c.Projection, visit)
		visitExpr(c.Where, visit)
	case *Return:
		projectionChildren(&c.Projection, visit)
	case *Foreach:
		visit(c.List)
		for _, inner := range c.Clauses {
			visit(inner)
		}
	case *Call:
		visitExprs(c.Args, visit)
		visitExpr(c.Where, visit)
	case *CallSubquery:
		for _, variable := range c.Imports {
			visit(variable)
		}
		visit(c.Query)
	}
}

func projectionChildren(p *Projection, visit func(Node)) {
	for _, item := range p.Items {
		visit(item)
	}
	for _, key := range p.OrderBy {
		visit(key)
	}
	visitExpr(p.Skip, visit)
	visitExpr(p.Limit, visit)
}

func visitPaths(paths []*PathPattern, visit func(Node)) {
	for _, path := range paths {
		visit(path)
	}
}

func visitSetItems(items []SetItem, visit func(Node)) {
	for _, item := range items {
		visit(item)
	}
}

func partChildren(node Node, visit func(Node)) {
	switch n := node.(type) {
	case *PathPattern:
		for i, nodePattern := range n.Nodes {
			visit(nodePattern)
			if i < len(n.Relationships) {
				visit(n.Relationships[i])
			}
		}
	case *NodePattern:
		visitExpr(n.Properties, visit)
		visitExpr(n.Where, visit)
	case *RelationshipPattern:
		visitExpr(n.Properties, visit)
		visitExpr(n.Where, visit)
	case *ReturnItem:
		visit(n.Expr)
	case *SortItem:
		visit(n.Expr)
	case *SetProperty:
		visit(n.Property)
		visit(n.Value)
	case *SetMap:
		visit(n.Variable)
		visit(n.Value)
	case *SetLabels:
		visit(n.Variable)
	case *RemoveProperty:
		visit(n.Property)
	case *RemoveLabels:
		visit(n.Variable)
	}
}

func exprChildren(e Expr, visit func(Node)) {
	switch x := e.(type) {
	case *ListLiteral:
		visitExprs(x.Items, visit)
	case *MapLiteral:
		for i := range x.Entries {
			visit(x.Entries[i].Value)
		}
	case *Property:
		visit(x.Target)
	case *Index:
		visit(x.Target)
		visit(x.Index)
	case *Slice:
		visit(x.Target)
		visitExpr(x.From, visit)
		visitExpr(x.To, visit)
	case *LabelTest:
		visit(x.Target)
	case *Unary:
		visit(x.Operand)
	case *Binary:
		visit(x.Left)
		visit(x.Right)
	case *Chain:
		visitExprs(x.Operands, visit)
	case *IsNull:
		visit(x.Operand)
	case *FunctionCall:
		visitExprs(x.Args, visit)
	case *Case:
		caseChildren(x, visit)
	case *MapProjection:
		visit(x.Subject)
		for i := range x.Items {
			visitExpr(x.Items[i].Value, visit)
		}
	case *Subquery:
		visit(x.Query)
	case *PatternExpr:
		visit(x.Pattern)
	default:
		comprehensionChildren(e, visit)
	}
}

func caseChildren(c *Case, visit func(Node)) {
	visitExpr(c.Subject, visit)
	for i := range c.Alternatives {
		visit(c.Alternatives[i].When)
		visit(c.Alternatives[i].Then)
	}
	visitExpr(c.Else, visit)
}

func comprehensionChildren(e Expr, visit func(Node)) {
	switch x := e.(type) {
	case *ListComprehension:
		visit(x.List)
		visitExpr(x.Where, visit)
		visitExpr(x.Projection, visit)
	case *PatternComprehension:
		visit(x.Pattern)
		visitExpr(x.Where, visit)
		visit(x.Projection)
	case *Quantifier:
		visit(x.List)
		visitExpr(x.Where, visit)
	case *Reduce:
		visit(x.Initial)
		visit(x.List)
		visit(x.Step)
	}
}
