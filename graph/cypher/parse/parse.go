package parse

import (
	"strconv"
	"unicode/utf8"

	"github.com/hivellm/nexus/graph/cypher/ast"
)

// The bounds of a query.
const (
	// MaxTextBytes is the longest text that is parsed.
	MaxTextBytes = 1 << 20
	// MaxNesting is how deep expressions, subqueries, lists and the like may stand within each other.
	MaxNesting = 200
	// MaxHeight is how high the tree of one expression may be; a row of n operators is n high.
	MaxHeight = 4096
)

// Error is the error of a text that does not parse.
type Error = ast.Error

// Parse returns the tree of a query, or an error of type *Error. It is safe for concurrent use, needs no more memory
// than a small multiple of the text, and never panics.
func Parse(text string) (*ast.Query, error) {
	p := parser{text: text}
	p.begin()
	query := p.query()
	if p.finish(); p.err != nil {
		return nil, p.err
	}
	return query, nil
}

// ParseExpr returns the tree of one expression; for tests, tools and rules that are written as text.
func ParseExpr(text string) (ast.Expr, error) {
	p := parser{text: text}
	p.begin()
	e := p.expr()
	if p.finish(); p.err != nil {
		return nil, p.err
	}
	return e, nil
}

// begin checks the text and cuts it into tokens. After a failure there is none but the end.
func (p *parser) begin() {
	switch {
	case len(p.text) > MaxTextBytes:
		p.err = ast.NewError("", 0, detailLimit, "the query has "+strconv.Itoa(len(p.text))+
			" bytes, the longest allowed has "+strconv.Itoa(MaxTextBytes))
	case !utf8.ValidString(p.text):
		p.err = ast.NewError(p.text, invalidOffset(p.text), detailMalformedEncoding, "the query is not valid UTF-8")
	}
	if p.err != nil {
		p.tokens = []token{{}}
		return
	}
	p.tokens, p.lexError = lex(p.text)
}

func invalidOffset(text string) int {
	for offset := 0; offset < len(text); {
		r, size := utf8.DecodeRuneInString(text[offset:])
		if r == utf8.RuneError && size == 1 {
			return offset
		}
		offset += size
	}
	return len(text)
}
