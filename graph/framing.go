package graph

import (
	"encoding/binary"
	"math"
	"unicode/utf8"

	"github.com/hivellm/nexus/graph/value"
)

// The msgpack framing of records, operations and meta: unsigned integers, strings, arrays and maps, each in its
// shortest form. Property values between them come from graph/value.

func appendUint(dst []byte, n uint64) []byte {
	switch {
	case n < 128:
		return append(dst, byte(n))
	case n <= math.MaxUint8:
		return append(dst, 0xcc, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, 0xcd), uint16(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, 0xce), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, 0xcf), n)
}

func appendCount(dst []byte, n int, small, code16 byte) []byte {
	switch {
	case n < 16:
		return append(dst, small|byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, code16), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(dst, code16+1), uint32(n))
}

func appendArray(dst []byte, n int) []byte { return appendCount(dst, n, 0x90, 0xdc) }

func appendMap(dst []byte, n int) []byte { return appendCount(dst, n, 0x80, 0xde) }

// readUint reads an unsigned integer and its size; size 0 means malformed.
func readUint(b []byte) (n uint64, size int) {
	if len(b) == 0 {
		return 0, 0
	}
	if b[0] < 0x80 {
		return uint64(b[0]), 1
	}
	if b[0] < 0xcc || b[0] > 0xcf {
		return 0, 0
	}
	width := 1 << (b[0] - 0xcc)
	if len(b) < 1+width {
		return 0, 0
	}
	for _, c := range b[1 : 1+width] {
		n = n<<8 | uint64(c)
	}
	return n, 1 + width
}

// readCount reads the header of an array or map and its size; size 0 means malformed.
func readCount(b []byte, small, code16 byte) (n, size int) {
	switch {
	case len(b) == 0:
		return 0, 0
	case b[0]&0xf0 == small:
		return int(b[0] & 0x0f), 1
	case b[0] == code16 && len(b) >= 3:
		return int(binary.BigEndian.Uint16(b[1:])), 3
	case b[0] == code16+1 && len(b) >= 5:
		return int(binary.BigEndian.Uint32(b[1:])), 5
	}
	return 0, 0
}

// frameReader reads framing from bytes of outside. The first fault sticks.
type frameReader struct {
	rest []byte
	bad  bool
}

func (r *frameReader) uint() uint64 {
	n, size := readUint(r.rest)
	return take(r, n, size)
}

// uint32 reads an unsigned integer that fits 32 bits.
func (r *frameReader) uint32() uint32 {
	n := r.uint()
	if n > math.MaxUint32 {
		r.bad = true
		return 0
	}
	return uint32(n)
}

// array reads an array's header; the count cannot exceed the bytes left.
func (r *frameReader) array() int { return r.count(0x90, 0xdc) }

// mapped reads a map's header.
func (r *frameReader) mapped() int { return r.count(0x80, 0xde) }

func (r *frameReader) count(small, code16 byte) int {
	n, size := readCount(r.rest, small, code16)
	n = take(r, n, size)
	if n > len(r.rest) {
		r.bad = true
		return 0
	}
	return n
}

func (r *frameReader) text() string {
	if r.bad {
		return ""
	}
	v, rest, err := value.Decode(r.rest)
	if err != nil || v.Kind() != value.KindString || !utf8.ValidString(v.Str()) {
		r.bad = true
		return ""
	}
	r.rest = rest
	return v.Str()
}

// raw returns the canonical bytes of one value that may be a property.
func (r *frameReader) raw() []byte {
	if r.bad {
		return nil
	}
	v, rest, err := value.DecodeAliasing(r.rest)
	if err != nil || !isPlain(v) && value.Storable(v) != nil {
		r.bad = true
		return nil
	}
	raw := r.rest[:len(r.rest)-len(rest)]
	r.rest = rest
	return raw
}

// byte reads one plain byte.
func (r *frameReader) byte() byte {
	if len(r.rest) == 0 || r.bad {
		r.bad = true
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

// take moves on by size, which is 0 for what was malformed.
func take[T uint64 | int](r *frameReader, n T, size int) T {
	if size == 0 || r.bad {
		r.bad = true
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

// fixedSizes is the size of an encoded value that its first byte tells, 0 where it takes more.
var fixedSizes = func() (sizes [256]uint8) {
	for c := range sizes {
		switch {
		case c < 0x80 || c >= 0xe0 || c == 0xc0 || c == 0xc2 || c == 0xc3:
			sizes[c] = 1
		case c >= 0xa0 && c < 0xc0:
			sizes[c] = 1 + uint8(c&0x1f)
		case c == 0xcb:
			sizes[c] = 9
		case c >= 0xcc && c <= 0xd3:
			sizes[c] = 1 + 1<<((c-0xcc)&3)
		}
	}
	return sizes
}()

// sizeOf returns the size of the encoded value that well-formed bytes begin with.
func sizeOf(b []byte) int {
	if n := fixedSizes[b[0]]; n != 0 {
		return int(n)
	}
	return longSize(b)
}

func longSize(b []byte) int {
	if b[0] == 0xd9 {
		return 2 + int(b[1])
	}
	rest, err := value.SkipEncoded(b)
	if err != nil {
		panic("graph: a record that cannot be read: " + err.Error())
	}
	return len(b) - len(rest)
}
