package tenancy

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// MaxLimit is the greatest number a Limit can hold.
const MaxLimit = uint64(math.MaxInt64)

// Limit is one limit: absent (the plan's holds), none (no limit), or a number, of which 0 allows nothing.
// The zero value is absent. Limits are comparable.
type Limit struct {
	state  limitState
	number uint64
}

type limitState uint8

const (
	limitAbsent limitState = iota
	limitNone
	limitNumber
)

// NoLimit is the Limit that allows everything.
func NoLimit() Limit { return Limit{state: limitNone} }

// LimitOf is the Limit of n; a number above MaxLimit becomes MaxLimit.
func LimitOf(n uint64) Limit { return Limit{state: limitNumber, number: min(n, MaxLimit)} }

// IsZero reports whether the limit is absent, so that the JSON tag omitzero leaves it out.
func (l Limit) IsZero() bool { return l.state == limitAbsent }

// Absent reports whether the limit is left to the plan.
func (l Limit) Absent() bool { return l.state == limitAbsent }

// None reports whether there is explicitly no limit.
func (l Limit) None() bool { return l.state == limitNone }

// Number is the limit's number; false when it is none or absent.
func (l Limit) Number() (uint64, bool) { return l.number, l.state == limitNumber }

// Allows reports whether an amount is within the limit. An absent limit, which nobody resolved, allows nothing
// but 0.
func (l Limit) Allows(amount uint64) bool { return l.state == limitNone || amount <= l.number }

// Or is the limit itself, or fallback where it is absent.
func (l Limit) Or(fallback Limit) Limit {
	if l.state == limitAbsent {
		return fallback
	}
	return l
}

// String is "absent", "none" or the number.
func (l Limit) String() string {
	switch l.state {
	case limitNone:
		return "none"
	case limitNumber:
		return strconv.FormatUint(l.number, 10)
	default:
		return "absent"
	}
}

// MarshalJSON writes the number, or null for none. An absent limit has no JSON form of its own: the field is left
// out (omitzero), and where it is not, null would be a lie, so it is an error.
func (l Limit) MarshalJSON() ([]byte, error) {
	switch l.state {
	case limitNone:
		return []byte("null"), nil
	case limitNumber:
		return strconv.AppendUint(nil, l.number, 10), nil
	default:
		return nil, fmt.Errorf("limit: an absent limit cannot be written; leave its field out")
	}
}

// UnmarshalJSON reads null as none, and a non-negative integer up to MaxLimit without point or exponent.
func (l *Limit) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*l = NoLimit()
		return nil
	}
	var number json.Number
	if len(data) == 0 || !isDigit(data[0]) || json.Unmarshal(data, &number) != nil {
		return fmt.Errorf("limit: %s is neither null nor a non-negative integer", clip(string(data)))
	}
	n, err := strconv.ParseUint(number.String(), 10, 64)
	if err != nil || n > MaxLimit {
		return fmt.Errorf("limit: %s is not an integer from 0 to %d", clip(string(data)), MaxLimit)
	}
	*l = LimitOf(n)
	return nil
}

// EncodeMsgpack writes the number, true for none and false for absent; never nil, which the library reads as a
// zero value in some places.
func (l Limit) EncodeMsgpack(encoder *msgpack.Encoder) error {
	switch l.state {
	case limitNone:
		return encoder.EncodeBool(true)
	case limitNumber:
		return encoder.EncodeUint(l.number)
	default:
		return encoder.EncodeBool(false)
	}
}

// DecodeMsgpack reads what EncodeMsgpack wrote.
func (l *Limit) DecodeMsgpack(decoder *msgpack.Decoder) error {
	code, err := decoder.PeekCode()
	if err != nil {
		return err
	}
	switch code {
	case msgpcode.True, msgpcode.False:
		none, err := decoder.DecodeBool()
		*l = Limit{}
		if none {
			*l = NoLimit()
		}
		return err
	}
	n, err := decodeUint(decoder, "limit")
	if err != nil {
		return err
	}
	if n > MaxLimit {
		return fmt.Errorf("limit: %d is greater than %d", n, MaxLimit)
	}
	*l = LimitOf(n)
	return nil
}
