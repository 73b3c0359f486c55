package parse

import "github.com/hivellm/nexus/graph/cypher/ast"

// match reads MATCH or OPTIONAL MATCH.
func (p *parser) match() ast.Clause {
	start := p.start()
	c := &ast.Match{Optional: p.acceptKeyword(keywordOptional)}
	if c.Optional && p.isKeyword(keywordCall) {
		p.unsupported("OPTIONAL CALL", "")
	}
	p.expectKeyword(keywordMatch)
	c.Paths = p.paths()
	p.refuseHint()
	c.Where = p.optionalWhere()
	c.Span = p.span(start)
	return c
}

// refuseHint notes an error at a planner hint.
func (p *parser) refuseHint() {
	if p.peek().kind == kindName && p.peek().keyword == notKeyword {
		p.refuseClause()
	}
}

// paths reads path patterns separated by commas.
func (p *parser) paths() []*ast.PathPattern {
	paths := []*ast.PathPattern{p.path()}
	for p.accept(',') {
		paths = append(paths, p.path())
	}
	return paths
}

// optionalWhere reads WHERE and its predicate, or returns nil.
func (p *parser) optionalWhere() ast.Expr {
	if !p.acceptKeyword(keywordWhere) {
		return nil
	}
	return p.predicate()
}
