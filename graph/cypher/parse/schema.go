package parse

import (
	"strings"

	"github.com/hivellm/nexus/graph/cypher/ast"
)

// schemaStatement reads a schema command, or returns nil if the text is none.
func (p *parser) schemaStatement() ast.Statement {
	start := p.start()
	next := p.peekAt(1)
	switch p.peek().keyword {
	case keywordCreate:
		return p.createSchema(start, next)
	case keywordDrop:
		return p.dropSchema(start, next)
	case keywordShow:
		return p.showSchema(start, next)
	}
	return nil
}

func (p *parser) createSchema(start int, next token) ast.Statement {
	after := p.peekAt(2)
	switch {
	case next.kind == kindName && after.kind == '=':
		return nil
	case next.keyword == keywordIndex:
		p.at += 2
		return p.createIndex(start)
	case next.keyword == keywordRange && after.keyword == keywordIndex:
		p.at += 3
		return p.createIndex(start)
	case next.keyword == keywordConstraint:
		p.at += 2
		return p.createConstraint(start)
	}
	return nil
}

func (p *parser) createIndex(start int) ast.Statement {
	if p.isKeyword(keywordOn) && p.peekAt(1).kind == ':' {
		p.unsupported("CREATE INDEX ON", "write CREATE INDEX FOR (n:Label) ON (n.key)")
	}
	s := &ast.CreateIndex{Name: p.schemaName(keywordFor), IfNotExists: p.ifNotExists()}
	p.expectKeyword(keywordFor)
	p.schemaTarget(&s.Target)
	p.expectKeyword(keywordOn)
	p.schemaProperties(&s.Target)
	p.refuseOptions()
	s.Span = p.span(start)
	return s
}

func (p *parser) createConstraint(start int) ast.Statement {
	if p.isKeyword(keywordOn) {
		p.unsupported("CREATE CONSTRAINT ON … ASSERT", "write CREATE CONSTRAINT FOR (n:Label) REQUIRE n.key IS UNIQUE")
	}
	s := &ast.CreateConstraint{Name: p.schemaName(keywordFor), IfNotExists: p.ifNotExists()}
	p.expectKeyword(keywordFor)
	p.schemaTarget(&s.Target)
	p.expectKeyword(keywordRequire)
	p.schemaProperties(&s.Target)
	p.expectKeyword(keywordIs)
	s.Kind = p.constraintKind(s.Target.Entity)
	p.refuseOptions()
	s.Span = p.span(start)
	return s
}

// constraintKind reads what stands after IS.
func (p *parser) constraintKind(entity ast.Entity) ast.ConstraintKind {
	if p.is(':') || p.acceptWord("TYPED") {
		p.unsupported("a property type constraint", "")
	}
	if p.acceptKeyword(keywordNot) {
		p.expectKeyword(keywordNull)
		return ast.ConstraintNotNull
	}
	switch p.peek().keyword {
	case keywordNode:
		p.requireEntity(entity, ast.EntityNode)
	case keywordRelationship, keywordRel:
		p.requireEntity(entity, ast.EntityRelationship)
	}
	if p.acceptKeyword(keywordKey) {
		return ast.ConstraintKey
	}
	if !p.acceptKeyword(keywordUnique) {
		p.unexpected("UNIQUE, NOT NULL, NODE KEY or RELATIONSHIP KEY", keywordUnique, keywordNode, keywordRelationship)
	}
	return ast.ConstraintUnique
}

func (p *parser) requireEntity(have, want ast.Entity) {
	if have != want {
		p.fail(detailSyntax, p.describe(p.peek())+" does not go with the pattern after FOR", "leave the word out")
		return
	}
	p.step()
}

func (p *parser) dropSchema(start int, next token) ast.Statement {
	p.step()
	switch next.keyword {
	case keywordIndex:
		p.step()
		if p.isKeyword(keywordOn) && p.peekAt(1).kind == ':' {
			p.unsupported("DROP INDEX ON", "write DROP INDEX name; SHOW INDEXES tells the names")
		}
		s := &ast.DropIndex{Name: p.name("an index's name"), IfExists: p.ifExists()}
		s.Span = p.span(start)
		return s
	case keywordConstraint:
		p.step()
		s := &ast.DropConstraint{Name: p.name("a constraint's name"), IfExists: p.ifExists()}
		s.Span = p.span(start)
		return s
	}
	if !p.refuseSchema("DROP", 0) {
		p.unexpected("INDEX or CONSTRAINT", keywordIndex, keywordConstraint)
	}
	return &ast.DropIndex{Span: p.span(start)}
}

func (p *parser) showSchema(start int, next token) ast.Statement {
	p.step()
	var s ast.Statement
	switch next.keyword {
	case keywordIndex, keywordIndexes:
		p.step()
		s = &ast.ShowIndexes{Span: p.span(start)}
	case keywordConstraint, keywordConstraints:
		p.step()
		s = &ast.ShowConstraints{Span: p.span(start)}
	default:
		if !p.refuseSchema("SHOW", 0) {
			p.unexpected("INDEXES or CONSTRAINTS", keywordIndexes, keywordConstraints)
		}
		return &ast.ShowIndexes{Span: p.span(start)}
	}
	switch k := p.peek().keyword; k {
	case keywordYield, keywordWhere, keywordReturn:
		p.unsupported(keywordWords[k]+" after SHOW", "SHOW returns all columns and rows")
	}
	return s
}

// schemaName reads the optional name of an index or constraint; before is the keyword that follows where there is none.
func (p *parser) schemaName(before keyword) *ast.Name {
	t := p.peek()
	if t.keyword == before && p.peekAt(1).kind == '(' || p.isKeywords(keywordIf, keywordNot) {
		return nil
	}
	if t.kind == kindParameter {
		p.unsupported("a parameter as a name", "write the name")
	}
	if !isName(t) {
		return nil
	}
	name := p.name("a name")
	return &name
}

func (p *parser) ifNotExists() bool {
	if !p.isKeywords(keywordIf, keywordNot) {
		return false
	}
	p.at += 2
	p.expectKeyword(keywordExists)
	return true
}

func (p *parser) ifExists() bool {
	if !p.acceptKeyword(keywordIf) {
		return false
	}
	p.expectKeyword(keywordExists)
	return true
}

// schemaTarget reads `(n:Label)` or `()-[r:TYPE]-()`.
func (p *parser) schemaTarget(t *ast.Target) {
	p.expect('(')
	if !p.accept(')') {
		t.Variable, t.Label = p.schemaLabel("a label")
		p.expect(')')
		return
	}
	t.Entity = ast.EntityRelationship
	p.acceptLeftArrow()
	p.expectDash()
	p.expect('[')
	t.Variable, t.Label = p.schemaLabel("a relationship type")
	p.expect(']')
	p.expectDash()
	p.acceptRightArrow()
	p.expect('(')
	p.expect(')')
}

func (p *parser) schemaLabel(what string) (*ast.Variable, ast.Name) {
	variable := p.variable()
	p.expect(':')
	label := p.name(what)
	if p.is('|') || p.is(':') || p.is('&') {
		p.unsupported("an index or constraint over several labels or types", "make one for each")
	}
	return variable, label
}

// schemaProperties reads `n.a` or `(n.a, n.b)`.
func (p *parser) schemaProperties(t *ast.Target) {
	if !p.accept('(') {
		p.refuseEach()
		t.Properties = append(t.Properties, p.schemaProperty(t))
		return
	}
	t.Properties = append(t.Properties, p.schemaProperty(t))
	for p.accept(',') {
		t.Properties = append(t.Properties, p.schemaProperty(t))
	}
	p.expect(')')
}

func (p *parser) refuseEach() {
	t := p.peek()
	if t.kind == kindName && strings.EqualFold(p.text[t.start:t.end], "EACH") && p.peekAt(1).kind == '[' {
		p.unsupported("ON EACH", rangeHint)
	}
}

func (p *parser) schemaProperty(t *ast.Target) ast.Name {
	start := p.start()
	variable := p.variable()
	if variable.Name != t.Variable.Name && p.err == nil {
		p.failAt(start, detailUndefined, quoteText(variable.Name)+" is not defined", "the pattern after FOR names "+quoteText(t.Variable.Name))
	}
	p.expect('.')
	return p.name("a property key")
}

func (p *parser) refuseOptions() {
	if p.isKeyword(keywordOptions) {
		p.unsupported("OPTIONS", "leave it out")
	}
}
