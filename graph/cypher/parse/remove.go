package parse

import "github.com/hivellm/nexus/graph/cypher/ast"

// remove reads REMOVE.
func (p *parser) remove() ast.Clause {
	start := p.start()
	p.step()
	c := &ast.Remove{Items: []ast.RemoveItem{p.removeItem()}}
	for p.accept(',') {
		c.Items = append(c.Items, p.removeItem())
	}
	c.Span = p.span(start)
	return c
}

func (p *parser) removeItem() ast.RemoveItem {
	start := p.start()
	target := p.target()
	switch t := target.(type) {
	case *ast.Property:
		return &ast.RemoveProperty{Span: p.span(start), Property: t}
	case *ast.Variable:
		if !p.is(':') {
			p.unexpected("a property (.key) or a label (:Label)")
		}
		item := &ast.RemoveLabels{Variable: t, Labels: p.labelNames()}
		item.Span = p.span(start)
		return item
	}
	p.refuseTarget(target, "REMOVE")
	return &ast.RemoveLabels{Span: p.span(start), Variable: &ast.Variable{Span: target.Pos()}}
}
