package ast

func (p *printer) patternExpr(x *PatternExpr) {
	if x.Pattern.Shortest != ShortestNone {
		p.path(x.Pattern)
		return
	}
	p.write("exists(")
	p.path(x.Pattern)
	p.write(")")
}

func (p *printer) paths(paths []*PathPattern) {
	for i, path := range paths {
		p.comma(i)
		p.path(path)
	}
}

func (p *printer) path(path *PathPattern) {
	if path.Variable != nil {
		p.variable(path.Variable)
		p.write(" = ")
	}
	switch path.Shortest {
	case ShortestOne:
		p.write("shortestPath(")
	case ShortestAll:
		p.write("allShortestPaths(")
	}
	for i, node := range path.Nodes {
		p.nodePattern(node)
		if i < len(path.Relationships) {
			p.relationship(path.Relationships[i])
		}
	}
	if path.Shortest != ShortestNone {
		p.write(")")
	}
}

func (p *printer) nodePattern(n *NodePattern) {
	p.write("(")
	p.inside(n.Variable, n.Labels, nil, n.Properties, n.Where)
	p.write(")")
}

func (p *printer) relationship(r *RelationshipPattern) {
	if r.Direction == DirectionLeft {
		p.write("<")
	}
	p.write("-")
	if r.Variable != nil || r.Types != nil || r.Length != nil || r.Properties != nil || r.Where != nil {
		p.write("[")
		p.inside(r.Variable, r.Types, r.Length, r.Properties, r.Where)
		p.write("]")
	}
	p.write("-")
	if r.Direction == DirectionRight {
		p.write(">")
	}
}

// inside writes what nodes and relationships have between their brackets.
func (p *printer) inside(variable *Variable, labels LabelExpr, length *Length, properties, where Expr) {
	space := ""
	if variable != nil {
		p.variable(variable)
		space = " "
	}
	if labels != nil {
		p.write(":")
		p.labels(labels, false)
		space = " "
	}
	if length != nil {
		p.length(length)
		space = " "
	}
	if properties != nil {
		p.write(space)
		p.expr(properties)
		space = " "
	}
	if where != nil {
		p.write(space, "WHERE ")
		p.expr(where)
	}
}

func (p *printer) length(l *Length) {
	p.write("*")
	if l.Min != nil {
		writeInt(&p.Builder, *l.Min)
	}
	if l.Min != nil && l.Max != nil && *l.Min == *l.Max {
		return
	}
	if l.Min != nil || l.Max != nil {
		p.write("..")
	}
	if l.Max != nil {
		writeInt(&p.Builder, *l.Max)
	}
}

// labels writes a label expression; nested asks for parentheses around what has two terms.
func (p *printer) labels(e LabelExpr, nested bool) {
	switch l := e.(type) {
	case *LabelName:
		p.write(QuoteName(l.Text))
	case *LabelAny:
		p.write("%")
	case *LabelNot:
		p.write("!")
		p.labels(l.Term, true)
	case *LabelAnd:
		p.terms(l.Terms, "&", nested)
	case *LabelOr:
		p.terms(l.Terms, "|", nested)
	}
}

func (p *printer) terms(terms []LabelExpr, operator string, nested bool) {
	if nested {
		p.write("(")
	}
	for i, term := range terms {
		if i > 0 {
			p.write(operator)
		}
		p.labels(term, true)
	}
	if nested {
		p.write(")")
	}
}
