package ast

func (p *printer) query(q *Query) {
	switch q.Mode {
	case ModeExplain:
		p.write("EXPLAIN ")
	case ModeProfile:
		p.write("PROFILE ")
	}
	p.statement(q.Statement)
}

func (p *printer) statement(s Statement) {
	switch x := s.(type) {
	case *RegularQuery:
		p.regular(x)
	default:
		p.schema(s)
	}
}

func (p *printer) regular(q *RegularQuery) {
	for i, part := range q.Parts {
		if i > 0 && q.All {
			p.write(" UNION ALL ")
		} else if i > 0 {
			p.write(" UNION ")
		}
		p.single(part)
	}
}

func (p *printer) single(q *SingleQuery) {
	for i, clause := range q.Clauses {
		if i > 0 {
			p.write(" ")
		}
		p.clause(clause)
	}
}

func (p *printer) clause(clause Clause) {
	switch c := clause.(type) {
	case *Match:
		if c.Optional {
			p.write("OPTIONAL ")
		}
		p.write("MATCH ")
		p.paths(c.Paths)
		p.where(c.Where)
	case *Unwind:
		p.write("UNWIND ")
		p.expr(c.List)
		p.write(" AS ")
		p.variable(c.Variable)
	case *With:
		p.write("WITH ")
		p.projection(&c.Projection)
		p.where(c.Where)
	case *Return:
		p.write("RETURN ")
		p.projection(&c.Projection)
	case *Call:
		p.call(c)
	case *CallSubquery:
		p.callSubquery(c)
	default:
		p.updating(clause)
	}
}

func (p *printer) updating(clause Clause) {
	switch c := clause.(type) {
	case *Create:
		p.write("CREATE ")
		p.paths(c.Paths)
	case *Merge:
		p.write("MERGE ")
		p.path(c.Path)
		p.on(" ON CREATE SET ", c.OnCreate)
		p.on(" ON MATCH SET ", c.OnMatch)
	case *Set:
		p.write("SET ")
		p.setItems(c.Items)
	case *Remove:
		p.write("REMOVE ")
		for i, item := range c.Items {
			p.comma(i)
			p.removeItem(item)
		}
	case *Delete:
		if c.Detach {
			p.write("DETACH ")
		}
		p.write("DELETE ")
		p.list(c.Targets)
	case *Foreach:
		p.write("FOREACH (")
		p.filter(c.Variable, c.List, nil)
		p.write(" |")
		for _, inner := range c.Clauses {
			p.write(" ")
			p.clause(inner)
		}
		p.write(")")
	}
}

func (p *printer) on(keyword string, items []SetItem) {
	if len(items) > 0 {
		p.write(keyword)
		p.setItems(items)
	}
}

func (p *printer) setItems(items []SetItem) {
	for i, item := range items {
		p.comma(i)
		p.setItem(item)
	}
}

func (p *printer) setItem(item SetItem) {
	switch s := item.(type) {
	case *SetProperty:
		p.expr(s.Property)
		p.write(" = ")
		p.expr(s.Value)
	case *SetMap:
		p.variable(s.Variable)
		if s.Add {
			p.write(" += ")
		} else {
			p.write(" = ")
		}
		p.expr(s.Value)
	case *SetLabels:
		p.variable(s.Variable)
		p.labelList(s.Labels)
	}
}

func (p *printer) removeItem(item RemoveItem) {
	switch r := item.(type) {
	case *RemoveProperty:
		p.expr(r.Property)
	case *RemoveLabels:
		p.variable(r.Variable)
		p.labelList(r.Labels)
	}
}

func (p *printer) labelList(labels []Name) {
	for i := range labels {
		p.write(":", QuoteName(labels[i].Text))
	}
}

func (p *printer) projection(projection *Projection) {
	if projection.Distinct {
		p.write("DISTINCT ")
	}
	if projection.Star {
		p.write("*")
	}
	for i, item := range projection.Items {
		if i > 0 || projection.Star {
			p.write(", ")
		}
		p.returnItem(item)
	}
	for i, key := range projection.OrderBy {
		if i == 0 {
			p.write(" ORDER BY ")
		}
		p.comma(i)
		p.sortItem(key)
	}
	p.bound(" SKIP ", projection.Skip)
	p.bound(" LIMIT ", projection.Limit)
}

func (p *printer) bound(keyword string, e Expr) {
	if e != nil {
		p.write(keyword)
		p.expr(e)
	}
}

func (p *printer) returnItem(item *ReturnItem) {
	p.expr(item.Expr)
	if item.Alias != nil {
		p.write(" AS ")
		p.variable(item.Alias)
	}
}

func (p *printer) sortItem(key *SortItem) {
	p.expr(key.Expr)
	if key.Descending {
		p.write(" DESC")
	}
}

func (p *printer) call(c *Call) {
	p.write("CALL ")
	for i := range c.Namespace {
		p.write(QuoteName(c.Namespace[i].Text), ".")
	}
	p.write(QuoteName(c.Name.Text))
	if !c.Implicit {
		p.write("(")
		p.list(c.Args)
		p.write(")")
	}
	if !c.HasYield {
		return
	}
	p.write(" YIELD ")
	if c.YieldStar {
		p.write("*")
	}
	for i, item := range c.Yield {
		p.comma(i)
		p.write(QuoteVariable(item.Field.Text))
		if item.Variable.Name != item.Field.Text {
			p.write(" AS ")
			p.variable(item.Variable)
		}
	}
	p.where(c.Where)
}

func (p *printer) callSubquery(c *CallSubquery) {
	p.write("CALL ")
	if c.Scoped {
		p.write("(")
		if c.ImportAll {
			p.write("*")
		}
		for i, variable := range c.Imports {
			p.comma(i)
			p.variable(variable)
		}
		p.write(") ")
	}
	p.write("{ ")
	p.statement(c.Query)
	p.write(" }")
}

func (p *printer) schema(s Statement) {
	switch x := s.(type) {
	case *CreateIndex:
		p.write("CREATE RANGE INDEX ")
		p.schemaName(x.Name, x.IfNotExists)
		p.target(&x.Target, " ON ", true)
	case *DropIndex:
		p.write("DROP INDEX ", QuoteVariable(x.Name.Text))
		p.ifExists(x.IfExists)
	case *CreateConstraint:
		p.write("CREATE CONSTRAINT ")
		p.schemaName(x.Name, x.IfNotExists)
		p.target(&x.Target, " REQUIRE ", len(x.Target.Properties) > 1)
		p.write(constraintText[x.Kind])
	case *DropConstraint:
		p.write("DROP CONSTRAINT ", QuoteVariable(x.Name.Text))
		p.ifExists(x.IfExists)
	case *ShowIndexes:
		p.write("SHOW INDEXES")
	case *ShowConstraints:
		p.write("SHOW CONSTRAINTS")
	}
}

var constraintText = [...]string{
	ConstraintUnique: " IS UNIQUE", ConstraintNotNull: " IS NOT NULL", ConstraintKey: " IS KEY",
}

func (p *printer) schemaName(name *Name, ifNotExists bool) {
	if name != nil {
		p.write(QuoteVariable(name.Text), " ")
	}
	if ifNotExists {
		p.write("IF NOT EXISTS ")
	}
	p.write("FOR ")
}

func (p *printer) ifExists(yes bool) {
	if yes {
		p.write(" IF EXISTS")
	}
}

func (p *printer) target(t *Target, keyword string, parentheses bool) {
	variable, label := QuoteVariable(t.Variable.Name), QuoteName(t.Label.Text)
	if t.Entity == EntityNode {
		p.write("(", variable, ":", label, ")")
	} else {
		p.write("()-[", variable, ":", label, "]-()")
	}
	p.write(keyword)
	if parentheses {
		p.write("(")
	}
	for i := range t.Properties {
		p.comma(i)
		p.write(variable, ".", QuoteName(t.Properties[i].Text))
	}
	if parentheses {
		p.write(")")
	}
}
