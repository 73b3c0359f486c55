package parse

import (
	"strings"
	"unicode/utf8"

	"github.com/hivellm/nexus/graph/cypher/ast"
)

// lexer cuts a valid UTF-8 text into tokens.
type lexer struct {
	text   string
	offset int
	tokens []token
	// err is why the token of kindBad, always the last but one, is bad.
	err *ast.Error
}

// bytesPerToken is a low guess of how long a token is with the space around it; a short text has spareTokens more. A
// good guess allocates once.
const (
	bytesPerToken = 3
	spareTokens   = 16
)

// lex returns the tokens of text, the last one of kindEnd. It stops at the first bad piece and returns its error too.
func lex(text string) ([]token, *ast.Error) {
	l := lexer{text: text, tokens: make([]token, 0, len(text)/bytesPerToken+spareTokens)}
	for l.err == nil && l.skipSpace() {
		l.next()
	}
	l.tokens = append(l.tokens, token{kind: kindEnd, start: int32(len(text)), end: int32(len(text))})
	return l.tokens, l.err
}

// skipSpace moves to the next token and says whether there is one.
func (l *lexer) skipSpace() bool {
	for l.offset < len(l.text) {
		c := l.text[l.offset]
		switch {
		case c == ' ' || c >= '\t' && c <= '\r' || c >= 0x1c && c <= 0x1f:
			l.offset++
		case c == '/' && l.follows('/'):
			l.skipLine()
		case c == '/' && l.follows('*'):
			if !l.skipComment() {
				return false
			}
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRuneInString(l.text[l.offset:])
			if !isSpace(r) {
				return true
			}
			l.offset += size
		default:
			return true
		}
	}
	return false
}

func (l *lexer) follows(c byte) bool { return l.offset+1 < len(l.text) && l.text[l.offset+1] == c }

func (l *lexer) skipLine() {
	end := strings.IndexByte(l.text[l.offset:], '\n')
	if end < 0 {
		l.offset = len(l.text)
		return
	}
	l.offset += end + 1
}

func (l *lexer) skipComment() bool {
	end := strings.Index(l.text[l.offset+2:], "*/")
	if end < 0 {
		l.bad(l.offset, len(l.text), detailSyntax, "a comment that is never closed", "close it with */")
		return false
	}
	l.offset += 2 + end + 2
	return true
}

// isSpace says whether a character beyond ASCII is white space in openCypher.
func isSpace(r rune) bool {
	switch r {
	case 0x00a0, 0x1680, 0x180e, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000, 0xfeff:
		return true
	}
	return r >= 0x2000 && r <= 0x200a
}

// next reads the token at the offset.
func (l *lexer) next() {
	c := l.text[l.offset]
	switch {
	case c >= utf8.RuneSelf:
		l.wide()
	case ast.IsNameStart(rune(c)):
		l.name()
	case '0' <= c && c <= '9':
		l.number()
	case c == '\'' || c == '"':
		l.string(c)
	case c == '`':
		start := l.offset
		if l.quoted() {
			l.add(kindQuoted, start, l.offset)
		}
	case c == '$':
		l.parameter()
	case c == '.':
		l.dot()
	default:
		l.punctuation(c)
	}
}

func (l *lexer) add(k kind, start, end int) {
	l.offset = end
	l.tokens = append(l.tokens, token{kind: k, start: int32(start), end: int32(end)})
}

// bad adds the bad token from start to end and the error to give when the parser reaches it.
func (l *lexer) bad(start, end int, detail, message, hint string) {
	l.badAt(start, start, end, detail, message, hint)
}

// badAt is bad with an error that points at a place within the token.
func (l *lexer) badAt(at, start, end int, detail, message, hint string) {
	l.err = ast.NewError(l.text, at, detail, message)
	l.err.Hint = hint
	l.add(kindBad, start, end)
}

// wide reads a token that starts with a character beyond ASCII.
func (l *lexer) wide() {
	r, size := utf8.DecodeRuneInString(l.text[l.offset:])
	end := l.offset + size
	switch {
	case ast.IsNameStart(r):
		l.name()
	case isDash(r):
		l.add(kindDash, l.offset, end)
	case r == 0x27e8 || r == 0x3008 || r == 0xfe64 || r == 0xff1c:
		l.add(kindLeftArrow, l.offset, end)
	case r == 0x27e9 || r == 0x3009 || r == 0xfe65 || r == 0xff1e:
		l.add(kindRightArrow, l.offset, end)
	default:
		hint := ""
		if r >= 0x2018 && r <= 0x201f {
			hint = "strings stand between plain ' or \""
		}
		l.bad(l.offset, end, detailUnicodeCharacter, "the character "+quoteRune(r)+" has no meaning here", hint)
	}
}

// isDash says whether a character is a dash that a relationship pattern may be drawn with.
func isDash(r rune) bool {
	return r == 0xad || r >= 0x2010 && r <= 0x2015 || r == 0x2212 || r == 0xfe58 || r == 0xfe63 || r == 0xff0d
}

func (l *lexer) name() {
	start := l.offset
	end := nameEnd(l.text, start)
	l.offset = end
	l.tokens = append(l.tokens, token{
		kind: kindName, keyword: lookupKeyword(l.text[start:end]), start: int32(start), end: int32(end),
	})
}

// namePart says of each byte below utf8.RuneSelf whether a name may go on with it.
var namePart = asciiNameParts()

func asciiNameParts() (table [256]bool) {
	for r := range rune(utf8.RuneSelf) {
		table[r] = ast.IsNamePart(r)
	}
	return table
}

// nameEnd returns where the name characters from offset on end.
func nameEnd(text string, offset int) int {
	for offset < len(text) {
		if namePart[text[offset]] {
			offset++
			continue
		}
		if text[offset] < utf8.RuneSelf {
			return offset
		}
		r, size := utf8.DecodeRuneInString(text[offset:])
		if !ast.IsNamePart(r) {
			return offset
		}
		offset += size
	}
	return offset
}

// quoted moves behind the name in backticks at the offset.
func (l *lexer) quoted() bool {
	start := l.offset
	for i := start + 1; i < len(l.text); i++ {
		if l.text[i] != '`' {
			continue
		}
		if i+1 < len(l.text) && l.text[i+1] == '`' {
			i++
			continue
		}
		l.offset = i + 1
		return true
	}
	l.bad(start, len(l.text), detailSyntax, "a name in backticks that is never closed", "close it with `; write a backtick within it twice")
	return false
}

func (l *lexer) parameter() {
	start := l.offset
	l.offset++
	if l.offset < len(l.text) && l.text[l.offset] == '`' {
		if l.quoted() {
			l.add(kindParameter, start, l.offset)
		}
		return
	}
	end := nameEnd(l.text, l.offset)
	if end == l.offset {
		l.bad(start, l.offset, detailSyntax, "a parameter has a name or a number directly after $", "")
		return
	}
	first, _ := utf8.DecodeRuneInString(l.text[l.offset:])
	if !ast.IsNameStart(first) && strings.Trim(l.text[l.offset:end], "0123456789") != "" {
		l.bad(start, end, detailSyntax, "a parameter's name cannot start with a digit", "write it in backticks: $`"+l.text[l.offset:end]+"`")
		return
	}
	l.add(kindParameter, start, end)
}

func (l *lexer) dot() {
	switch {
	case l.follows('.'):
		l.add(kindDotDot, l.offset, l.offset+2)
	case l.offset+1 < len(l.text) && isDigit(l.text[l.offset+1]):
		l.number()
	default:
		l.add('.', l.offset, l.offset+1)
	}
}

func (l *lexer) punctuation(c byte) {
	start := l.offset
	switch c {
	case '+':
		l.pair(c, '=', kindPlusEqual)
	case '>':
		l.pair(c, '=', kindMoreEqual)
	case '=':
		l.pair(c, '~', kindMatches)
	case '<':
		if l.follows('>') {
			l.add(kindNotEqual, start, start+2)
			return
		}
		l.pair(c, '=', kindLessEqual)
	case '!':
		if l.follows('=') {
			l.bad(start, start+2, detailSyntax, `unexpected "!="`, "inequality is written <>")
			return
		}
		l.add('!', start, start+1)
	case '(', ')', '[', ']', '{', '}', ',', ':', ';', '|', '&', '-', '*', '/', '%', '^':
		l.add(kind(c), start, start+1)
	default:
		l.bad(start, start+1, detailSyntax, "unexpected "+quoteRune(rune(c)), "")
	}
}

// pair adds the token of two characters if second follows, else that of c.
func (l *lexer) pair(c, second byte, both kind) {
	if l.follows(second) {
		l.add(both, l.offset, l.offset+2)
		return
	}
	l.add(kind(c), l.offset, l.offset+1)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
