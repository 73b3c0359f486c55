package tenancy

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

const (
	// MaxFunctionNames bounds the names in one FunctionSet.
	MaxFunctionNames = 256
	// MaxFunctionName bounds one name in a FunctionSet, in bytes.
	MaxFunctionName = 128
)

// functionBits holds a bit per Function, at its number.
type functionBits [2]uint64

func (b functionBits) has(f Function) bool {
	return f.number < 128 && b[f.number/64]&(1<<(f.number%64)) != 0
}

func (b functionBits) with(f Function) functionBits {
	b[f.number/64] |= 1 << (f.number % 64)
	return b
}

func (b functionBits) and(other functionBits) functionBits {
	return functionBits{b[0] & other[0], b[1] & other[1]}
}

// What a role may have at most, whatever its key lists.
var (
	tenantBits   = bitsWhere(func(f Function) bool { return f.Grantable() && !f.Administrative() })
	operatorBits = bitsWhere(func(f Function) bool {
		return f.Grantable() && (f.Administrative() || f == FunctionHealthRead)
	})
)

func bitsWhere(holds func(Function) bool) functionBits {
	var bits functionBits
	for _, f := range Functions() {
		if holds(f) {
			bits = bits.with(f)
		}
	}
	return bits
}

// FunctionSet is a key's allowed_functions: absent (whatever the key's role may have), a list (exactly those),
// or the empty list (none). The zero value is the empty list. Names this version does not know are kept and
// grant nothing. A FunctionSet is immutable.
type FunctionSet struct {
	names  []string // sorted, without doubles
	bits   functionBits
	absent bool
}

// EveryFunction is the absent allowed_functions.
func EveryFunction() FunctionSet { return FunctionSet{absent: true} }

// OnlyFunctions is the list of the names given, in any order, known or not. More or longer names than the bounds
// allow are refused.
func OnlyFunctions(names ...string) (FunctionSet, error) {
	if len(names) > MaxFunctionNames {
		return FunctionSet{}, fmt.Errorf("allowed_functions: %d names, at most %d are kept", len(names), MaxFunctionNames)
	}
	set := FunctionSet{names: slices.Clone(names)}
	slices.Sort(set.names)
	set.names = slices.Compact(set.names)
	for _, name := range set.names {
		if len(name) == 0 || len(name) > MaxFunctionName || !printable(name) {
			return FunctionSet{}, fmt.Errorf("allowed_functions: %q is not a name", clip(name))
		}
		if f, ok := LookupFunction(name); ok && f.Grantable() {
			set.bits = set.bits.with(f)
		}
	}
	return set, nil
}

// FunctionSetOf reads allowed_functions as it stands in a request: nil is absent.
func FunctionSetOf(names *[]string) (FunctionSet, error) {
	if names == nil {
		return EveryFunction(), nil
	}
	return OnlyFunctions(*names...)
}

// Absent reports whether there is no list at all.
func (s FunctionSet) Absent() bool { return s.absent }

// Names is the list, sorted; empty when absent. The slice is the caller's.
func (s FunctionSet) Names() []string { return slices.Clone(s.names) }

// Equal reports whether two sets say the same.
func (s FunctionSet) Equal(other FunctionSet) bool {
	return s.absent == other.absent && slices.Equal(s.names, other.names)
}

// Allows reports whether a key of the role with this set has the function. A tenant's key never has an
// administrative one; an operator's key has administrative ones and health.read at most, whatever it lists.
func (s FunctionSet) Allows(role Role, f Function) bool { return s.effective(role).has(f) }

// CheckFor refuses a list in which a name is unknown or can never be granted to the role, with a
// [*FunctionNameError]. It is for requests; stored sets may hold names of a newer version.
func (s FunctionSet) CheckFor(role Role) error {
	ceiling := ceilingOf(role)
	for _, name := range s.names {
		f, known := LookupFunction(name)
		if !known || !ceiling.has(f) {
			return &FunctionNameError{Name: clip(name), Role: role, Known: known}
		}
	}
	return nil
}

// effective is what the set grants to a key of the role.
func (s FunctionSet) effective(role Role) functionBits {
	if s.absent {
		return ceilingOf(role)
	}
	return s.bits.and(ceilingOf(role))
}

func ceilingOf(role Role) functionBits {
	switch role {
	case RoleTenant:
		return tenantBits
	case RoleOperator:
		return operatorBits
	default:
		return functionBits{}
	}
}

// MarshalJSON writes null for absent, else the sorted list.
func (s FunctionSet) MarshalJSON() ([]byte, error) {
	if s.absent {
		return []byte("null"), nil
	}
	if len(s.names) == 0 {
		return []byte("[]"), nil
	}
	return json.Marshal(s.names)
}

// UnmarshalJSON refuses: a field that is absent in JSON would silently become the empty list. Read a *[]string
// and use [FunctionSetOf].
func (s *FunctionSet) UnmarshalJSON([]byte) error {
	return fmt.Errorf("allowed_functions: read a list that may be absent and use FunctionSetOf")
}

// EncodeMsgpack writes true for absent, else the sorted list; never nil, which the library reads as a zero value in
// some places.
func (s FunctionSet) EncodeMsgpack(encoder *msgpack.Encoder) error {
	if s.absent {
		return encoder.EncodeBool(true)
	}
	if err := encoder.EncodeArrayLen(len(s.names)); err != nil {
		return err
	}
	for _, name := range s.names {
		if err := encoder.EncodeString(name); err != nil {
			return err
		}
	}
	return nil
}

// DecodeMsgpack reads what EncodeMsgpack wrote.
func (s *FunctionSet) DecodeMsgpack(decoder *msgpack.Decoder) error {
	code, err := decoder.PeekCode()
	if err != nil {
		return err
	}
	if code == msgpcode.True {
		*s = EveryFunction()
		_, err := decoder.DecodeBool()
		return err
	}
	length, err := decoder.DecodeArrayLen()
	if err != nil {
		return err
	}
	if length < 0 || length > MaxFunctionNames {
		return fmt.Errorf("function set: %d names", length)
	}
	names := make([]string, 0, length)
	for range length {
		name, err := decodeText(decoder, "function name", MaxFunctionName)
		if err != nil {
			return err
		}
		names = append(names, name)
	}
	*s, err = OnlyFunctions(names...)
	return err
}
