package parse

import "github.com/hivellm/nexus/graph/cypher/ast"

// postfix reads an atom with its properties, indexes and labels.
func (p *parser) postfix() ast.Expr {
	start := p.start()
	return p.labelled(start, p.postfixes(start, p.atom()))
}

// postfixes reads `.key`, `[index]` and `[from..to]` behind an expression.
func (p *parser) postfixes(start int, e ast.Expr) ast.Expr {
	for {
		switch {
		case p.accept('.'):
			p.link()
			key := p.name("a property key")
			e = &ast.Property{Span: p.span(start), Target: e, Key: key}
		case p.is('['):
			p.link()
			e = p.index(start, e)
		default:
			return e
		}
	}
}

// index reads `[index]`, `[from..to]`, `[from..]`, `[..to]` or `[..]`.
func (p *parser) index(start int, target ast.Expr) ast.Expr {
	p.step()
	var from ast.Expr
	if !p.is(kindDotDot) {
		from = p.expr()
		if !p.is(kindDotDot) {
			if !p.accept(']') {
				p.unexpected(`.. or "]"`)
			}
			return &ast.Index{Span: p.span(start), Target: target, Index: from}
		}
	}
	p.step()
	var to ast.Expr
	if !p.is(']') {
		to = p.expr()
	}
	p.expect(']')
	return &ast.Slice{Span: p.span(start), Target: target, From: from, To: to}
}

// labelled reads the label predicate that may follow.
func (p *parser) labelled(start int, e ast.Expr) ast.Expr {
	if !p.accept(':') {
		return e
	}
	p.link()
	labels := p.labelExpr("a label")
	return &ast.LabelTest{Span: p.span(start), Target: e, Labels: labels}
}
