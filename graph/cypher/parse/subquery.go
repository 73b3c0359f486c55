package parse

import "github.com/hivellm/nexus/graph/cypher/ast"

// subquery reads EXISTS { }, COUNT { } or COLLECT { }.
func (p *parser) subquery(k keyword) ast.Expr {
	outer, readOnly := p.enter(), p.readOnly
	defer p.leave(outer)
	start := p.start()
	p.at += 2
	p.readOnly = true
	s := &ast.Subquery{Kind: subqueryKind(k)}
	switch {
	case s.Kind == ast.SubqueryCollect:
		s.Query = p.regularQuery(endReturning)
	case p.pathFollows():
		s.Query = p.patternQuery()
	default:
		s.Query = p.regularQuery(endAny)
	}
	p.inQueryCalls(s.Query)
	p.readOnly = readOnly
	p.expect('}')
	s.Span = p.span(start)
	return s
}

func subqueryKind(k keyword) ast.SubqueryKind {
	switch k {
	case keywordExists:
		return ast.SubqueryExists
	case keywordCount:
		return ast.SubqueryCount
	default:
		return ast.SubqueryCollect
	}
}

// pathFollows says whether a path pattern, and no clause, comes next.
func (p *parser) pathFollows() bool {
	return p.is('(') || p.atShortest() || isVariable(p.peek()) && p.peekAt(1).kind == '='
}

// patternQuery reads `pattern, pattern WHERE where` as a query of one Match.
func (p *parser) patternQuery() *ast.RegularQuery {
	start := p.start()
	match := &ast.Match{Paths: p.paths()}
	match.Where = p.optionalWhere()
	match.Span = p.span(start)
	single := &ast.SingleQuery{Span: match.Span, Clauses: []ast.Clause{match}}
	return &ast.RegularQuery{Span: match.Span, Parts: []*ast.SingleQuery{single}}
}
