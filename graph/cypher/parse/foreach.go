package parse

import "github.com/hivellm/nexus/graph/cypher/ast"

// foreach reads FOREACH (variable IN list | updating clauses).
func (p *parser) foreach() ast.Clause {
	outer := p.enter()
	defer p.leave(outer)
	start := p.start()
	p.step()
	p.expect('(')
	c := &ast.Foreach{Variable: p.variable()}
	p.expectKeyword(keywordIn)
	c.List = p.exprBeforePipe()
	p.expect('|')
	for {
		clause := p.updatingClause()
		if clause == nil {
			break
		}
		c.Clauses = append(c.Clauses, clause)
	}
	if len(c.Clauses) == 0 || !p.is(')') {
		p.unexpected("an updating clause such as SET or CREATE, or )", keywordCreate, keywordMerge, keywordSet, keywordRemove, keywordDelete, keywordDetach, keywordForeach)
	}
	p.expect(')')
	c.Span = p.span(start)
	return c
}
