package parse

import "github.com/hivellm/nexus/graph/cypher/ast"

// atom reads what has no operator around it.
func (p *parser) atom() ast.Expr {
	switch t := p.peek(); t.kind {
	case kindName, kindQuoted:
		return p.named(t)
	case kindInteger:
		return p.integer(int(t.start), false)
	case kindFloat:
		return p.float(int(t.start), false)
	case kindString:
		return p.stringLiteral()
	case kindParameter:
		return p.parameter()
	case '(':
		return p.parenthesis()
	case '[':
		return p.bracket()
	case '{':
		return p.mapLiteral()
	}
	p.unexpected("an expression")
	return p.missing()
}

// parenthesis reads an expression in parentheses, or a pattern.
func (p *parser) parenthesis() ast.Expr {
	if p.patternFollows(0) {
		path := p.element()
		return p.bare(&ast.PatternExpr{Span: path.Span, Pattern: path})
	}
	p.step()
	e := p.expr()
	if !p.accept(')') {
		p.unexpected(`an operator or ")"`, clauseWords...)
	}
	return e
}

// bare remembers a pattern until a predicate claims it.
func (p *parser) bare(e *ast.PatternExpr) ast.Expr {
	p.barePatterns = append(p.barePatterns, e)
	return e
}

// named reads what starts with a name: a word with its own grammar, a function call, a map projection or a variable.
func (p *parser) named(t token) ast.Expr {
	if t.keyword == keywordNot {
		p.fail(detailSyntax, "NOT needs parentheses here", "write (NOT …)")
		return p.missing()
	}
	if t.keyword != notKeyword {
		if e := p.keywordAtom(t); e != nil {
			return e
		}
		if reserved[t.keyword] {
			p.unexpected("an expression")
			return p.missing()
		}
	}
	if p.callFollows() {
		return p.function()
	}
	v := p.variable()
	if p.is('{') {
		return p.mapProjection(v)
	}
	return v
}

// keywordAtom reads what a keyword in the place of an operand starts, or returns nil if it is a name there.
func (p *parser) keywordAtom(t token) ast.Expr {
	span := spanOf(t)
	next := p.peekAt(1).kind
	switch t.keyword {
	case keywordTrue, keywordFalse:
		return p.word(&ast.BooleanLiteral{Span: span, Value: t.keyword == keywordTrue})
	case keywordNull:
		return p.word(&ast.NullLiteral{Span: span})
	case keywordCase:
		return p.caseExpr()
	case keywordExists, keywordCount, keywordCollect:
		if next == '{' {
			return p.subquery(t.keyword)
		}
	}
	if next != '(' {
		return nil
	}
	switch t.keyword {
	case keywordExists:
		if p.patternFollows(2) {
			return p.existsPattern()
		}
	case keywordCount:
		if p.peekAt(2).kind == '*' {
			return p.countStar()
		}
	case keywordShortestPath, keywordAllShortestPaths:
		path := p.shortest()
		return &ast.PatternExpr{Span: path.Span, Pattern: path}
	case keywordAny, keywordAll, keywordNone, keywordSingle:
		if isVariable(p.peekAt(2)) && p.peekAt(3).keyword == keywordIn {
			return p.quantifier(quantifierKind(t.keyword))
		}
	case keywordReduce:
		if isVariable(p.peekAt(2)) && p.peekAt(3).kind == '=' {
			return p.reduce()
		}
	}
	return nil
}

func (p *parser) countStar() ast.Expr {
	start := p.start()
	p.at += 3
	p.expect(')')
	return &ast.CountStar{Span: p.span(start)}
}

// existsPattern reads exists(pattern).
func (p *parser) existsPattern() ast.Expr {
	start := p.start()
	p.at += 2
	path := p.element()
	p.expect(')')
	return &ast.PatternExpr{Span: p.span(start), Pattern: path}
}

// callFollows says whether names joined by points and an opening parenthesis come next.
func (p *parser) callFollows() bool {
	n := 0
	for p.peekAt(n+1).kind == '.' && isName(p.peekAt(n+2)) {
		n += 2
	}
	return p.peekAt(n+1).kind == '('
}

// function reads `namespace.name(DISTINCT args)`.
func (p *parser) function() ast.Expr {
	outer := p.enter()
	defer p.leave(outer)
	start := p.start()
	f := &ast.FunctionCall{}
	f.Namespace, f.Name = p.qualifiedName("a function's name")
	p.expect('(')
	f.Distinct = p.acceptKeyword(keywordDistinct)
	f.Args = p.arguments(')')
	f.Span = p.span(start)
	return f
}

// arguments reads expressions separated by commas up to the closing bracket.
func (p *parser) arguments(closing kind) []ast.Expr {
	if p.accept(closing) {
		return nil
	}
	list := []ast.Expr{p.expr()}
	for p.accept(',') {
		list = append(list, p.expr())
	}
	p.expectOneOf(closing, ',')
	return list
}

// caseExpr reads both forms of CASE.
func (p *parser) caseExpr() ast.Expr {
	outer := p.enter()
	defer p.leave(outer)
	start := p.start()
	p.step()
	c := &ast.Case{}
	if !p.isKeyword(keywordWhen) {
		c.Subject = p.expr()
	}
	for p.acceptKeyword(keywordWhen) {
		c.Alternatives = append(c.Alternatives, p.alternative(c.Subject == nil))
	}
	if len(c.Alternatives) == 0 {
		p.unexpected("WHEN", keywordWhen)
	}
	if p.acceptKeyword(keywordElse) {
		c.Else = p.expr()
	}
	if !p.acceptKeyword(keywordEnd) {
		p.unexpected("WHEN, ELSE or END", keywordWhen, keywordElse, keywordEnd)
	}
	c.Span = p.span(start)
	return c
}

func (p *parser) alternative(condition bool) ast.CaseAlternative {
	when := p.expr()
	if condition {
		p.claim(when)
	}
	p.expectKeyword(keywordThen)
	return ast.CaseAlternative{When: when, Then: p.expr()}
}

// mapProjection reads the items behind a variable.
func (p *parser) mapProjection(subject *ast.Variable) ast.Expr {
	outer := p.enter()
	defer p.leave(outer)
	m := &ast.MapProjection{Subject: subject}
	p.step()
	if !p.accept('}') {
		m.Items = append(m.Items, p.mapProjectionItem(subject))
		for p.accept(',') {
			m.Items = append(m.Items, p.mapProjectionItem(subject))
		}
		p.expectOneOf('}', ',')
	}
	m.Span = p.span(subject.Start)
	return m
}

func (p *parser) mapProjectionItem(subject *ast.Variable) ast.MapProjectionItem {
	start := p.start()
	var item ast.MapProjectionItem
	switch {
	case p.accept('.'):
		if item.All = p.accept('*'); item.All {
			break
		}
		item.Key = p.name("a property key or *")
		item.Value = &ast.Property{Span: p.span(start), Target: subject, Key: item.Key}
	case p.peekAt(1).kind == ':':
		item.Key = p.name("a property key")
		p.step()
		item.Value = p.expr()
	default:
		v := p.variable()
		item.Key = ast.Name{Span: v.Span, Text: v.Name}
		item.Value = v
	}
	item.Span = p.span(start)
	return item
}
