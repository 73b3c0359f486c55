package parse

import "github.com/hivellm/nexus/graph/cypher/ast"

// callClause reads CALL of a procedure or of a subquery.
func (p *parser) callClause() ast.Clause {
	start := p.start()
	p.step()
	if p.is('{') || p.is('(') {
		return p.callSubquery(start)
	}
	c := &ast.Call{}
	c.Namespace, c.Name = p.qualifiedName("a procedure's name, { or (")
	if p.accept('(') {
		c.Args = p.arguments(')')
	} else {
		c.Implicit = true
	}
	if p.acceptKeyword(keywordYield) {
		p.yield(c)
	}
	c.Span = p.span(start)
	return c
}

// qualifiedName reads names joined by points.
func (p *parser) qualifiedName(what string) (namespace []ast.Name, last ast.Name) {
	last = p.name(what)
	for p.accept('.') {
		namespace = append(namespace, last)
		last = p.name("a name")
	}
	return namespace, last
}

func (p *parser) yield(c *ast.Call) {
	c.HasYield = true
	if p.accept('*') {
		c.YieldStar = true
		return
	}
	c.Yield = append(c.Yield, p.yieldItem())
	for p.accept(',') {
		c.Yield = append(c.Yield, p.yieldItem())
	}
	c.Where = p.optionalWhere()
}

func (p *parser) yieldItem() *ast.YieldItem {
	start := p.start()
	field := p.variable()
	item := &ast.YieldItem{Field: ast.Name{Span: field.Span, Text: field.Name}, Variable: field}
	if p.acceptKeyword(keywordAs) {
		item.Variable = p.variable()
	}
	item.Span = p.span(start)
	return item
}

// callSubquery reads the scope and the body of CALL (a, b) { query }.
func (p *parser) callSubquery(start int) ast.Clause {
	outer := p.enter()
	defer p.leave(outer)
	c := &ast.CallSubquery{}
	if p.accept('(') {
		p.importScope(c)
	}
	p.expect('{')
	c.Query = p.regularQuery(endReturning)
	p.inQueryCalls(c.Query)
	p.expect('}')
	if p.isKeyword(keywordIn) {
		p.unsupported("CALL { … } IN TRANSACTIONS", "send rows in batches, a request each")
	}
	c.Span = p.span(start)
	return c
}

func (p *parser) importScope(c *ast.CallSubquery) {
	c.Scoped = true
	if p.accept('*') {
		c.ImportAll = true
		p.expect(')')
		return
	}
	if p.accept(')') {
		return
	}
	c.Imports = append(c.Imports, p.variable())
	for p.accept(',') {
		c.Imports = append(c.Imports, p.variable())
	}
	p.expect(')')
}

// settleCalls marks the call that is a whole query and checks the others.
func (p *parser) settleCalls(q *ast.RegularQuery) {
	if len(q.Parts) == 1 && len(q.Parts[0].Clauses) == 1 {
		if call, ok := q.Parts[0].Clauses[0].(*ast.Call); ok {
			call.Standalone = true
			return
		}
	}
	p.inQueryCalls(q)
}

// inQueryCalls notes an error at a call that is written as only a standalone one may be.
func (p *parser) inQueryCalls(q *ast.RegularQuery) {
	for _, part := range q.Parts {
		for _, clause := range part.Clauses {
			if call, ok := clause.(*ast.Call); ok {
				p.inQueryCall(call)
			}
		}
	}
}

func (p *parser) inQueryCall(call *ast.Call) {
	if p.err != nil {
		return
	}
	if call.YieldStar {
		p.failAt(call.End-1, detailSyntax, "YIELD * needs a CALL that is the whole query", "name the fields to yield")
		return
	}
	if call.Implicit {
		p.failAt(call.Name.Start, detailArgumentPassing, "arguments can be left to parameters only by a CALL that is the whole query", "write "+call.FullName()+"(…) with its arguments")
	}
}
