package value

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"
	"unsafe"
)

// MaxNesting is how deep lists and maps may nest in what is decoded, and in what the doors accept.
const MaxNesting = 200

// ErrEncoding is wrapped by every error of Decode: the bytes are not the encoding of a value.
var ErrEncoding = errors.New("not an encoded value")

// Decode reads one value and returns what follows it. Nothing of the result aliases b. Only canonical bytes are
// accepted: what Decode reads, AppendEncoded writes back byte by byte.
func Decode(b []byte) (v Value, rest []byte, err error) {
	d := decoder{bytes: b}
	v, err = d.value(0)
	return v, d.bytes, err
}

// DecodeAliasing is Decode whose strings and byte strings alias b, which must never change again.
func DecodeAliasing(b []byte) (v Value, rest []byte, err error) {
	d := decoder{bytes: b, alias: true}
	v, err = d.value(0)
	return v, d.bytes, err
}

// SkipEncoded returns what follows one encoded value, without making it.
func SkipEncoded(b []byte) (rest []byte, err error) {
	d := decoder{bytes: b}
	err = d.skip(0)
	return d.bytes, err
}

type decoder struct {
	bytes []byte
	alias bool
}

func fault(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrEncoding, fmt.Sprintf(format, args...))
}

func (d *decoder) value(depth int) (Value, error) {
	if depth > MaxNesting {
		return Null, fault("nested deeper than %d", MaxNesting)
	}
	code, err := d.code()
	if err != nil {
		return Null, err
	}
	switch {
	case code < 0x80 || code >= 0xe0:
		return Int(int64(int8(code))), nil
	case code < 0x90:
		return d.mapOf(int(code&0x0f), depth)
	case code < 0xa0:
		return d.list(int(code&0x0f), depth)
	case code < 0xc0:
		return d.text(int(code & 0x1f))
	}
	return d.coded(code, depth)
}

func (d *decoder) coded(code byte, depth int) (Value, error) {
	switch code {
	case 0xc0:
		return Null, nil
	case 0xc2, 0xc3:
		return Bool(code == 0xc3), nil
	case 0xcb:
		bits, err := d.uint(8)
		if err == nil && !canonicalFloat(bits) {
			err = fault("a NaN of other bits")
		}
		return Value{kind: KindFloat, number: bits}, err
	case 0xc4, 0xc5, 0xc6:
		n, err := d.length(1<<(code-0xc4), 0)
		if err != nil {
			return Null, err
		}
		raw, err := d.take(n)
		return Bytes(raw), err
	case 0xd9, 0xda, 0xdb:
		n, err := d.length(1<<(code-0xd9), 32)
		if err != nil {
			return Null, err
		}
		return d.text(n)
	case 0xdc, 0xdd, 0xde, 0xdf:
		n, err := d.length(2<<(code&1), 16)
		if err != nil {
			return Null, err
		}
		if code < 0xde {
			return d.list(n, depth)
		}
		return d.mapOf(n, depth)
	case 0xc7, 0xc9:
		return d.extension(code)
	}
	return d.integer(code)
}

// integer reads the longer forms of integers, which must be needed for the number.
func (d *decoder) integer(code byte) (Value, error) {
	if code < 0xcc || code > 0xd3 {
		return Null, fault("code %#x", code)
	}
	size := 1 << ((code - 0xcc) & 3)
	raw, err := d.uint(size)
	if err != nil {
		return Null, err
	}
	n := int64(raw)
	if code >= 0xd0 {
		shift := 64 - 8*size
		n = int64(raw<<shift) >> shift
	} else if raw > math.MaxInt64 {
		return Null, fault("an integer above int64")
	}
	var scratch [9]byte
	if canonical := appendInt(scratch[:0], n); canonical[0] != code {
		return Null, fault("integer %d not in its shortest form", n)
	}
	return Int(n), nil
}

// length reads a length of size bytes that must not fit a shorter form: at least least for one byte, more for more.
func (d *decoder) length(size, least int) (int, error) {
	raw, err := d.uint(size)
	if err != nil {
		return 0, err
	}
	switch {
	case size == 2 && least != 16:
		least = math.MaxUint8 + 1
	case size == 4:
		least = math.MaxUint16 + 1
	}
	if raw < uint64(least) {
		return 0, fault("length %d not in its shortest form", raw)
	}
	if raw > uint64(len(d.bytes)) {
		return 0, fault("length %d beyond the end", raw)
	}
	return int(raw), nil
}

// mostAtOnce bounds what is set aside for a list or map before its items are read: its count is only a claim, and nested
// claims would multiply.
const mostAtOnce = 256

func (d *decoder) list(n, depth int) (Value, error) {
	if n > len(d.bytes) {
		return Null, fault("%d items beyond the end", n)
	}
	items := make([]Value, 0, min(n, mostAtOnce))
	for range n {
		item, err := d.value(depth + 1)
		if err != nil {
			return Null, err
		}
		items = append(items, item)
	}
	return List(items), nil
}

func (d *decoder) mapOf(n, depth int) (Value, error) {
	if 2*n > len(d.bytes) {
		return Null, fault("%d entries beyond the end", n)
	}
	keys, values := make([]string, 0, min(n, mostAtOnce)), make([]Value, 0, min(n, mostAtOnce))
	for i := range n {
		key, err := d.value(depth + 1)
		if err != nil {
			return Null, err
		}
		if key.kind != KindString || i > 0 && keys[i-1] >= key.Str() {
			return Null, fault("map keys that are not sorted texts")
		}
		v, err := d.value(depth + 1)
		if err != nil {
			return Null, err
		}
		keys, values = append(keys, key.Str()), append(values, v)
	}
	return MapOf(&Map{keys: keys, values: values}), nil
}

func (d *decoder) text(n int) (Value, error) {
	raw, err := d.take(n)
	if err != nil {
		return Null, err
	}
	if !utf8.Valid(raw) {
		return Null, fault("a text that is not UTF-8")
	}
	return String(unsafe.String(unsafe.SliceData(raw), len(raw))), nil
}

func (d *decoder) extension(code byte) (Value, error) {
	size := 1
	if code == 0xc9 {
		size = 4
	}
	n, err := d.uint(size)
	if err != nil {
		return Null, err
	}
	kind, err := d.code()
	if err != nil {
		return Null, err
	}
	if n > uint64(len(d.bytes)) || (kind == extPath) != (code == 0xc9) {
		return Null, fault("an extension of kind %d and length %d", kind, n)
	}
	body := d.bytes[:n]
	d.bytes = d.bytes[n:]
	return decodeExtension(kind, body)
}

func decodeExtension(kind byte, b []byte) (Value, error) {
	sizes := [...]int{extDate: 8, extLocalTime: 8, extTime: 12, extLocalDateTime: 12, extDateTime: 16, extDuration: 28, extPoint: 20, extNode: 8, extRelationship: 8, extPath: 8}
	if int(kind) >= len(sizes) || kind == 0 || len(b) < sizes[kind] {
		return Null, fault("an extension of kind %d and length %d", kind, len(b))
	}
	exact := len(b) == sizes[kind]
	u64 := func(at int) uint64 { return binary.BigEndian.Uint64(b[at:]) }
	u32 := func(at int) uint32 { return binary.BigEndian.Uint32(b[at:]) }
	switch {
	case kind == extDate && exact && dayInRange(int64(u64(0))):
		return DateOf(Date{int64(u64(0))}), nil
	case kind == extLocalTime && exact && u64(0) < NanosPerDay:
		return LocalTimeOf(LocalTime{int64(u64(0))}), nil
	case kind == extTime && exact && u64(0) < NanosPerDay && validOffset(int32(u32(8))):
		return TimeOf(Time{int64(u64(0)), int32(u32(8))}), nil
	case kind == extLocalDateTime && exact && u32(8) < NanosPerSecond && secondInRange(int64(u64(0))):
		return LocalDateTimeOf(LocalDateTime{int64(u64(0)), int32(u32(8))}), nil
	case kind == extDateTime && u32(8) < NanosPerSecond && validOffset(int32(u32(12))) && secondInRange(int64(u64(0))) && utf8.Valid(b[16:]):
		return DateTimeOf(DateTime{int64(u64(0)), int32(u32(8)), int32(u32(12)), string(b[16:])}), nil
	case kind == extDuration && exact && u32(24) < NanosPerSecond:
		return DurationOf(Duration{int64(u64(0)), int64(u64(8)), int64(u64(16)), int32(u32(24))}), nil
	case kind == extPoint:
		return decodePoint(b)
	case kind == extNode && exact:
		return Node(NodeID(u64(0))), nil
	case kind == extRelationship && exact:
		return Relationship(RelationshipID(u64(0))), nil
	case kind == extPath && len(b)%16 == 8:
		return decodePath(b), nil
	}
	return Null, fault("an extension of kind %d out of its range", kind)
}

func decodePoint(b []byte) (Value, error) {
	p := Point{SRID: int32(binary.BigEndian.Uint32(b))}
	size := 20
	if p.ThreeDimensional() {
		size = 28
	}
	if len(b) != size {
		return Null, fault("a point of %d bytes", len(b))
	}
	places := [...]*float64{&p.X, &p.Y, &p.Z}
	for i := range (size - 4) / 8 {
		bits := binary.BigEndian.Uint64(b[4+8*i:])
		if !canonicalFloat(bits) {
			return Null, fault("a point with a NaN of other bits")
		}
		*places[i] = math.Float64frombits(bits)
	}
	return PointOf(p), nil
}

func canonicalFloat(bits uint64) bool { return bits == floatBits(math.Float64frombits(bits)) }

func decodePath(b []byte) Value {
	p := &Path{Nodes: []NodeID{NodeID(binary.BigEndian.Uint64(b))}}
	for b = b[8:]; len(b) > 0; b = b[16:] {
		p.Relationships = append(p.Relationships, RelationshipID(binary.BigEndian.Uint64(b)))
		p.Nodes = append(p.Nodes, NodeID(binary.BigEndian.Uint64(b[8:])))
	}
	return PathOf(p)
}

// maxOffsetSeconds bounds offsets from UTC: 18 hours.
const maxOffsetSeconds = 18 * 3600

func secondInRange(seconds int64) bool { return dayInRange(floorDiv(seconds, SecondsPerDay)) }

func validOffset(seconds int32) bool {
	return seconds >= -maxOffsetSeconds && seconds <= maxOffsetSeconds
}

// skip moves past one value.
func (d *decoder) skip(depth int) error {
	if depth > MaxNesting {
		return fault("nested deeper than %d", MaxNesting)
	}
	code, err := d.code()
	if err != nil {
		return err
	}
	items, skipped := 0, 0
	switch {
	case code < 0x80 || code >= 0xe0 || code == 0xc0 || code == 0xc2 || code == 0xc3:
	case code < 0x90:
		items = 2 * int(code&0x0f)
	case code < 0xa0:
		items = int(code & 0x0f)
	case code < 0xc0:
		skipped = int(code & 0x1f)
	case code == 0xcb:
		skipped = 8
	case code >= 0xcc && code <= 0xd3:
		skipped = 1 << ((code - 0xcc) & 3)
	default:
		if items, skipped, err = d.skipLength(code); err != nil {
			return err
		}
	}
	if skipped > len(d.bytes) || items > len(d.bytes) {
		return fault("a value beyond the end")
	}
	d.bytes = d.bytes[skipped:]
	for range items {
		if err := d.skip(depth + 1); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) skipLength(code byte) (items, skipped int, err error) {
	size := 0
	switch code {
	case 0xc4, 0xd9, 0xc7:
		size = 1
	case 0xc5, 0xda, 0xdc, 0xde:
		size = 2
	case 0xc6, 0xdb, 0xdd, 0xdf, 0xc9:
		size = 4
	default:
		return 0, 0, fault("code %#x", code)
	}
	n, err := d.uint(size)
	if err != nil || n > uint64(len(d.bytes)) {
		return 0, 0, fault("a length beyond the end")
	}
	switch code {
	case 0xdc, 0xdd:
		return int(n), 0, nil
	case 0xde, 0xdf:
		return 2 * int(n), 0, nil
	case 0xc7, 0xc9:
		return 0, int(n) + 1, nil
	}
	return 0, int(n), nil
}

func (d *decoder) code() (byte, error) {
	if len(d.bytes) == 0 {
		return 0, fault("the end came early")
	}
	code := d.bytes[0]
	d.bytes = d.bytes[1:]
	return code, nil
}

func (d *decoder) uint(size int) (uint64, error) {
	if size > len(d.bytes) {
		return 0, fault("the end came early")
	}
	var n uint64
	for _, b := range d.bytes[:size] {
		n = n<<8 | uint64(b)
	}
	d.bytes = d.bytes[size:]
	return n, nil
}

func (d *decoder) take(n int) ([]byte, error) {
	if n > len(d.bytes) {
		return nil, fault("the end came early")
	}
	raw := d.bytes[:n:n]
	d.bytes = d.bytes[n:]
	if d.alias {
		return raw, nil
	}
	return append(make([]byte, 0, n), raw...), nil
}
