package tenancy

import (
	"bytes"
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// recordFormat is the first byte of every record this package encodes; msgpack follows it.
const recordFormat = 1

// maxRecordBytes bounds what a record decoder looks at.
const maxRecordBytes = 64 << 10

// maxClip is the most of a foreign text that an error repeats, in bytes.
const maxClip = 80

// ErrRecordFormat is wrapped by every failure to decode a stored record. A machine that meets it stops: it
// does not drift.
var ErrRecordFormat = errors.New("record cannot be decoded")

// encodeRecord writes the format byte and the msgpack form of value, which must encode in a fixed order.
func encodeRecord(value any) ([]byte, error) {
	var buffer bytes.Buffer
	buffer.WriteByte(recordFormat)
	encoder := msgpack.NewEncoder(&buffer)
	encoder.UseCompactInts(true)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return buffer.Bytes(), nil
}

// decodeRecord reads what encodeRecord wrote into value, a pointer. Unknown formats, unknown fields and
// anything behind the record are refused.
func decodeRecord(data []byte, value any) error {
	if len(data) == 0 || len(data) > maxRecordBytes {
		return fmt.Errorf("%w: %d bytes", ErrRecordFormat, len(data))
	}
	if data[0] != recordFormat {
		return fmt.Errorf("%w: format %d is unknown here", ErrRecordFormat, data[0])
	}
	reader := bytes.NewReader(data[1:])
	decoder := msgpack.NewDecoder(reader)
	decoder.DisallowUnknownFields(true)
	if err := decoder.Decode(value); err != nil {
		return fmt.Errorf("%w: %w", ErrRecordFormat, err)
	}
	if reader.Len() != 0 {
		return fmt.Errorf("%w: %d bytes too many", ErrRecordFormat, reader.Len())
	}
	return nil
}

// decodeUint reads a non-negative integer; unlike the library it refuses negative numbers, floats and nil.
func decodeUint(decoder *msgpack.Decoder, what string) (uint64, error) {
	code, err := decoder.PeekCode()
	if err != nil {
		return 0, err
	}
	if !msgpcode.IsFixedNum(code) && (code < msgpcode.Uint8 || code > msgpcode.Int64) {
		return 0, fmt.Errorf("%s: unexpected msgpack code 0x%02x", what, code)
	}
	if code >= msgpcode.Int8 && code <= msgpcode.Int64 || int8(code) < 0 && msgpcode.IsFixedNum(code) {
		n, err := decoder.DecodeInt64()
		if err != nil {
			return 0, err
		}
		if n < 0 {
			return 0, fmt.Errorf("%s: %d is negative", what, n)
		}
		return uint64(n), nil
	}
	return decoder.DecodeUint64()
}

// decodeText reads a string of at most limit bytes of valid UTF-8; unlike the library it refuses nil and bytes.
func decodeText(decoder *msgpack.Decoder, what string, limit int) (string, error) {
	code, err := decoder.PeekCode()
	if err != nil {
		return "", err
	}
	if !msgpcode.IsString(code) {
		return "", fmt.Errorf("%s: unexpected msgpack code 0x%02x", what, code)
	}
	length, err := decoder.DecodeBytesLen()
	if err != nil {
		return "", err
	}
	if length < 0 || length > limit {
		return "", fmt.Errorf("%s: %d bytes, at most %d are kept", what, length, limit)
	}
	text := make([]byte, length)
	if err := decoder.ReadFull(text); err != nil {
		return "", err
	}
	if !utf8.Valid(text) {
		return "", fmt.Errorf("%s: not UTF-8", what)
	}
	return string(text), nil
}

// printable reports whether a text is valid UTF-8 without control characters.
func printable(text string) bool {
	for _, r := range text {
		if r == utf8.RuneError || unicode.IsControl(r) {
			return false
		}
	}
	return true
}

// clip shortens a foreign text for an error, at a rune's border.
func clip(text string) string {
	if len(text) <= maxClip {
		return text
	}
	end := maxClip
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}
