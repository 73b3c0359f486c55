package parse

import (
	"strconv"

	"github.com/hivellm/nexus/graph/cypher/ast"
)

// path reads `variable = element`, `shortestPath(element)` or `element`.
func (p *parser) path() *ast.PathPattern {
	start := p.start()
	if isVariable(p.peek()) && p.peekAt(1).kind == '=' {
		variable := p.variable()
		p.step()
		path := p.anonymousPath()
		path.Variable = variable
		path.Span = p.span(start)
		return path
	}
	return p.anonymousPath()
}

func (p *parser) anonymousPath() *ast.PathPattern {
	if p.atShortest() {
		return p.shortest()
	}
	p.refuseSelector()
	return p.element()
}

func (p *parser) atShortest() bool {
	return (p.isKeyword(keywordShortestPath) || p.isKeyword(keywordAllShortestPaths)) && p.peekAt(1).kind == '('
}

// shortest reads shortestPath(element) or allShortestPaths(element).
func (p *parser) shortest() *ast.PathPattern {
	start := p.start()
	kind := ast.ShortestOne
	if p.isKeyword(keywordAllShortestPaths) {
		kind = ast.ShortestAll
	}
	p.step()
	p.expect('(')
	path := p.element()
	p.expect(')')
	path.Shortest = kind
	path.Span = p.span(start)
	return path
}

// refuseSelector notes an error at a path selector of newer dialects.
func (p *parser) refuseSelector() {
	t, next := p.peek(), p.peekAt(1)
	if t.kind != kindName || next.kind != kindName && next.kind != kindInteger {
		return
	}
	if t.keyword == keywordAny || t.keyword == keywordAll || p.textOf(t) == "SHORTEST" {
		p.unsupported("the path selector "+p.textOf(t), "use shortestPath(…) or allShortestPaths(…)")
	}
}

// element reads nodes joined by relationships, perhaps in parentheses.
func (p *parser) element() *ast.PathPattern {
	outer := p.enter()
	defer p.leave(outer)
	start := p.start()
	if p.is('(') && p.peekAt(1).kind == '(' {
		return p.parenthesizedElement(start)
	}
	path := &ast.PathPattern{Nodes: []*ast.NodePattern{p.nodePattern()}}
	for p.atRelationship() {
		path.Relationships = append(path.Relationships, p.relationship())
		path.Nodes = append(path.Nodes, p.nodePattern())
	}
	path.Span = p.span(start)
	return path
}

func (p *parser) parenthesizedElement(start int) *ast.PathPattern {
	p.step()
	path := p.element()
	p.expect(')')
	p.refuseQuantifier()
	if p.atRelationship() {
		p.unexpected("the end of the path: a path in parentheses cannot go on behind them")
	}
	path.Span = p.span(start)
	return path
}

// refuseQuantifier notes an error at the quantifier of a path or relationship.
func (p *parser) refuseQuantifier() {
	if p.is('+') || p.is('*') || p.is('{') {
		p.unsupported("a quantified path pattern", "use a variable length relationship: -[*1..3]->")
	}
}

// nodePattern reads `(variable:Labels {properties} WHERE where)`.
func (p *parser) nodePattern() *ast.NodePattern {
	start := p.start()
	if !p.accept('(') {
		p.unexpected("a node pattern such as (n)")
	}
	n := &ast.NodePattern{}
	if isVariable(p.peek()) {
		n.Variable = p.variable()
	}
	pipeEnds := p.pipeEnds
	p.pipeEnds = false
	if p.accept(':') {
		n.Labels = p.labelExpr("a label")
	}
	n.Properties = p.patternProperties()
	n.Where = p.optionalWhere()
	p.pipeEnds = pipeEnds
	switch {
	case p.accept(')'):
	case p.end() == start+1:
		p.unexpected("a variable, a label, properties or ) in a node pattern")
	default:
		p.unexpected("a label, properties or ) in a node pattern", keywordWhere)
	}
	n.Span = p.span(start)
	return n
}

func (p *parser) patternProperties() ast.Expr {
	if p.is('{') || p.is(kindParameter) {
		return p.atom()
	}
	return nil
}

// atRelationship says whether a relationship pattern follows.
func (p *parser) atRelationship() bool {
	return isDashToken(p.peek()) || isLeftArrow(p.peek()) && isDashToken(p.peekAt(1))
}

func isDashToken(t token) bool  { return t.kind == '-' || t.kind == kindDash }
func isLeftArrow(t token) bool  { return t.kind == '<' || t.kind == kindLeftArrow }
func isRightArrow(t token) bool { return t.kind == '>' || t.kind == kindRightArrow }

func (p *parser) acceptLeftArrow() bool {
	return p.accept('<') || p.accept(kindLeftArrow)
}

func (p *parser) acceptRightArrow() bool {
	return p.accept('>') || p.accept(kindRightArrow)
}

func (p *parser) expectDash() {
	if !isDashToken(p.peek()) {
		p.unexpected(`"-"`)
		return
	}
	p.step()
}

// relationship reads `-[variable:TYPES *range {properties} WHERE where]->`.
func (p *parser) relationship() *ast.RelationshipPattern {
	start := p.start()
	r := &ast.RelationshipPattern{}
	left := p.acceptLeftArrow()
	p.expectDash()
	if p.accept('[') {
		p.relationshipDetail(r)
	}
	p.expectDash()
	right := p.acceptRightArrow()
	switch {
	case left && !right:
		r.Direction = ast.DirectionLeft
	case right && !left:
		r.Direction = ast.DirectionRight
	}
	r.Span = p.span(start)
	p.refuseQuantifier()
	return r
}

func (p *parser) relationshipDetail(r *ast.RelationshipPattern) {
	if isVariable(p.peek()) {
		r.Variable = p.variable()
	}
	pipeEnds := p.pipeEnds
	p.pipeEnds = false
	if p.accept(':') {
		r.Types = p.labelExpr("a relationship type")
	}
	if p.is(kindDotDot) {
		p.fail(detailRelationship, "a range needs a star before it", "write *..")
	}
	if p.is('*') {
		r.Length = p.length()
	}
	r.Properties = p.patternProperties()
	r.Where = p.optionalWhere()
	p.pipeEnds = pipeEnds
	if !p.accept(']') {
		p.unexpected("a type, a range, properties or ] in a relationship pattern", keywordWhere)
	}
}

// length reads `*`, `*2`, `*1..3`, `*..3` or `*2..`.
func (p *parser) length() *ast.Length {
	start := p.start()
	p.step()
	l := &ast.Length{}
	l.Min = p.bound()
	if !p.accept(kindDotDot) {
		l.Max = l.Min
	} else {
		l.Max = p.bound()
	}
	if t := p.peek(); t.kind == '-' || t.kind == kindFloat {
		p.fail(detailRelationship, "the bounds of a range are integers from 0 on, found "+p.describe(t), "")
	}
	l.Span = p.span(start)
	return l
}

// bound reads an integer, if one is next.
func (p *parser) bound() *int64 {
	t := p.peek()
	if t.kind != kindInteger {
		return nil
	}
	p.step()
	n, err := strconv.ParseUint(integerDigits(p.text[t.start:t.end]))
	if err != nil || n > maxInteger {
		p.failAt(int(t.start), detailIntegerOverflow, "the bound "+quoteText(p.text[t.start:t.end])+" is too large", "")
		return nil
	}
	value := int64(n)
	return &value
}
