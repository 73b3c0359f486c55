package parse

import "github.com/hivellm/nexus/graph/cypher/ast"

// create reads CREATE of paths; schema commands have been read before.
func (p *parser) create() ast.Clause {
	start := p.start()
	p.step()
	if p.peek().kind == kindName && p.peekAt(1).kind != '=' {
		p.refuseSchema("CREATE", 0)
	}
	c := &ast.Create{Paths: p.paths()}
	c.Span = p.span(start)
	return c
}
