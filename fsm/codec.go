package fsm

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"

	"github.com/hivellm/nexus/graph"
)

// commandVersion is the first byte of every command.
const commandVersion = 1

// commandKind is the second.
type commandKind byte

// The kinds, as they stand in the log: never renumbered.
const (
	kindTermStart         commandKind = 1
	kindClusterInit       commandKind = 2
	kindCreateTenant      commandKind = 3
	kindUpdateTenant      commandKind = 4
	kindDeleteTenant      commandKind = 5
	kindCreateKey         commandKind = 6
	kindRevokeKey         commandKind = 7
	kindCreateDatabase    commandKind = 8
	kindDropDatabase      commandKind = 9
	kindGraphWrite        commandKind = 10
	kindRaiseFeatureLevel commandKind = 11
	kindDigestMark        commandKind = 12
	kindSetClock          commandKind = 13
	kindRemoveMember      commandKind = 14
	kindMarkMember        commandKind = 15
	kindLedgerTick        commandKind = 16
	kindHubChange         commandKind = 17
	kindAuditHeads        commandKind = 18
)

// newCommand makes an empty command of a kind, nil where the kind is unknown.
func newCommand(kind commandKind) Command {
	switch kind {
	case kindTermStart:
		return &TermStart{}
	case kindClusterInit:
		return &ClusterInit{}
	case kindCreateTenant:
		return &CreateTenant{}
	case kindUpdateTenant:
		return &UpdateTenant{}
	case kindDeleteTenant:
		return &DeleteTenant{}
	case kindCreateKey:
		return &CreateKey{}
	case kindRevokeKey:
		return &RevokeKey{}
	case kindCreateDatabase:
		return &CreateDatabase{}
	case kindDropDatabase:
		return &DropDatabase{}
	case kindGraphWrite:
		return &GraphWrite{}
	case kindRaiseFeatureLevel:
		return &RaiseFeatureLevel{}
	case kindDigestMark:
		return &DigestMark{}
	case kindSetClock:
		return &SetClock{}
	case kindRemoveMember:
		return &RemoveMember{}
	case kindMarkMember:
		return &MarkMember{}
	case kindLedgerTick:
		return &LedgerTick{}
	case kindHubChange:
		return &HubChange{}
	case kindAuditHeads:
		return &AuditHeads{}
	}
	return nil
}

// Encode is a command's bytes: a version, a kind, then msgpack: the header's fields and the command's, in order. One that
// is larger than MaxCommandBytes is a *graph.LimitError.
func Encode(command Command) ([]byte, error) {
	w := newWriter()
	w.buffer.WriteByte(commandVersion)
	w.buffer.WriteByte(byte(command.kind()))
	writeHeader(w, command.header())
	command.write(w)
	if w.err != nil {
		return nil, fmt.Errorf("encode a command: %w", w.err)
	}
	if size := w.buffer.Len(); size > MaxCommandBytes {
		return nil, fmt.Errorf("encode a command: %w", &graph.LimitError{Limit: "command bytes", Max: MaxCommandBytes, Found: uint64(size)})
	}
	return w.buffer.Bytes(), nil
}

// Decode reads what Encode wrote. Errors wrap ErrMalformed. The command shares no memory with data.
func Decode(data []byte) (Command, error) {
	if len(data) < 2 || len(data) > MaxCommandBytes {
		return nil, malformed("a command of %d bytes", len(data))
	}
	if data[0] != commandVersion {
		return nil, malformed("command version %d, this program reads %d", data[0], commandVersion)
	}
	command := newCommand(commandKind(data[1]))
	if command == nil {
		return nil, malformed("command kind %d is unknown here", data[1])
	}
	r := newReader(data[2:])
	readHeader(r, command.header())
	command.read(r)
	if err := r.finish(); err != nil {
		return nil, fmt.Errorf("command kind %d: %w", data[1], err)
	}
	return command, nil
}

func writeHeader(w *writer, h *Header) {
	w.uint(h.Term)
	w.int(h.TimeMs)
	w.bytes(h.Request[:])
}

func readHeader(r *reader, h *Header) {
	h.Term = r.uint()
	h.TimeMs = r.int()
	r.fixed(h.Request[:])
}

// writer writes msgpack values one after another. Its error sticks.
type writer struct {
	buffer  bytes.Buffer
	encoder *msgpack.Encoder
	err     error
}

func newWriter() *writer {
	w := &writer{}
	w.encoder = msgpack.NewEncoder(&w.buffer)
	w.encoder.UseCompactInts(true)
	return w
}

func (w *writer) note(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *writer) uint(v uint64)   { w.note(w.encoder.EncodeUint(v)) }
func (w *writer) int(v int64)     { w.note(w.encoder.EncodeInt(v)) }
func (w *writer) bool(v bool)     { w.note(w.encoder.EncodeBool(v)) }
func (w *writer) text(v string)   { w.note(w.encoder.EncodeString(v)) }
func (w *writer) list(length int) { w.note(w.encoder.EncodeArrayLen(length)) }
func (w *writer) value(v any)     { w.note(w.encoder.Encode(v)) }

// bytes writes a byte string; nil is the empty one.
func (w *writer) bytes(v []byte) {
	w.note(w.encoder.EncodeBytesLen(len(v)))
	w.buffer.Write(v)
}

// encoded writes the bytes of a record that has its own encoder.
func (w *writer) encoded(v []byte, err error) {
	w.note(err)
	w.bytes(v)
}

// reader reads what writer wrote, strictly: no nil, no other type, nothing claimed beyond what is there. Its error
// sticks, and then everything reads as zero.
type reader struct {
	source  *bytes.Reader
	decoder *msgpack.Decoder
	err     error
}

func newReader(data []byte) *reader {
	source := bytes.NewReader(data)
	decoder := msgpack.NewDecoder(source)
	decoder.DisallowUnknownFields(true)
	return &reader{source: source, decoder: decoder}
}

func (r *reader) fail(err error) {
	if r.err != nil {
		return
	}
	if !errors.Is(err, ErrMalformed) {
		err = fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	r.err = err
}

// finish returns the first error; bytes left over are one.
func (r *reader) finish() error {
	if r.err == nil && r.source.Len() > 0 {
		r.fail(malformed("%d bytes too many", r.source.Len()))
	}
	return r.err
}

// expect looks at the code of the next value.
func (r *reader) expect(what string, ok func(byte) bool) bool {
	if r.err != nil {
		return false
	}
	code, err := r.decoder.PeekCode()
	if err != nil {
		r.fail(err)
		return false
	}
	if !ok(code) {
		r.fail(malformed("msgpack code 0x%02x where %s is expected", code, what))
		return false
	}
	return true
}

func isUint(c byte) bool { return c <= 0x7f || (c >= msgpcode.Uint8 && c <= msgpcode.Uint64) }

func isInt(c byte) bool {
	return msgpcode.IsFixedNum(c) || (c >= msgpcode.Uint8 && c <= msgpcode.Int64)
}

func isBool(c byte) bool { return c == msgpcode.True || c == msgpcode.False }

func isArray(c byte) bool {
	return msgpcode.IsFixedArray(c) || c == msgpcode.Array16 || c == msgpcode.Array32
}

func (r *reader) uint() uint64 {
	if !r.expect("an unsigned integer", isUint) {
		return 0
	}
	v, err := r.decoder.DecodeUint64()
	if err != nil {
		r.fail(err)
	}
	return v
}

// uint32 reads an unsigned integer below 2^32.
func (r *reader) uint32() uint32 {
	v := r.uint()
	if v > 1<<32-1 {
		r.fail(malformed("%d is above 32 bits", v))
	}
	return uint32(v)
}

func (r *reader) int() int64 {
	if !r.expect("an integer", isInt) {
		return 0
	}
	v, err := r.decoder.DecodeInt64()
	if err != nil {
		r.fail(err)
	}
	return v
}

func (r *reader) bool() bool {
	if !r.expect("a boolean", isBool) {
		return false
	}
	v, err := r.decoder.DecodeBool()
	if err != nil {
		r.fail(err)
	}
	return v
}

// text reads a string of valid UTF-8 of at most limit bytes.
func (r *reader) text(limit int) string {
	if !r.expect("a string", msgpcode.IsString) {
		return ""
	}
	raw := r.raw(limit)
	if !utf8.Valid(raw) {
		r.fail(malformed("a string that is not UTF-8"))
		return ""
	}
	return string(raw)
}

// bytes reads a byte string of at most limit bytes; the empty one is nil.
func (r *reader) bytes(limit int) []byte {
	if !r.expect("a byte string", msgpcode.IsBin) {
		return nil
	}
	return r.raw(limit)
}

// fixed reads a byte string of exactly the length of dst.
func (r *reader) fixed(dst []byte) {
	raw := r.bytes(len(dst))
	if r.err == nil && len(raw) != len(dst) {
		r.fail(malformed("%d bytes where %d are expected", len(raw), len(dst)))
	}
	copy(dst, raw)
}

func (r *reader) raw(limit int) []byte {
	length, err := r.decoder.DecodeBytesLen()
	switch {
	case err != nil:
		r.fail(err)
		return nil
	case length < 0 || length > limit || length > r.source.Len():
		r.fail(malformed("%d bytes where at most %d fit", length, min(limit, r.source.Len())))
		return nil
	case length == 0:
		return nil
	}
	raw := make([]byte, length)
	if err := r.decoder.ReadFull(raw); err != nil {
		r.fail(err)
		return nil
	}
	return raw
}

// list reads the length of an array of at most limit elements.
func (r *reader) list(limit int) int {
	if !r.expect("an array", isArray) {
		return 0
	}
	length, err := r.decoder.DecodeArrayLen()
	switch {
	case err != nil:
		r.fail(err)
		return 0
	case length < 0 || length > limit || length > r.source.Len():
		r.fail(malformed("an array of %d where at most %d fit", length, min(limit, r.source.Len())))
		return 0
	}
	return length
}

// value reads into a pointer by reflection: for small records of fixed shape.
func (r *reader) value(v any) {
	if r.err != nil {
		return
	}
	if err := r.decoder.Decode(v); err != nil {
		r.fail(err)
	}
}
