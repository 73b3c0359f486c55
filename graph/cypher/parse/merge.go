package parse

import "github.com/hivellm/nexus/graph/cypher/ast"

// merge reads MERGE with its ON CREATE and ON MATCH parts.
func (p *parser) merge() ast.Clause {
	start := p.start()
	p.step()
	c := &ast.Merge{Path: p.path()}
	for p.acceptKeyword(keywordOn) {
		switch {
		case p.acceptKeyword(keywordCreate):
			p.expectKeyword(keywordSet)
			c.OnCreate = append(c.OnCreate, p.setItems()...)
		case p.acceptKeyword(keywordMatch):
			p.expectKeyword(keywordSet)
			c.OnMatch = append(c.OnMatch, p.setItems()...)
		default:
			p.unexpected("CREATE or MATCH", keywordCreate, keywordMatch)
		}
	}
	c.Span = p.span(start)
	return c
}
