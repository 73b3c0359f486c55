package parse

import "github.com/hivellm/nexus/graph/cypher/ast"

// with reads WITH.
func (p *parser) with() ast.Clause {
	start := p.start()
	p.step()
	c := &ast.With{}
	p.projection(&c.Projection)
	p.requireAliases(c)
	c.Where = p.optionalWhere()
	c.Span = p.span(start)
	return c
}

// returnClause reads RETURN.
func (p *parser) returnClause() ast.Clause {
	start := p.start()
	p.step()
	c := &ast.Return{}
	p.projection(&c.Projection)
	c.Span = p.span(start)
	return c
}

// requireAliases notes an error at the first item of WITH that needs a name. With ORDER BY it is left to bind, which must
// look for an ambiguous aggregation first.
func (p *parser) requireAliases(c *ast.With) {
	item := c.Unnamed()
	if item == nil || len(c.OrderBy) > 0 || p.err != nil {
		return
	}
	p.failAt(item.Start, detailNoAlias, "an expression in WITH needs a name", "write "+p.brief(item.Source)+" AS name")
}

// brief returns a piece of the query that is short enough for a hint, or dots.
func (p *parser) brief(span ast.Span) string {
	if span.End-span.Start > quotedLength {
		return "…"
	}
	return span.Text(p.text)
}

// projection reads what WITH and RETURN share.
func (p *parser) projection(c *ast.Projection) {
	c.Distinct = p.acceptKeyword(keywordDistinct)
	c.Star = p.accept('*')
	if !c.Star || p.accept(',') {
		c.Items = append(c.Items, p.returnItem())
		for p.accept(',') {
			c.Items = append(c.Items, p.returnItem())
		}
	}
	if p.acceptKeyword(keywordOrder) {
		p.expectKeyword(keywordBy)
		c.OrderBy = append(c.OrderBy, p.sortItem())
		for p.accept(',') {
			c.OrderBy = append(c.OrderBy, p.sortItem())
		}
	}
	if p.acceptKeyword(keywordSkip) {
		c.Skip = p.expr()
	}
	if p.acceptKeyword(keywordLimit) {
		c.Limit = p.expr()
	}
}

func (p *parser) returnItem() *ast.ReturnItem {
	item := &ast.ReturnItem{}
	start := p.start()
	item.Expr = p.expr()
	item.Source = p.span(start)
	if p.acceptKeyword(keywordAs) {
		item.Alias = p.variable()
	}
	item.Span = p.span(start)
	return item
}

func (p *parser) sortItem() *ast.SortItem {
	item := &ast.SortItem{}
	start := p.start()
	item.Expr = p.expr()
	item.Source = p.span(start)
	switch p.peek().keyword {
	case keywordAsc, keywordAscending:
		p.step()
	case keywordDesc, keywordDescending:
		p.step()
		item.Descending = true
	}
	item.Span = p.span(start)
	return item
}
