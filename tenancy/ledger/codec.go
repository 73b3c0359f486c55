package ledger

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"

	"github.com/hivellm/nexus/tenancy"
)

const (
	// format is the first byte of everything this package encodes; msgpack values follow, in a fixed order.
	format = 1
	// MaxEncodedBytes bounds what a decoder looks at: a command of the log is no larger.
	MaxEncodedBytes = 4 << 20
)

// ErrFormat is wrapped by every failure to decode. A machine that meets it in its store or its log stops: it does not
// drift.
var ErrFormat = errors.New("ledger record cannot be decoded")

// writer writes msgpack values one after another, integers in their shortest form.
type writer struct {
	buffer  bytes.Buffer
	encoder *msgpack.Encoder
	err     error
}

func newWriter() *writer {
	w := &writer{}
	w.buffer.WriteByte(format)
	w.encoder = msgpack.NewEncoder(&w.buffer)
	w.encoder.UseCompactInts(true)
	return w
}

func (w *writer) note(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *writer) uint(n uint64) { w.note(w.encoder.EncodeUint(n)) }

func (w *writer) uints(list ...uint64) {
	for _, n := range list {
		w.uint(n)
	}
}

func (w *writer) bool(b bool)          { w.note(w.encoder.EncodeBool(b)) }
func (w *writer) text(s string)        { w.note(w.encoder.EncodeString(s)) }
func (w *writer) tenant(id tenancy.ID) { w.uint(id.Number()) }
func (w *writer) units(u Units)        { w.uints(u.Requests, u.Writes) }
func (w *writer) rate(r Rate)          { w.uints(r.PerSecond, r.Burst) }
func (w *writer) count(length int)     { w.note(w.encoder.EncodeArrayLen(length)) }
func (w *writer) node(n NodeNumber)    { w.uint(uint64(n)) }
func (w *writer) period(p Period)      { w.uint(uint64(p)) }
func (w *writer) totals(t Totals) {
	w.uints(t.Requests, t.Writes, t.Reads, t.RowsOut, t.BytesIn, t.BytesOut, t.ComputeMs)
}

// finish gives the bytes; a value that does not pass its check has none.
func (w *writer) finish(what string, check error) ([]byte, error) {
	if err := cmpErrors(check, w.err); err != nil {
		return nil, fmt.Errorf("encode %s: %w", what, err)
	}
	if w.buffer.Len() > MaxEncodedBytes {
		return nil, fmt.Errorf("encode %s: %d bytes, at most %d", what, w.buffer.Len(), MaxEncodedBytes)
	}
	return w.buffer.Bytes(), nil
}

func cmpErrors(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// writeList writes a list's length and its items.
func writeList[T any](w *writer, list []T, item func(*writer, T)) {
	w.count(len(list))
	for _, x := range list {
		item(w, x)
	}
}

// reader reads what writer wrote. Its error sticks, and then everything reads as zero.
type reader struct {
	source  *bytes.Reader
	decoder *msgpack.Decoder
	err     error
}

func newReader(data []byte) *reader {
	r := &reader{source: bytes.NewReader(nil)}
	switch {
	case len(data) == 0 || len(data) > MaxEncodedBytes:
		r.fail("%d bytes", len(data))
	case data[0] != format:
		r.fail("format %d is unknown here", data[0])
	default:
		r.source = bytes.NewReader(data[1:])
	}
	r.decoder = msgpack.NewDecoder(r.source)
	return r
}

func (r *reader) fail(text string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", ErrFormat, fmt.Sprintf(text, args...))
	}
}

// peek looks at the code of the next value.
func (r *reader) peek(what string, ok func(byte) bool) bool {
	if r.err != nil {
		return false
	}
	code, err := r.decoder.PeekCode()
	if err != nil {
		r.fail("%s: %v", what, err)
		return false
	}
	if !ok(code) {
		r.fail("msgpack code 0x%02x where %s is expected", code, what)
		return false
	}
	return true
}

func (r *reader) uint() uint64 {
	if !r.peek("an unsigned integer", func(c byte) bool { return c <= 0x7f || c >= msgpcode.Uint8 && c <= msgpcode.Uint64 }) {
		return 0
	}
	n, err := r.decoder.DecodeUint64()
	if err != nil {
		r.fail("%v", err)
	}
	return n
}

func (r *reader) uint32() uint32 {
	n := r.uint()
	if n > 1<<32-1 {
		r.fail("%d is above 32 bits", n)
	}
	return uint32(n)
}

func (r *reader) bool() bool {
	if !r.peek("a boolean", func(c byte) bool { return c == msgpcode.True || c == msgpcode.False }) {
		return false
	}
	b, err := r.decoder.DecodeBool()
	if err != nil {
		r.fail("%v", err)
	}
	return b
}

func (r *reader) text(limit int) string {
	if !r.peek("a string", msgpcode.IsString) {
		return ""
	}
	length, err := r.decoder.DecodeBytesLen()
	if err != nil || length < 0 || length > limit || length > r.source.Len() {
		r.fail("a string of %d bytes", length)
		return ""
	}
	raw := make([]byte, length)
	if err := r.decoder.ReadFull(raw); err != nil {
		r.fail("%v", err)
	}
	return string(raw)
}

// count reads the length of a list; each of its items has a byte at least.
func (r *reader) count(limit int) int {
	isList := func(c byte) bool {
		return msgpcode.IsFixedArray(c) || c == msgpcode.Array16 || c == msgpcode.Array32
	}
	if !r.peek("a list", isList) {
		return 0
	}
	length, err := r.decoder.DecodeArrayLen()
	if err != nil || length < 0 || length > limit || length > r.source.Len() {
		r.fail("a list of %d", length)
		return 0
	}
	return length
}

func (r *reader) tenant() tenancy.ID { return tenancy.IDFromNumber(r.uint()) }
func (r *reader) units() Units       { return Units{r.uint(), r.uint()} }
func (r *reader) rate() Rate         { return Rate{r.uint(), r.uint()} }
func (r *reader) node() NodeNumber   { return NodeNumber(r.uint32()) }
func (r *reader) period() Period     { return Period(r.uint32()) }
func (r *reader) totals() Totals {
	return Totals{r.uint(), r.uint(), r.uint(), r.uint(), r.uint(), r.uint(), r.uint()}
}

// readList reads a list of at most limit items; nil where it is empty.
func readList[T any](r *reader, limit int, item func(*reader) T) []T {
	length := r.count(limit)
	if length == 0 {
		return nil
	}
	list := make([]T, 0, length)
	for range length {
		if r.err != nil {
			return nil
		}
		list = append(list, item(r))
	}
	return list
}

// decode reads a value of a kind and refuses whatever is not the one form that its encoder writes.
func decode[T any](what string, data []byte, read func(*reader) *T, encode func(*T) ([]byte, error)) (*T, error) {
	r := newReader(data)
	value := read(r)
	if r.err == nil && r.source.Len() > 0 {
		r.fail("%d bytes too many", r.source.Len())
	}
	if r.err != nil {
		return nil, fmt.Errorf("%s: %w", what, r.err)
	}
	again, err := encode(value)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", what, ErrFormat, err)
	}
	if !bytes.Equal(again, data) {
		return nil, fmt.Errorf("%s: %w: not its shortest form", what, ErrFormat)
	}
	return value, nil
}
