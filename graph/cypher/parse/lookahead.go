package parse

import "strings"

// textOf returns a token's text in upper case.
func (p *parser) textOf(t token) string { return strings.ToUpper(p.text[t.start:t.end]) }

// patternFollows says whether the parenthesis that comes next opens a path pattern of at least one relationship, as
// opposed to an expression. It looks and moves nothing: a node, a relationship, and the start of another node.
func (p *parser) patternFollows(n int) bool {
	if !p.nodeFollows(n) {
		return false
	}
	at := p.skipBrackets(p.at + n)
	at, ok := p.skipRelationship(at)
	return ok && p.nodeFollows(at-p.at)
}

// nodeFollows says whether the token n after the next one opens a parenthesis that starts like a node pattern.
func (p *parser) nodeFollows(n int) bool {
	if p.peekAt(n).kind != '(' {
		return false
	}
	first := p.peekAt(n + 1)
	if isVariable(first) {
		first = p.peekAt(n + 2)
	}
	switch first.kind {
	case ')', ':', '{', kindParameter:
		return true
	}
	return first.keyword == keywordWhere
}

// skipBrackets returns the index behind the bracket that closes the one at index at, or the index of the end.
func (p *parser) skipBrackets(at int) int {
	open := 0
	for ; at < len(p.tokens)-1; at++ {
		switch p.tokens[at].kind {
		case '(', '[', '{':
			open++
		case ')', ']', '}':
			open--
			if open == 0 {
				return at + 1
			}
		}
	}
	return len(p.tokens) - 1
}

// skipRelationship returns the index behind the relationship pattern at index at and whether there is one.
func (p *parser) skipRelationship(at int) (int, bool) {
	if isLeftArrow(p.tokenAt(at)) {
		at++
	}
	if !isDashToken(p.tokenAt(at)) {
		return at, false
	}
	at++
	if p.tokenAt(at).kind == '[' {
		at = p.skipBrackets(at)
	}
	if !isDashToken(p.tokenAt(at)) {
		return at, false
	}
	at++
	if isRightArrow(p.tokenAt(at)) {
		at++
	}
	return at, true
}

func (p *parser) tokenAt(at int) token { return p.tokens[min(at, len(p.tokens)-1)] }
