package tenancy

import (
	"cmp"
	"fmt"
	"strconv"

	"github.com/vmihailenco/msgpack/v5"
)

// idPrefix begins the text of every tenant id: "t1", "t2", …
const idPrefix = "t"

// maxIDText is the longest text of an ID in bytes: the prefix and twenty digits.
const maxIDText = len(idPrefix) + 20

// ID names one tenant. It is opaque and comparable; the zero value is nobody and reaches no data.
// Numbers are given out by the replicated log, from 1, and are never used again.
type ID struct{ n uint64 }

// IDFromNumber makes the ID of tenant number n. Only the log gives out numbers: callers are the state
// machine and the decoders of what it wrote. Number 0 is nobody.
func IDFromNumber(n uint64) ID { return ID{n: n} }

// Number is the tenant's number, 0 for nobody.
func (id ID) Number() uint64 { return id.n }

// IsZero reports whether the ID is nobody.
func (id ID) IsZero() bool { return id.n == 0 }

// Compare orders IDs by number: −1, 0 or +1.
func (id ID) Compare(other ID) int { return cmp.Compare(id.n, other.n) }

// String is the tenant's id as the API shows it, "t" and the number; "" for nobody.
func (id ID) String() string {
	if id.n == 0 {
		return ""
	}
	return idPrefix + strconv.FormatUint(id.n, 10)
}

// ParseID reads the one text form of an ID that String writes. Nobody has no text, and neither has a number
// with leading zeros or a sign. The error is an [*IDSyntaxError].
func ParseID(text string) (ID, error) {
	if len(text) <= len(idPrefix) || len(text) > maxIDText || text[:len(idPrefix)] != idPrefix {
		return ID{}, &IDSyntaxError{Text: clip(text)}
	}
	digits := text[len(idPrefix):]
	if digits[0] < '1' || digits[0] > '9' {
		return ID{}, &IDSyntaxError{Text: clip(text)}
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return ID{}, &IDSyntaxError{Text: clip(text)}
	}
	return ID{n: n}, nil
}

// IDSyntaxError says that a text is not the id of a tenant.
type IDSyntaxError struct {
	// Text is what was given, clipped to a bounded length.
	Text string
}

// Error implements error.
func (e *IDSyntaxError) Error() string {
	return fmt.Sprintf("%q is not a tenant id: expected \"t\" and a number, such as \"t1\"", e.Text)
}

// MarshalText writes the ID as String does; nobody is the empty text.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (id *ID) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*id = ID{}
		return nil
	}
	parsed, err := ParseID(string(text))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}

// EncodeMsgpack writes the ID's number.
func (id ID) EncodeMsgpack(encoder *msgpack.Encoder) error { return encoder.EncodeUint(id.n) }

// DecodeMsgpack reads what EncodeMsgpack wrote.
func (id *ID) DecodeMsgpack(decoder *msgpack.Decoder) error {
	n, err := decodeUint(decoder, "tenant number")
	if err != nil {
		return err
	}
	*id = ID{n: n}
	return nil
}
