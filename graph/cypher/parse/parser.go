package parse

import (
	"strconv"
	"strings"

	"github.com/hivellm/nexus/graph/cypher/ast"
)

// parser reads tokens from left to right. After a failure err is set and the next token is the end.
type parser struct {
	text     string
	tokens   []token
	at       int
	err      *ast.Error
	lexError *ast.Error

	// depth is how many constructs are open; height bounds from above how high the expression being read is.
	depth  int
	height int
	// pipeEnds is true where a `|` ends the expression and cannot belong to a label expression.
	pipeEnds bool
	// readOnly is true within a subquery expression, where no clause may change the graph.
	readOnly bool
	// barePatterns are patterns read as expressions that no predicate has claimed yet.
	barePatterns []*ast.PatternExpr
}

// finish notes an error when text is left over or a pattern stands where a value must.
func (p *parser) finish() {
	if p.peek().kind != kindEnd {
		p.unexpected("a clause, an operator or the end of the query", clauseWords...)
	}
	if p.err == nil && len(p.barePatterns) > 0 {
		p.failAt(p.barePatterns[0].Start, detailSyntax, "a pattern is a predicate and cannot stand for a value here",
			"use exists(…), a pattern comprehension [pattern | value], or COUNT { pattern }")
	}
}

func (p *parser) peek() token { return p.tokens[p.at] }

// peekAt returns the token n after the next one.
func (p *parser) peekAt(n int) token { return p.tokens[min(p.at+n, len(p.tokens)-1)] }

// step returns the next token and moves behind it; it stays at the end.
func (p *parser) step() token {
	t := p.tokens[p.at]
	if t.kind != kindEnd {
		p.at++
	}
	return t
}

func (p *parser) is(k kind) bool           { return p.tokens[p.at].kind == k }
func (p *parser) isKeyword(k keyword) bool { return p.tokens[p.at].keyword == k }

// isKeywords says whether the next two tokens are these keywords.
func (p *parser) isKeywords(first, second keyword) bool {
	return p.isKeyword(first) && p.peekAt(1).keyword == second
}

// accept steps over a token of the kind, if it is next.
func (p *parser) accept(k kind) bool {
	if p.tokens[p.at].kind != k {
		return false
	}
	p.step()
	return true
}

func (p *parser) acceptKeyword(k keyword) bool {
	if p.tokens[p.at].keyword != k {
		return false
	}
	p.step()
	return true
}

// acceptWord steps over a name that is written so, in any case; for words that are no keywords.
func (p *parser) acceptWord(word string) bool {
	t := p.peek()
	if t.kind != kindName || !strings.EqualFold(p.text[t.start:t.end], word) {
		return false
	}
	p.step()
	return true
}

func (p *parser) expect(k kind) {
	if !p.accept(k) {
		p.unexpected(quoteText(string(rune(k))))
	}
}

func (p *parser) expectKeyword(k keyword) {
	if !p.acceptKeyword(k) {
		p.unexpected(keywordWords[k], k)
	}
}

// start returns the offset of the next token, end that of the last one's end.
func (p *parser) start() int { return int(p.tokens[p.at].start) }

func (p *parser) end() int {
	if p.at == 0 {
		return 0
	}
	return int(p.tokens[p.at-1].end)
}

// span returns the span from an offset to the end of the last token.
func (p *parser) span(start int) ast.Span {
	return ast.Span{Start: start, End: max(start, p.end())}
}

// enter opens a construct and returns the height around it; leave must follow. Too deep is a failure.
func (p *parser) enter() int {
	p.depth++
	if p.depth > MaxNesting {
		p.fail(detailLimit, "the query is nested deeper than "+strconv.Itoa(MaxNesting)+" levels", "")
	}
	outer := p.height
	p.height = 0
	return outer
}

func (p *parser) leave(outer int) {
	p.depth--
	p.height = max(outer, p.height+1)
	p.checkHeight()
}

// link counts one more operator in a row.
func (p *parser) link() {
	p.height++
	p.checkHeight()
}

func (p *parser) checkHeight() {
	if p.height > MaxHeight && p.err == nil {
		p.fail(detailLimit, "an expression of more than "+strconv.Itoa(MaxHeight)+" operators in a row",
			"use a list with IN, UNWIND or reduce()")
	}
}

// isName says whether a token can be a name where any word can.
func isName(t token) bool { return t.kind == kindName || t.kind == kindQuoted }

// isVariable says whether a token can be a variable.
func isVariable(t token) bool {
	return t.kind == kindQuoted || t.kind == kindName && !reserved[t.keyword]
}

// nameText returns a name token's text, without backticks.
func (p *parser) nameText(t token) string {
	if t.kind != kindQuoted {
		return p.text[t.start:t.end]
	}
	return unquote(p.text[t.start:t.end])
}

func unquote(quoted string) string {
	return strings.ReplaceAll(quoted[1:len(quoted)-1], "``", "`")
}

// name reads a name where any word can be one; what says which, for the message.
func (p *parser) name(what string) ast.Name {
	t := p.peek()
	if !isName(t) {
		p.unexpected(what)
		return ast.Name{Span: p.span(p.start())}
	}
	p.step()
	return ast.Name{Span: spanOf(t), Text: p.nameText(t)}
}

// variable reads a variable.
func (p *parser) variable() *ast.Variable {
	t := p.peek()
	if !isVariable(t) {
		p.unexpected("a variable")
		return &ast.Variable{Span: p.span(p.start())}
	}
	p.step()
	return &ast.Variable{Span: spanOf(t), Name: p.nameText(t)}
}

func spanOf(t token) ast.Span { return ast.Span{Start: int(t.start), End: int(t.end)} }
