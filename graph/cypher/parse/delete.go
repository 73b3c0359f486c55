package parse

import "github.com/hivellm/nexus/graph/cypher/ast"

// deleteClause reads DELETE or DETACH DELETE.
func (p *parser) deleteClause() ast.Clause {
	start := p.start()
	c := &ast.Delete{Detach: p.acceptKeyword(keywordDetach)}
	p.expectKeyword(keywordDelete)
	c.Targets = append(c.Targets, p.deleteTarget())
	for p.accept(',') {
		c.Targets = append(c.Targets, p.deleteTarget())
	}
	c.Span = p.span(start)
	return c
}

func (p *parser) deleteTarget() ast.Expr {
	target := p.expr()
	if test, ok := target.(*ast.LabelTest); ok {
		p.failAt(test.Start, detailDelete, "DELETE deletes nodes, relationships and paths, not labels or types", "use REMOVE to take a label away")
	}
	return target
}
