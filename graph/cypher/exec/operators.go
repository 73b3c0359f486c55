package exec

import (
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/value"
)

func (c *compiler) unary(x *ast.Unary) eval {
	operand := c.expr(x.Operand)
	switch x.Operator {
	case ast.OpNot:
		return func(r *run) (value.Value, error) {
			t, err := truth(r, operand, x.Operand)
			return t.Not().Value(), err
		}
	case ast.OpMinus:
		return func(r *run) (value.Value, error) {
			v, err := operand(r)
			if err != nil {
				return value.Null, err
			}
			v, err = value.Neg(v)
			return v, explain(x, err)
		}
	}
	return func(r *run) (value.Value, error) {
		v, err := operand(r)
		if err != nil || v.IsNull() || v.Kind() == value.KindInt || v.Kind() == value.KindFloat {
			return v, err
		}
		return value.Null, fail(x, ast.TypeError, "InvalidArgumentType", "+ needs a number, found %s", v.Kind())
	}
}

// truth evaluates to a truth value.
func truth(r *run, e eval, at ast.Node) (value.Ternary, error) {
	v, err := e(r)
	if err != nil || v.IsNull() {
		return value.Unknown, err
	}
	if v.Kind() != value.KindBool {
		return value.Unknown, notBoolean(at, v)
	}
	return value.TernaryOf(v.Bool()), nil
}

func (c *compiler) binary(x *ast.Binary) eval {
	switch x.Operator {
	case ast.OpAnd, ast.OpOr, ast.OpXor:
		return c.logic(x)
	case ast.OpMatches:
		return c.matches(x)
	}
	left, right := c.expr(x.Left), c.expr(x.Right)
	compute := operation(x)
	return func(r *run) (value.Value, error) {
		a, err := left(r)
		if err != nil {
			return value.Null, err
		}
		b, err := right(r)
		if err != nil {
			return value.Null, err
		}
		v, err := compute(a, b)
		if err != nil {
			return value.Null, explain(x, err)
		}
		if k := v.Kind(); k == value.KindString || k == value.KindList {
			err = r.Charge(weight(v))
		}
		return v, err
	}
}

func (c *compiler) logic(x *ast.Binary) eval {
	left, right := c.expr(x.Left), c.expr(x.Right)
	decided, join := value.False, value.Ternary.And
	switch x.Operator {
	case ast.OpOr:
		decided, join = value.True, value.Ternary.Or
	case ast.OpXor:
		decided, join = value.Unknown, value.Ternary.Xor
	}
	return func(r *run) (value.Value, error) {
		a, err := truth(r, left, x.Left)
		if err != nil {
			return value.Null, err
		}
		if a == decided && decided != value.Unknown {
			return a.Value(), nil
		}
		b, err := truth(r, right, x.Right)
		return join(a, b).Value(), err
	}
}

// operation is what a binary operator does with two values.
func operation(x *ast.Binary) func(a, b value.Value) (value.Value, error) {
	switch x.Operator {
	case ast.OpAdd:
		return value.Add
	case ast.OpSubtract:
		return value.Sub
	case ast.OpMultiply:
		return value.Mul
	case ast.OpDivide:
		return value.Div
	case ast.OpModulo:
		return value.Mod
	case ast.OpPower:
		return value.Pow
	case ast.OpIn:
		return func(a, b value.Value) (value.Value, error) { return in(x, a, b) }
	case ast.OpStartsWith:
		return texts(strings.HasPrefix)
	case ast.OpEndsWith:
		return texts(strings.HasSuffix)
	case ast.OpContains:
		return texts(strings.Contains)
	}
	operator := x.Operator
	return func(a, b value.Value) (value.Value, error) { return compare(operator, a, b).Value(), nil }
}

func texts(test func(s, t string) bool) func(a, b value.Value) (value.Value, error) {
	return func(a, b value.Value) (value.Value, error) {
		if a.Kind() != value.KindString || b.Kind() != value.KindString {
			return value.Null, nil
		}
		return value.Bool(test(a.Str(), b.Str())), nil
	}
}

// compare is = <> < <= > >=.
func compare(operator ast.Operator, a, b value.Value) value.Ternary {
	switch operator {
	case ast.OpEqual:
		return value.Equal(a, b)
	case ast.OpNotEqual:
		return value.Equal(a, b).Not()
	}
	c, known := value.Less(a, b)
	switch {
	case known != value.True:
		return value.Unknown
	case c == value.Incomparable:
		return value.False
	case operator == ast.OpLess:
		return value.TernaryOf(c < 0)
	case operator == ast.OpLessEqual:
		return value.TernaryOf(c <= 0)
	case operator == ast.OpGreater:
		return value.TernaryOf(c > 0)
	}
	return value.TernaryOf(c >= 0)
}

// in tells whether a list holds a value, three-valued.
func in(x *ast.Binary, a, list value.Value) (value.Value, error) {
	if list.IsNull() {
		return value.Null, nil
	}
	if list.Kind() != value.KindList {
		return value.Null, fail(x.Right, ast.TypeError, "InvalidArgumentType", "IN needs a list, found %s", list.Kind())
	}
	found := value.False
	for _, item := range list.List() {
		if found = found.Or(value.Equal(a, item)); found == value.True {
			break
		}
	}
	return found.Value(), nil
}

func (c *compiler) chain(x *ast.Chain) eval {
	operands := c.exprs(x.Operands)
	return func(r *run) (value.Value, error) {
		all := value.True
		left, err := operands[0](r)
		if err != nil {
			return value.Null, err
		}
		for i, operator := range x.Operators {
			right, err := operands[i+1](r)
			if err != nil {
				return value.Null, err
			}
			all = all.And(compare(operator, left, right))
			left = right
		}
		return all.Value(), nil
	}
}

// matches is =~: the whole text must match. A pattern that is a literal is compiled once.
func (c *compiler) matches(x *ast.Binary) eval {
	left, right := c.expr(x.Left), c.expr(x.Right)
	var fixed *regexp.Regexp
	if literal, ok := x.Right.(*ast.StringLiteral); ok {
		fixed, _ = wholeMatch(literal.Value)
	}
	return func(r *run) (value.Value, error) {
		a, err := left(r)
		if err != nil {
			return value.Null, err
		}
		b, err := right(r)
		if err != nil || a.Kind() != value.KindString || b.Kind() != value.KindString {
			return value.Null, err
		}
		pattern := fixed
		if pattern == nil {
			if pattern, err = wholeMatch(b.Str()); err != nil {
				return value.Null, fail(x.Right, "ArgumentError", "InvalidArgumentValue", "not a regular expression: %v", err)
			}
		}
		if len(a.Str()) <= longText {
			return value.Bool(pattern.MatchString(a.Str())), nil
		}
		text := &lookingReader{text: a.Str(), look: r.step}
		matched := pattern.MatchReader(text)
		return value.Bool(matched), text.err
	}
}

// longText is from where on a match is looked after while it runs.
const longText = 64 << 10

// lookingReader reads a text rune by rune; it ends early where look says so.
type lookingReader struct {
	text string
	read int
	look func() error
	err  error // of look
}

// ReadRune implements io.RuneReader.
func (l *lookingReader) ReadRune() (char rune, size int, err error) {
	if l.read++; l.err == nil && l.read%256 == 0 {
		l.err = l.look()
	}
	if l.err != nil || l.text == "" {
		return 0, 0, io.EOF
	}
	char, size = utf8.DecodeRuneInString(l.text)
	l.text = l.text[size:]
	return char, size, nil
}

func wholeMatch(pattern string) (*regexp.Regexp, error) {
	return regexp.Compile(`^(?:` + pattern + `)$`)
}
