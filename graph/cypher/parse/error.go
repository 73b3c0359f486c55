package parse

import (
	"strconv"

	"github.com/hivellm/nexus/graph/cypher/ast"
)

// The details of the parser's errors: openCypher's words, and three of our own for what its words do not cover.
const (
	detailSyntax            = "UnexpectedSyntax"
	detailNumber            = "InvalidNumberLiteral"
	detailIntegerOverflow   = "IntegerOverflow"
	detailFloatOverflow     = "FloatingPointOverflow"
	detailUnicodeLiteral    = "InvalidUnicodeLiteral"
	detailUnicodeCharacter  = "InvalidUnicodeCharacter"
	detailRelationship      = "InvalidRelationshipPattern"
	detailNoAlias           = "NoExpressionAlias"
	detailComposition       = "InvalidClauseComposition"
	detailArgumentPassing   = "InvalidArgumentPassingMode"
	detailDelete            = "InvalidDelete"
	detailUnsupported       = "Unsupported"
	detailLimit             = "LimitExceeded"
	detailUndefined         = "UndefinedVariable"
	detailMalformedEncoding = "MalformedEncoding"
)

// quotedLength bounds how many bytes of the query an error message repeats.
const quotedLength = 40

// quoteText returns a piece of the query for a message, in quotes and cut to quotedLength.
func quoteText(s string) string {
	if len(s) > quotedLength {
		cut := quotedLength
		for cut > 0 && s[cut]&0xc0 == 0x80 {
			cut--
		}
		return strconv.Quote(s[:cut]) + "…"
	}
	return strconv.Quote(s)
}

func quoteRune(r rune) string {
	if r < ' ' || r == 0x7f {
		return "U+" + hex4(r)
	}
	if r < 0x80 {
		return strconv.Quote(string(r))
	}
	return strconv.Quote(string(r)) + " (U+" + hex4(r) + ")"
}

func hex4(r rune) string {
	digits := strconv.FormatInt(int64(r), 16)
	for len(digits) < 4 {
		digits = "0" + digits
	}
	return digits
}

// describe says what a token is, for a message.
func (p *parser) describe(t token) string {
	switch t.kind {
	case kindEnd:
		return "the end of the query"
	case kindString:
		return "the string " + quoteText(p.text[t.start:t.end])
	case kindInteger, kindFloat:
		return "the number " + quoteText(p.text[t.start:t.end])
	case kindParameter:
		return "the parameter " + quoteText(p.text[t.start:t.end])
	default:
		return quoteText(p.text[t.start:t.end])
	}
}

// failAt notes an error at a byte offset, unless there is one, and moves to the end of the text.
func (p *parser) failAt(offset int, detail, message, hint string) {
	if p.err == nil {
		p.err = ast.NewError(p.text, offset, detail, message)
		p.err.Hint = hint
	}
	p.at = len(p.tokens) - 1
}

// fail notes an error at the token that comes next.
func (p *parser) fail(detail, message, hint string) {
	p.failAt(int(p.peek().start), detail, message, hint)
}

// unexpected notes that the next token is not what was expected. A bad token gives its own error. candidates are
// keywords that a misspelt name may have meant.
func (p *parser) unexpected(expected string, candidates ...keyword) {
	t := p.peek()
	if t.kind == kindBad && p.err == nil {
		p.err = p.lexError
		p.at = len(p.tokens) - 1
		return
	}
	detail := detailSyntax
	if t.kind == kindDash || t.kind == kindLeftArrow || t.kind == kindRightArrow {
		detail = detailUnicodeCharacter
	}
	p.fail(detail, "unexpected "+p.describe(t)+", expected "+expected, p.hint(t, candidates))
}
