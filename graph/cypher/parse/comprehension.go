package parse

import "github.com/hivellm/nexus/graph/cypher/ast"

// bracket reads a list, a list comprehension or a pattern comprehension.
func (p *parser) bracket() ast.Expr {
	outer := p.enter()
	defer p.leave(outer)
	start := p.start()
	p.step()
	switch {
	case isVariable(p.peek()) && p.peekAt(1).keyword == keywordIn:
		return p.listComprehension(start)
	case p.patternFollows(0), p.namedPatternFollows():
		return p.patternComprehension(start)
	}
	list := &ast.ListLiteral{Items: p.arguments(']')}
	list.Span = p.span(start)
	return list
}

func (p *parser) namedPatternFollows() bool {
	if !isVariable(p.peek()) || p.peekAt(1).kind != '=' {
		return false
	}
	t := p.peekAt(2)
	shortest := t.keyword == keywordShortestPath || t.keyword == keywordAllShortestPaths
	return shortest && p.peekAt(3).kind == '(' || p.patternFollows(2)
}

// filter reads `variable IN list WHERE where`.
func (p *parser) filter() (v *ast.Variable, list, where ast.Expr) {
	v = p.variable()
	p.expectKeyword(keywordIn)
	list = p.exprBeforePipe()
	return v, list, p.whereBeforePipe()
}

func (p *parser) whereBeforePipe() ast.Expr {
	if !p.acceptKeyword(keywordWhere) {
		return nil
	}
	e := p.exprBeforePipe()
	p.claim(e)
	return e
}

func (p *parser) listComprehension(start int) ast.Expr {
	c := &ast.ListComprehension{}
	c.Variable, c.List, c.Where = p.filter()
	if p.accept('|') {
		c.Projection = p.expr()
	}
	if !p.accept(']') {
		p.unexpected(`WHERE, | or "]"`, keywordWhere)
	}
	c.Span = p.span(start)
	return c
}

func (p *parser) patternComprehension(start int) ast.Expr {
	c := &ast.PatternComprehension{Pattern: p.path()}
	c.Where = p.whereBeforePipe()
	p.expect('|')
	c.Projection = p.expr()
	p.expect(']')
	c.Span = p.span(start)
	return c
}

func quantifierKind(k keyword) ast.QuantifierKind {
	switch k {
	case keywordAny:
		return ast.QuantifierAny
	case keywordAll:
		return ast.QuantifierAll
	case keywordNone:
		return ast.QuantifierNone
	default:
		return ast.QuantifierSingle
	}
}

// quantifier reads `any(variable IN list WHERE where)` and its like.
func (p *parser) quantifier(kind ast.QuantifierKind) ast.Expr {
	outer := p.enter()
	defer p.leave(outer)
	start := p.start()
	p.at += 2
	q := &ast.Quantifier{Kind: kind}
	q.Variable, q.List, q.Where = p.filter()
	if !p.accept(')') {
		p.unexpected(`WHERE or ")"`, keywordWhere)
	}
	q.Span = p.span(start)
	return q
}

// reduce reads `reduce(accumulator = initial, variable IN list | step)`.
func (p *parser) reduce() ast.Expr {
	outer := p.enter()
	defer p.leave(outer)
	start := p.start()
	p.at += 2
	r := &ast.Reduce{Accumulator: p.variable()}
	p.expect('=')
	r.Initial = p.expr()
	p.expect(',')
	r.Variable = p.variable()
	p.expectKeyword(keywordIn)
	r.List = p.exprBeforePipe()
	p.expect('|')
	r.Step = p.expr()
	p.expect(')')
	r.Span = p.span(start)
	return r
}
