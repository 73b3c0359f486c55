package parse

import "github.com/hivellm/nexus/graph/cypher/ast"

// labelExpr reads what stands after the first colon. Loosest to tightest: `|` (with an optional colon before the next
// term, as older queries write it), `&` and `:`, `!`.
func (p *parser) labelExpr(what string) ast.LabelExpr {
	start := p.start()
	first := p.labelAnd(what)
	if p.pipeEnds || !p.is('|') {
		return first
	}
	or := &ast.LabelOr{Terms: []ast.LabelExpr{first}}
	for p.accept('|') {
		p.accept(':')
		or.Terms = append(or.Terms, p.labelAnd(what))
	}
	or.Span = p.span(start)
	return or
}

func (p *parser) labelAnd(what string) ast.LabelExpr {
	start := p.start()
	first := p.labelTerm(what)
	if !p.is('&') && !p.is(':') {
		return first
	}
	and := &ast.LabelAnd{Terms: []ast.LabelExpr{first}}
	for p.accept('&') || p.accept(':') {
		and.Terms = append(and.Terms, p.labelTerm(what))
	}
	and.Span = p.span(start)
	return and
}

func (p *parser) labelTerm(what string) ast.LabelExpr {
	start := p.start()
	switch {
	case p.accept('!'):
		outer := p.enter()
		defer p.leave(outer)
		term := p.labelTerm(what)
		return &ast.LabelNot{Span: p.span(start), Term: term}
	case p.accept('%'):
		return &ast.LabelAny{Span: p.span(start)}
	case p.accept('('):
		outer := p.enter()
		defer p.leave(outer)
		pipeEnds := p.pipeEnds
		p.pipeEnds = false
		e := p.labelExpr(what)
		p.pipeEnds = pipeEnds
		p.expect(')')
		return e
	}
	return &ast.LabelName{Name: p.name(what)}
}
