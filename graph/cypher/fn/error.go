package fn

import (
	"errors"
	"fmt"

	"github.com/hivellm/nexus/graph/value"
)

// Types of errors in openCypher's words.
const (
	TypeError       = "TypeError"
	ArgumentError   = "ArgumentError"
	ArithmeticError = "ArithmeticError"
	EntityNotFound  = "EntityNotFound"
)

// Details of errors in openCypher's words.
const (
	InvalidArgumentValue = "InvalidArgumentValue"
	InvalidArgumentType  = "InvalidArgumentType"
	NumberOutOfRange     = "NumberOutOfRange"
	IntegerOverflow      = "IntegerOverflow"
	DeletedEntityAccess  = "DeletedEntityAccess"
)

// Error is a failure of a function at run time. The executor adds the place in the text.
type Error struct {
	// Type is openCypher's type, such as "TypeError"; Detail its detail, such as "InvalidArgumentValue".
	Type, Detail string
	// Message is for people.
	Message string
}

// Error returns type, detail and message in one line.
func (e *Error) Error() string { return e.Type + " (" + e.Detail + "): " + e.Message }

func fault(typ, detail, format string, args ...any) error {
	return &Error{Type: typ, Detail: detail, Message: fmt.Sprintf(format, args...)}
}

func outOfRange(format string, args ...any) error {
	return fault(ArgumentError, NumberOutOfRange, format, args...)
}

func overflow(name string) error {
	return fault(ArithmeticError, IntegerOverflow, "the result of %s() does not fit into a 64-bit integer", name)
}

// wrongType is the error of an argument whose kind the function does not take.
func wrongType(f *Function, p Param, v value.Value) error {
	typ, detail := TypeError, InvalidArgumentValue
	if f.TypesAtRuntime {
		typ, detail = ArgumentError, InvalidArgumentType
	}
	return fault(typ, detail, "%s() expects %s for %s, found %s", f.Name, p.Types, p.Name, v.Kind())
}

// arithmetic turns an error of value's arithmetic into one of this package.
func arithmetic(name string, err error) error {
	if errors.Is(err, value.ErrIntegerOverflow) {
		return overflow(name)
	}
	return fault(ArgumentError, InvalidArgumentValue, "%s(): %v", name, err)
}
