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
	p, err := start(text)
	if err != nil {
		return nil, err
	}
	query := p.query()
	if p.finish(); p.err != nil {
		return nil, p.err
	}
	return query, nil
}

// ParseExpr returns the tree of one expression; for tests, tools and rules that are written as text.
func ParseExpr(text string) (ast.Expr, error) {
	p, err := start(text)
	if err != nil {
		return nil, err
	}
	e := p.expr()
	if p.finish(); p.err != nil {
		return nil, p.err
	}
	return e, nil
}

// start checks a text and cuts it into tokens.
func start(text string) (*parser, *Error) {
	if len(text) > MaxTextBytes {
		return nil, ast.NewError("", 0, detailLimit, "the query has "+strconv.Itoa(len(text))+
			" bytes, the longest allowed has "+strconv.Itoa(MaxTextBytes))
	}
	if !utf8.ValidString(text) {
		return nil, ast.NewError(text, invalidOffset(text), detailMalformedEncoding, "the query is not valid UTF-8")
	}
	tokens, lexError := lex(text)
	return &parser{text: text, tokens: tokens, lexError: lexError}, nil
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
