package parse

import "github.com/hivellm/nexus/graph/cypher/ast"

// set reads SET.
func (p *parser) set() ast.Clause {
	start := p.start()
	p.step()
	c := &ast.Set{Items: p.setItems()}
	c.Span = p.span(start)
	return c
}

func (p *parser) setItems() []ast.SetItem {
	items := []ast.SetItem{p.setItem()}
	for p.accept(',') {
		items = append(items, p.setItem())
	}
	return items
}

// setItem reads one of `target.key = value`, `variable = value`, `variable += value`, `variable:Label`.
func (p *parser) setItem() ast.SetItem {
	start := p.start()
	target := p.target()
	switch t := target.(type) {
	case *ast.Property:
		p.expect('=')
		item := &ast.SetProperty{Property: t, Value: p.expr()}
		item.Span = p.span(start)
		return item
	case *ast.Variable:
		return p.setVariable(t, start)
	}
	p.refuseTarget(target, "SET")
	return &ast.SetMap{Span: p.span(start), Variable: &ast.Variable{Span: target.Pos()}, Value: target}
}

func (p *parser) setVariable(v *ast.Variable, start int) ast.SetItem {
	if p.is(':') {
		item := &ast.SetLabels{Variable: v, Labels: p.labelNames()}
		item.Span = p.span(start)
		return item
	}
	add := p.accept(kindPlusEqual)
	if !add && !p.accept('=') {
		p.unexpected("a property (.key), a label (:Label), = or +=")
	}
	item := &ast.SetMap{Variable: v, Add: add, Value: p.expr()}
	item.Span = p.span(start)
	return item
}

// target reads what SET and REMOVE act on: a variable or a property of an expression.
func (p *parser) target() ast.Expr {
	outer := p.enter()
	defer p.leave(outer)
	start := p.start()
	return p.postfixes(start, p.atom())
}

func (p *parser) refuseTarget(target ast.Expr, clause string) {
	if _, ok := target.(*ast.Index); ok {
		p.failAt(target.Pos().Start, detailUnsupported, clause+" of a property by index is not supported", "write variable.key, or SET variable += {key: value}")
		return
	}
	p.failAt(target.Pos().Start, detailSyntax, clause+" acts on a variable or a property", "")
}

// labelNames reads `:A:B`.
func (p *parser) labelNames() []ast.Name {
	var labels []ast.Name
	for p.accept(':') {
		labels = append(labels, p.name("a label"))
	}
	return labels
}
