package parse

import "github.com/hivellm/nexus/graph/cypher/ast"

// unwind reads UNWIND list AS variable.
func (p *parser) unwind() ast.Clause {
	start := p.start()
	p.step()
	c := &ast.Unwind{List: p.expr()}
	p.expectKeyword(keywordAs)
	c.Variable = p.variable()
	c.Span = p.span(start)
	return c
}
