package value

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

// Errors of arithmetic.
var (
	// ErrIntegerOverflow says that a result does not fit into 64 bits.
	ErrIntegerOverflow = errors.New("integer overflow")
	// ErrDivisionByZero says that an integer was divided by zero.
	ErrDivisionByZero = errors.New("division by zero")
)

// OperandError says that an operator has no meaning for the kinds of its operands. A sign has only the operand B; A is
// then KindNull, which is never an error for an operator with two.
type OperandError struct {
	Operator string
	A, B     Kind
}

// Error implements error.
func (e *OperandError) Error() string {
	if e.A == KindNull {
		return fmt.Sprintf("cannot evaluate %s%s", e.Operator, e.B)
	}
	return fmt.Sprintf("cannot evaluate %s %s %s", e.A, e.Operator, e.B)
}

// Add is +: numbers; texts, also with numbers; lists, also with one more item; temporal values and
// durations. Null with anything is null.
func Add(a, b Value) (Value, error) {
	switch {
	case a.kind == KindNull || b.kind == KindNull:
		return Null, nil
	case a.kind == KindInt && b.kind == KindInt:
		x, y := int64(a.number), int64(b.number)
		sum := x + y
		if (sum > x) != (y > 0) && y != 0 {
			return Null, ErrIntegerOverflow
		}
		return Int(sum), nil
	case a.isNumber() && b.isNumber():
		return Float(a.float() + b.float()), nil
	case a.kind == KindList || b.kind == KindList:
		return addLists(a, b), nil
	case a.kind == KindString && b.kind == KindString:
		return String(a.Str() + b.Str()), nil
	case a.kind == KindString && b.isNumber(), b.kind == KindString && a.isNumber():
		return String(plainText(a) + plainText(b)), nil
	}
	return addTemporal(a, b)
}

func plainText(v Value) string {
	switch v.kind {
	case KindString:
		return v.Str()
	case KindInt:
		return strconv.FormatInt(int64(v.number), 10)
	}
	return FormatFloat(v.Float())
}

func addLists(a, b Value) Value {
	var items []Value
	if a.kind == KindList {
		items = append(make([]Value, 0, len(a.List())+1), a.List()...)
	} else {
		items = append(items, a)
	}
	if b.kind == KindList {
		return List(append(items, b.List()...))
	}
	return List(append(items, b))
}

// Sub is -: numbers, temporal values and durations.
func Sub(a, b Value) (Value, error) {
	switch {
	case a.kind == KindNull || b.kind == KindNull:
		return Null, nil
	case a.kind == KindInt && b.kind == KindInt:
		x, y := int64(a.number), int64(b.number)
		difference := x - y
		if (difference < x) != (y > 0) && y != 0 {
			return Null, ErrIntegerOverflow
		}
		return Int(difference), nil
	case a.isNumber() && b.isNumber():
		return Float(a.float() - b.float()), nil
	}
	return subTemporal(a, b)
}

// Mul is *: numbers, and a duration with a number.
func Mul(a, b Value) (Value, error) {
	switch {
	case a.kind == KindNull || b.kind == KindNull:
		return Null, nil
	case a.kind == KindInt && b.kind == KindInt:
		return mulInts(int64(a.number), int64(b.number))
	case a.isNumber() && b.isNumber():
		return Float(a.float() * b.float()), nil
	case a.kind == KindDuration && b.isNumber():
		return scaleDuration(a.Duration(), b, false)
	case b.kind == KindDuration && a.isNumber():
		return scaleDuration(b.Duration(), a, false)
	}
	return Null, &OperandError{"*", a.kind, b.kind}
}

func mulInts(x, y int64) (Value, error) {
	if x == 0 || y == 0 {
		return Int(0), nil
	}
	product := x * y
	if product/y != x || x == -1 && y == math.MinInt64 || y == -1 && x == math.MinInt64 {
		return Null, ErrIntegerOverflow
	}
	return Int(product), nil
}

// Div is /: integers towards zero, other numbers as floats, and a duration by a number.
func Div(a, b Value) (Value, error) {
	switch {
	case a.kind == KindNull || b.kind == KindNull:
		return Null, nil
	case a.kind == KindInt && b.kind == KindInt:
		x, y := int64(a.number), int64(b.number)
		switch {
		case y == 0:
			return Null, ErrDivisionByZero
		case x == math.MinInt64 && y == -1:
			return Null, ErrIntegerOverflow
		}
		return Int(x / y), nil
	case a.isNumber() && b.isNumber():
		return Float(a.float() / b.float()), nil
	case a.kind == KindDuration && b.isNumber():
		return scaleDuration(a.Duration(), b, true)
	}
	return Null, &OperandError{"/", a.kind, b.kind}
}

// Mod is %: the remainder has the sign of the dividend.
func Mod(a, b Value) (Value, error) {
	switch {
	case a.kind == KindNull || b.kind == KindNull:
		return Null, nil
	case a.kind == KindInt && b.kind == KindInt:
		x, y := int64(a.number), int64(b.number)
		switch {
		case y == 0:
			return Null, ErrDivisionByZero
		case y == -1:
			return Int(0), nil
		}
		return Int(x % y), nil
	case a.isNumber() && b.isNumber():
		return Float(math.Mod(a.float(), b.float())), nil
	}
	return Null, &OperandError{"%", a.kind, b.kind}
}

// Pow is ^: always a float.
func Pow(a, b Value) (Value, error) {
	switch {
	case a.kind == KindNull || b.kind == KindNull:
		return Null, nil
	case a.isNumber() && b.isNumber():
		return Float(math.Pow(a.float(), b.float())), nil
	}
	return Null, &OperandError{"^", a.kind, b.kind}
}

// Neg is the sign -.
func Neg(a Value) (Value, error) {
	switch a.kind {
	case KindNull:
		return Null, nil
	case KindInt:
		if int64(a.number) == math.MinInt64 {
			return Null, ErrIntegerOverflow
		}
		return Int(-int64(a.number)), nil
	case KindFloat:
		return Float(-a.Float()), nil
	case KindDuration:
		return scaleDuration(a.Duration(), Int(-1), false)
	}
	return Null, &OperandError{"-", KindNull, a.kind}
}

// float is a number as a float; the kind was looked at.
func (v Value) float() float64 {
	f, _ := v.Number()
	return f
}
