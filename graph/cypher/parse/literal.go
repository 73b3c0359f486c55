package parse

import (
	"math"
	"strconv"

	"github.com/hivellm/nexus/graph/cypher/ast"
)

// maxInteger is the largest integer without a minus.
const maxInteger = math.MaxInt64

// integerDigits returns what strconv.ParseUint needs for an integer token.
func integerDigits(token string) (digits string, base, bits int) {
	if len(token) > 2 && token[0] == '0' {
		switch token[1] {
		case 'x', 'X':
			return token[2:], 16, 64
		case 'o', 'O':
			return token[2:], 8, 64
		}
	}
	return token, 10, 64
}

// integer reads an integer token; start is where its minus stands when negative.
func (p *parser) integer(start int, negative bool) ast.Expr {
	t := p.step()
	n, err := strconv.ParseUint(integerDigits(p.text[t.start:t.end]))
	limit := uint64(maxInteger)
	if negative {
		limit++
	}
	literal := &ast.IntegerLiteral{Span: p.span(start)}
	if err != nil || n > limit {
		p.failAt(start, detailIntegerOverflow, "the integer "+quoteText(literal.Text(p.text))+" does not fit into 64 bits", "")
		return literal
	}
	literal.Value = int64(n)
	if negative {
		literal.Value = -literal.Value
	}
	return literal
}

// float reads a float token; start is where its minus stands when negative.
func (p *parser) float(start int, negative bool) ast.Expr {
	t := p.step()
	f, err := strconv.ParseFloat(p.text[t.start:t.end], 64)
	literal := &ast.FloatLiteral{Span: p.span(start)}
	if err != nil {
		p.failAt(start, detailFloatOverflow, "the float "+quoteText(literal.Text(p.text))+" is too large", "")
		return literal
	}
	literal.Value = f
	if negative {
		literal.Value = -f
	}
	return literal
}

func (p *parser) stringLiteral() ast.Expr {
	t := p.step()
	return &ast.StringLiteral{Span: spanOf(t), Value: unescape(p.text[t.start:t.end])}
}

func (p *parser) parameter() ast.Expr {
	t := p.step()
	name := p.text[t.start+1 : t.end]
	if name[0] == '`' {
		name = unquote(name)
	}
	return &ast.Parameter{Span: spanOf(t), Name: name}
}

func (p *parser) word(e ast.Expr) ast.Expr {
	p.step()
	return e
}

// mapLiteral reads `{key: value}`.
func (p *parser) mapLiteral() ast.Expr {
	outer := p.enter()
	defer p.leave(outer)
	start := p.start()
	p.step()
	m := &ast.MapLiteral{}
	if !p.accept('}') {
		m.Entries = append(m.Entries, p.mapEntry())
		for p.accept(',') {
			m.Entries = append(m.Entries, p.mapEntry())
		}
		p.expectOneOf('}', ',')
	}
	m.Span = p.span(start)
	return m
}

func (p *parser) mapEntry() ast.MapEntry {
	t := p.peek()
	if !isName(t) {
		if p.err == nil {
			p.fail(detailSyntax, "unexpected "+p.describe(t)+", expected a property key", "a key that is no plain name stands in backticks")
		}
		return ast.MapEntry{Value: p.missing()}
	}
	key := p.name("a property key")
	p.expect(':')
	return ast.MapEntry{Key: key, Value: p.expr()}
}

// missing is an expression in the place of one that could not be read.
func (p *parser) missing() ast.Expr { return &ast.NullLiteral{Span: p.span(p.start())} }

// expectOneOf steps over the closing bracket; the message also names what could go on instead.
func (p *parser) expectOneOf(closing, more kind) {
	if !p.accept(closing) {
		p.unexpected(quoteText(string(rune(more))) + " or " + quoteText(string(rune(closing))))
	}
}
