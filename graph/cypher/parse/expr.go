package parse

import (
	"math"

	"github.com/hivellm/nexus/graph/cypher/ast"
)

// level is how tightly an operator binds. NOT stands between levelAnd and levelCompare, a sign above levelPower.
type level uint8

const (
	levelNone level = iota
	levelOr
	levelXor
	levelAnd
	levelCompare
	levelPredicate // IN, STARTS WITH, ENDS WITH, CONTAINS, =~, IS NULL
	levelAdd
	levelMultiply
	levelPower
)

// expr reads one expression. A `|` after a label belongs to the label expression.
func (p *parser) expr() ast.Expr {
	return p.bounded(false)
}

// exprBeforePipe reads an expression that a `|` ends.
func (p *parser) exprBeforePipe() ast.Expr {
	return p.bounded(true)
}

func (p *parser) bounded(pipeEnds bool) ast.Expr {
	outer, before := p.enter(), p.pipeEnds
	p.pipeEnds = pipeEnds
	e := p.binary(levelOr)
	p.pipeEnds = before
	p.leave(outer)
	return e
}

// predicate reads an expression that may be a pattern.
func (p *parser) predicate() ast.Expr {
	e := p.expr()
	p.claim(e)
	return e
}

// claim takes a pattern off the list of those that nothing reads as a predicate.
func (p *parser) claim(e ast.Expr) {
	pattern, ok := e.(*ast.PatternExpr)
	if !ok {
		return
	}
	for i := len(p.barePatterns) - 1; i >= 0; i-- {
		if p.barePatterns[i] == pattern {
			p.barePatterns = append(p.barePatterns[:i], p.barePatterns[i+1:]...)
			return
		}
	}
}

// binary reads operands and the operators between them that bind at least as tightly as lowest. Equal ones join from
// the left.
func (p *parser) binary(lowest level) ast.Expr {
	start := p.start()
	left := p.prefix(lowest)
	for {
		operator, binds := infix(p.peek())
		if binds < lowest || binds == levelNone {
			return left
		}
		p.link()
		switch binds {
		case levelCompare:
			left = p.comparison(start, left)
		case levelPredicate:
			left = p.infixPredicate(start, left)
		default:
			p.step()
			right := p.binary(binds + 1)
			if binds <= levelAnd {
				p.claim(left)
				p.claim(right)
			}
			left = &ast.Binary{Span: p.span(start), Operator: operator, Left: left, Right: right}
		}
	}
}

// infix returns the operator that a token is between two operands and how tightly it binds. For levelPredicate the
// operator is decided later.
func infix(t token) (ast.Operator, level) {
	switch t.kind {
	case '=', kindNotEqual, '<', kindLessEqual, '>', kindMoreEqual:
		return comparisonOperator(t.kind), levelCompare
	case '+':
		return ast.OpAdd, levelAdd
	case '-':
		return ast.OpSubtract, levelAdd
	case '*':
		return ast.OpMultiply, levelMultiply
	case '/':
		return ast.OpDivide, levelMultiply
	case '%':
		return ast.OpModulo, levelMultiply
	case '^':
		return ast.OpPower, levelPower
	case kindMatches:
		return ast.OpMatches, levelPredicate
	}
	switch t.keyword {
	case keywordOr:
		return ast.OpOr, levelOr
	case keywordXor:
		return ast.OpXor, levelXor
	case keywordAnd:
		return ast.OpAnd, levelAnd
	case keywordIn:
		return ast.OpIn, levelPredicate
	case keywordContains:
		return ast.OpContains, levelPredicate
	case keywordStarts:
		return ast.OpStartsWith, levelPredicate
	case keywordEnds:
		return ast.OpEndsWith, levelPredicate
	case keywordIs:
		return 0, levelPredicate
	}
	return 0, levelNone
}

func comparisonOperator(k kind) ast.Operator {
	switch k {
	case '=':
		return ast.OpEqual
	case kindNotEqual:
		return ast.OpNotEqual
	case '<':
		return ast.OpLess
	case kindLessEqual:
		return ast.OpLessEqual
	case '>':
		return ast.OpGreater
	default:
		return ast.OpGreaterEqual
	}
}

// comparison reads one comparison, or a chain of them.
func (p *parser) comparison(start int, left ast.Expr) ast.Expr {
	first := comparisonOperator(p.step().kind)
	right := p.binary(levelCompare + 1)
	operator, binds := infix(p.peek())
	if binds != levelCompare {
		return &ast.Binary{Span: p.span(start), Operator: first, Left: left, Right: right}
	}
	chain := &ast.Chain{Operands: []ast.Expr{left, right}, Operators: []ast.Operator{first}}
	for binds == levelCompare {
		p.step()
		chain.Operators = append(chain.Operators, operator)
		chain.Operands = append(chain.Operands, p.binary(levelCompare+1))
		operator, binds = infix(p.peek())
	}
	chain.Span = p.span(start)
	return chain
}

// infixPredicate reads one operator of levelPredicate and what stands right of it.
func (p *parser) infixPredicate(start int, left ast.Expr) ast.Expr {
	operator, _ := infix(p.peek())
	switch p.step().keyword {
	case keywordIs:
		return p.isNull(start, left)
	case keywordStarts, keywordEnds:
		p.expectKeyword(keywordWith)
	}
	right := p.binary(levelAdd)
	return &ast.Binary{Span: p.span(start), Operator: operator, Left: left, Right: right}
}

func (p *parser) isNull(start int, operand ast.Expr) ast.Expr {
	negated := p.acceptKeyword(keywordNot)
	if p.is(':') {
		p.unsupported("the type predicate IS ::", "")
	}
	if !p.acceptKeyword(keywordNull) {
		p.unexpected("NULL or NOT NULL", keywordNull, keywordNot)
	}
	return &ast.IsNull{Span: p.span(start), Operand: operand, Negated: negated}
}

// prefix reads NOT where the level allows it, or what only signs stand before.
func (p *parser) prefix(lowest level) ast.Expr {
	if lowest > levelAnd+1 || !p.isKeyword(keywordNot) {
		return p.signed()
	}
	outer := p.enter()
	defer p.leave(outer)
	start := p.start()
	p.step()
	operand := p.binary(levelAnd + 1)
	p.claim(operand)
	return &ast.Unary{Span: p.span(start), Operator: ast.OpNot, Operand: operand}
}

// signed reads an operand with its signs. A minus before a number is part of it.
func (p *parser) signed() ast.Expr {
	start := p.start()
	t := p.peek()
	if t.kind != '-' && t.kind != '+' {
		return p.postfix()
	}
	outer := p.enter()
	defer p.leave(outer)
	p.step()
	next := p.peek().kind
	if t.kind == '-' && (next == kindInteger || next == kindFloat) {
		return p.labelled(start, p.postfixes(start, p.negative(start)))
	}
	operand := p.signed()
	if t.kind == '+' {
		return &ast.Unary{Span: p.span(start), Operator: ast.OpPlus, Operand: operand}
	}
	return p.negated(start, operand)
}

// negated is a minus before an expression; before a number without one it becomes part of it.
func (p *parser) negated(start int, operand ast.Expr) ast.Expr {
	switch x := operand.(type) {
	case *ast.IntegerLiteral:
		if x.Value >= 0 {
			return &ast.IntegerLiteral{Span: p.span(start), Value: -x.Value}
		}
	case *ast.FloatLiteral:
		if !math.Signbit(x.Value) {
			return &ast.FloatLiteral{Span: p.span(start), Value: -x.Value}
		}
	}
	return &ast.Unary{Span: p.span(start), Operator: ast.OpMinus, Operand: operand}
}

func (p *parser) negative(start int) ast.Expr {
	if p.is(kindInteger) {
		return p.integer(start, true)
	}
	return p.float(start, true)
}
