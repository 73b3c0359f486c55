package parse

import "github.com/hivellm/nexus/graph/cypher/ast"

// query reads a whole text.
func (p *parser) query() *ast.Query {
	q := &ast.Query{Text: p.text}
	start := p.start()
	switch {
	case p.acceptKeyword(keywordExplain):
		q.Mode = ast.ModeExplain
	case p.acceptKeyword(keywordProfile):
		q.Mode = ast.ModeProfile
	}
	q.Statement = p.statement()
	q.Span = p.span(start)
	if p.accept(';') && !p.is(kindEnd) {
		p.fail(detailSyntax, "one query at a time: nothing may follow the semicolon", "")
	}
	return q
}

func (p *parser) statement() ast.Statement {
	if s := p.schemaStatement(); s != nil {
		return s
	}
	query := p.regularQuery(endReturning)
	p.settleCalls(query)
	return query
}

// ending says how the last clause of a query may be.
type ending uint8

const (
	endReturning ending = iota // RETURN, an updating clause or CALL
	endAny                     // anything, for EXISTS { } and COUNT { }
)

// regularQuery reads single queries joined by UNION.
func (p *parser) regularQuery(end ending) *ast.RegularQuery {
	q := &ast.RegularQuery{}
	start := p.start()
	q.Parts = append(q.Parts, p.singleQuery(end))
	for p.isKeyword(keywordUnion) {
		at := p.start()
		p.step()
		all := p.acceptKeyword(keywordAll)
		if !all {
			p.acceptKeyword(keywordDistinct)
		}
		if len(q.Parts) > 1 && all != q.All {
			p.failAt(at, detailComposition, "UNION and UNION ALL cannot be mixed in one query", "put one of them in CALL { … }")
		}
		q.All = all
		q.Parts = append(q.Parts, p.singleQuery(end))
	}
	q.Span = p.span(start)
	return q
}

// singleQuery reads clauses until none follows or RETURN has been read.
func (p *parser) singleQuery(end ending) *ast.SingleQuery {
	q := &ast.SingleQuery{}
	start := p.start()
	for {
		clause := p.clause()
		if clause == nil {
			break
		}
		q.Clauses = append(q.Clauses, clause)
		if _, ok := clause.(*ast.Return); ok {
			p.nothingAfterReturn()
			break
		}
	}
	p.checkEnding(q, end)
	q.Span = p.span(start)
	return q
}

func (p *parser) nothingAfterReturn() {
	if startsClause(p.peek().keyword) {
		p.fail(detailSyntax, p.describe(p.peek())+" cannot follow RETURN, which ends a query", "use WITH to go on with the result")
	}
}

// checkEnding notes an error if there is no clause or the last one cannot end a query.
func (p *parser) checkEnding(q *ast.SingleQuery, end ending) {
	if p.err != nil {
		return
	}
	if len(q.Clauses) == 0 {
		p.unexpected("a clause such as MATCH, CREATE or RETURN", clauseWords...)
		return
	}
	if end == endAny {
		return
	}
	var name string
	switch q.Clauses[len(q.Clauses)-1].(type) {
	case *ast.Match:
		name = "MATCH"
	case *ast.Unwind:
		name = "UNWIND"
	case *ast.With:
		name = "WITH"
	default:
		return
	}
	p.unexpected("a clause that uses the result: a query cannot end with "+name, clauseWords...)
}

// startsClause says whether a keyword is the first of a clause wherever one may stand.
func startsClause(k keyword) bool {
	switch k {
	case keywordMatch, keywordOptional, keywordUnwind, keywordWith, keywordReturn, keywordCreate, keywordMerge,
		keywordSet, keywordRemove, keywordDelete, keywordDetach, keywordForeach, keywordCall, keywordUse, keywordLoad:
		return true
	}
	return false
}

// clause reads the next clause, or returns nil if none follows.
func (p *parser) clause() ast.Clause {
	switch p.peek().keyword {
	case keywordMatch, keywordOptional:
		return p.match()
	case keywordUnwind:
		return p.unwind()
	case keywordWith:
		return p.with()
	case keywordReturn:
		return p.returnClause()
	case keywordCall:
		return p.callClause()
	}
	if clause := p.updatingClause(); clause != nil {
		return clause
	}
	p.refuseClause()
	return nil
}

// updatingClause reads the next clause if it is one that changes the graph.
func (p *parser) updatingClause() ast.Clause {
	k := p.peek().keyword
	switch k {
	case keywordCreate, keywordMerge, keywordSet, keywordRemove, keywordDelete, keywordDetach, keywordForeach:
	default:
		return nil
	}
	if p.readOnly {
		p.fail(detailComposition, keywordWords[k]+" cannot stand within a subquery expression, which only reads", "use CALL { … } to change the graph")
	}
	switch k {
	case keywordCreate:
		return p.create()
	case keywordMerge:
		return p.merge()
	case keywordSet:
		return p.set()
	case keywordRemove:
		return p.remove()
	case keywordForeach:
		return p.foreach()
	default:
		return p.deleteClause()
	}
}
