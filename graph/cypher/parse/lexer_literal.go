package parse

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// number reads an integer or a float. Letters directly behind it make it bad.
func (l *lexer) number() {
	start := l.offset
	if l.text[start] == '0' && start+1 < len(l.text) {
		switch l.text[start+1] {
		case 'x', 'X':
			l.prefixed(start, "0123456789abcdefABCDEF", "hexadecimal")
			return
		case 'o', 'O':
			l.prefixed(start, "01234567", "octal")
			return
		}
	}
	end, k := l.decimal(start)
	if tail := nameEnd(l.text, end); tail > end {
		l.badNumber(start, tail, "")
		return
	}
	if k == kindInteger && end-start > 1 && l.text[start] == '0' {
		l.badNumber(start, end, "an octal number starts with 0o, a decimal one with another digit than 0")
		return
	}
	l.add(k, start, end)
}

// decimal returns where a decimal number ends and what it is.
func (l *lexer) decimal(start int) (int, kind) {
	k := kindInteger
	end := l.digits(start)
	if end+1 < len(l.text) && l.text[end] == '.' && isDigit(l.text[end+1]) {
		k = kindFloat
		end = l.digits(end + 1)
	}
	if end >= len(l.text) || l.text[end] != 'e' && l.text[end] != 'E' {
		return end, k
	}
	exponent := end + 1
	if exponent < len(l.text) && (l.text[exponent] == '-' || l.text[exponent] == '+') {
		exponent++
	}
	if tail := l.digits(exponent); tail > exponent {
		return tail, kindFloat
	}
	return end, k
}

func (l *lexer) digits(offset int) int {
	for offset < len(l.text) && isDigit(l.text[offset]) {
		offset++
	}
	return offset
}

func (l *lexer) prefixed(start int, digits, what string) {
	end := nameEnd(l.text, start+2)
	body := l.text[start+2 : end]
	if body == "" || strings.Trim(body, digits) != "" || strings.IndexFunc(body, notIn(digits)) >= 0 {
		l.badNumber(start, end, "after "+l.text[start:start+2]+" come "+what+" digits")
		return
	}
	l.add(kindInteger, start, end)
}

func notIn(digits string) func(rune) bool {
	return func(r rune) bool { return !strings.ContainsRune(digits, r) }
}

func (l *lexer) badNumber(start, end int, hint string) {
	l.bad(start, end, detailNumber, quoteText(l.text[start:end])+" is not a number", hint)
}

// string checks a string up to its closing quote; the parser resolves its escapes.
func (l *lexer) string(quote byte) {
	start := l.offset
	for i := start + 1; i < len(l.text); i++ {
		switch l.text[i] {
		case quote:
			l.add(kindString, start, i+1)
			return
		case '\\':
			size := l.escape(start, i)
			if size == 0 {
				return
			}
			i += size - 1
		}
	}
	l.bad(start, len(l.text), detailSyntax, "a string that is never closed", "close it with "+string(quote))
}

// escape returns the length in bytes of the escape at offset, or 0 after noting why it is bad.
func (l *lexer) escape(start, at int) int {
	if at+1 >= len(l.text) {
		return 1
	}
	switch c := l.text[at+1]; c {
	case '\\', '\'', '"', '`', 'b', 'B', 'f', 'F', 'n', 'N', 'r', 'R', 't', 'T':
		return 2
	case 'u', 'U':
		_, size := unicodeEscape(l.text[at:])
		if size == 0 {
			l.badUnicode(start, at, c)
		}
		return size
	default:
		r, size := utf8.DecodeRuneInString(l.text[at+1:])
		l.badAt(at, start, at+1+size, detailSyntax, "unknown escape "+quoteText(`\`+string(r))+" in a string", `a backslash is written \\`)
		return 0
	}
}

func (l *lexer) badUnicode(start, at int, c byte) {
	want := `\u takes four hexadecimal digits; a character beyond U+FFFF is a surrogate pair or \U with eight`
	if c == 'U' {
		want = `\U takes eight hexadecimal digits, at most 0010FFFF`
	}
	l.badAt(at, start, at+2, detailUnicodeLiteral, "this is no character: "+quoteText(l.text[at:min(at+10, l.lineEnd(at))]), want)
}

// lineEnd returns where the characters of the word at offset end, to quote no more than that.
func (l *lexer) lineEnd(offset int) int {
	end := strings.IndexAny(l.text[offset:], " \t\r\n'\"")
	if end < 0 {
		return len(l.text)
	}
	return offset + end
}

// unicodeEscape returns the character of the \u or \U escape that s starts with, two escapes for a surrogate pair, and
// its length in bytes, 0 for none.
func unicodeEscape(s string) (rune, int) {
	if s[1] == 'U' {
		return hexRune(s, 10)
	}
	r, size := hexRune(s, 6)
	if size == 0 || r < 0xd800 || r > 0xdfff {
		return r, size
	}
	if r > 0xdbff || len(s) < 12 || s[6] != '\\' || s[7] != 'u' {
		return 0, 0
	}
	low, lowSize := hexRune(s[6:], 6)
	if lowSize == 0 || low < 0xdc00 || low > 0xdfff {
		return 0, 0
	}
	return 0x10000 + (r-0xd800)<<10 + (low - 0xdc00), 12
}

// hexRune reads the escape of the given length in bytes; for eight digits a surrogate is none.
func hexRune(s string, size int) (rune, int) {
	if len(s) < size {
		return 0, 0
	}
	n, err := strconv.ParseUint(s[2:size], 16, 32)
	if err != nil || n > utf8.MaxRune || size == 10 && n >= 0xd800 && n <= 0xdfff {
		return 0, 0
	}
	return rune(n), size
}

// unescape returns the value of a string token that the lexer has checked, quotes included in token.
func unescape(token string) string {
	body := token[1 : len(token)-1]
	at := strings.IndexByte(body, '\\')
	if at < 0 {
		return body
	}
	value := make([]byte, 0, len(body))
	for at >= 0 {
		value = append(value, body[:at]...)
		body = body[at:]
		size := 2
		switch body[1] {
		case 'b', 'B':
			value = append(value, '\b')
		case 'f', 'F':
			value = append(value, '\f')
		case 'n', 'N':
			value = append(value, '\n')
		case 'r', 'R':
			value = append(value, '\r')
		case 't', 'T':
			value = append(value, '\t')
		case 'u', 'U':
			var r rune
			r, size = unicodeEscape(body)
			value = utf8.AppendRune(value, r)
		default:
			value = append(value, body[1])
		}
		body = body[size:]
		at = strings.IndexByte(body, '\\')
	}
	return string(append(value, body...))
}
