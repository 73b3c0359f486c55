package value

import (
	"encoding/binary"
	"math"
)

// Codes of the extension types of the encoding (docs/specs/value-encoding.md). Never changed, never reused.
const (
	extDate          = 1
	extLocalTime     = 2
	extTime          = 3
	extLocalDateTime = 4
	extDateTime      = 5
	extDuration      = 6
	extPoint         = 7
	extNode          = 8
	extRelationship  = 9
	extPath          = 10
)

// AppendEncoded appends the canonical encoding: msgpack in which every choice is made once (the shortest form of a
// length and of an integer, floats always of 64 bits, maps sorted by key, extensions always with an 8- or 32-bit length).
// Equal bytes mean the same value of the same kind; 1 and 1.0 differ. It carries no version: records and commands do.
func AppendEncoded(dst []byte, v Value) []byte {
	switch v.kind {
	case KindNull:
		return append(dst, 0xc0)
	case KindBool:
		return append(dst, 0xc2+byte(v.number))
	case KindInt:
		return appendInt(dst, int64(v.number))
	case KindFloat:
		return binary.BigEndian.AppendUint64(append(dst, 0xcb), v.number)
	case KindString:
		return AppendEncodedString(dst, v.Str())
	case KindBytes:
		return append(appendLength(dst, len(v.Bytes()), 0xc4, 0xc5, 0xc6), v.Bytes()...)
	case KindList:
		dst = appendCount(dst, len(v.List()), 0x90, 0xdc)
		for _, item := range v.List() {
			dst = AppendEncoded(dst, item)
		}
		return dst
	case KindMap:
		return appendMap(dst, v.Map())
	}
	return appendExtension(dst, v)
}

// AppendEncodedString appends a string's canonical encoding.
func AppendEncodedString(dst []byte, s string) []byte {
	if len(s) < 32 {
		return append(append(dst, 0xa0|byte(len(s))), s...)
	}
	return append(appendLength(dst, len(s), 0xd9, 0xda, 0xdb), s...)
}

// EncodedLen returns how many bytes AppendEncoded appends.
func EncodedLen(v Value) int {
	switch v.kind {
	case KindNull, KindBool:
		return 1
	case KindFloat:
		return 9
	case KindString:
		return encodedStringLen(len(v.Str()))
	case KindBytes:
		n := len(v.Bytes())
		return n + lengthSize(n)
	case KindList:
		n := countSize(len(v.List()))
		for _, item := range v.List() {
			n += EncodedLen(item)
		}
		return n
	case KindMap:
		m := v.Map()
		n := countSize(m.Len())
		for i := range m.Len() {
			n += encodedStringLen(len(m.keys[i])) + EncodedLen(m.values[i])
		}
		return n
	case KindPath:
		p := v.Path()
		return 6 + 8*(len(p.Nodes)+len(p.Relationships))
	}
	var scratch [80]byte // larger than any integer or extension but a path
	return len(AppendEncoded(scratch[:0], v))
}

func encodedStringLen(n int) int {
	if n < 32 {
		return n + 1
	}
	return n + lengthSize(n)
}

func lengthSize(n int) int {
	switch {
	case n <= math.MaxUint8:
		return 2
	case n <= math.MaxUint16:
		return 3
	}
	return 5
}

func countSize(n int) int {
	switch {
	case n < 16:
		return 1
	case n <= math.MaxUint16:
		return 3
	}
	return 5
}

func appendMap(dst []byte, m *Map) []byte {
	dst = appendCount(dst, m.Len(), 0x80, 0xde)
	for i := range m.Len() {
		dst = AppendEncodedString(dst, m.keys[i])
		dst = AppendEncoded(dst, m.values[i])
	}
	return dst
}

func appendInt(dst []byte, n int64) []byte {
	switch {
	case n >= 0 && n < 128:
		return append(dst, byte(n))
	case n < 0 && n >= -32:
		return append(dst, byte(n))
	case n >= math.MinInt8 && n < 0:
		return append(dst, 0xd0, byte(n))
	case n >= math.MinInt16 && n < 0:
		return binary.BigEndian.AppendUint16(append(dst, 0xd1), uint16(n))
	case n >= math.MinInt32 && n < 0:
		return binary.BigEndian.AppendUint32(append(dst, 0xd2), uint32(n))
	case n < 0:
		return binary.BigEndian.AppendUint64(append(dst, 0xd3), uint64(n))
	case n <= math.MaxUint8:
		return append(dst, 0xcc, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, 0xcd), uint16(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, 0xce), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, 0xcf), uint64(n))
}

// appendLength writes a length with the 8-, 16- or 32-bit code.
func appendLength(dst []byte, n int, code8, code16, code32 byte) []byte {
	switch {
	case n <= math.MaxUint8:
		return append(dst, code8, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, code16), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(dst, code32), uint32(n))
}

// appendCount writes the count of a list or map: within the code below 16, else with 16 or 32 bits.
func appendCount(dst []byte, n int, small, code16 byte) []byte {
	switch {
	case n < 16:
		return append(dst, small|byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, code16), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(dst, code16+1), uint32(n))
}

func appendExtension(dst []byte, v Value) []byte {
	put64, put32 := binary.BigEndian.AppendUint64, binary.BigEndian.AppendUint32
	switch v.kind {
	case KindDate:
		return put64(append(dst, 0xc7, 8, extDate), v.number)
	case KindLocalTime:
		return put64(append(dst, 0xc7, 8, extLocalTime), v.number)
	case KindTime:
		t := v.Time()
		return put32(put64(append(dst, 0xc7, 12, extTime), uint64(t.NanoOfDay)), uint32(t.OffsetSeconds))
	case KindLocalDateTime:
		t := v.LocalDateTime()
		return put32(put64(append(dst, 0xc7, 12, extLocalDateTime), uint64(t.EpochSeconds)), uint32(t.Nano))
	case KindDateTime:
		t := v.DateTime()
		dst = append(dst, 0xc7, byte(16+len(t.Zone)), extDateTime)
		dst = put32(put32(put64(dst, uint64(t.EpochSeconds)), uint32(t.Nano)), uint32(t.OffsetSeconds))
		return append(dst, t.Zone...)
	case KindDuration:
		d := v.Duration()
		dst = append(dst, 0xc7, 28, extDuration)
		return put32(put64(put64(put64(dst, uint64(d.Months)), uint64(d.Days)), uint64(d.Seconds)), uint32(d.Nanos))
	case KindPoint:
		return appendPoint(dst, v.Point())
	case KindNode:
		return put64(append(dst, 0xc7, 8, extNode), v.number)
	case KindRelationship:
		return put64(append(dst, 0xc7, 8, extRelationship), v.number)
	}
	return appendPath(dst, v.Path())
}

func appendPoint(dst []byte, p Point) []byte {
	put64 := binary.BigEndian.AppendUint64
	size := byte(20)
	if p.ThreeDimensional() {
		size = 28
	}
	dst = binary.BigEndian.AppendUint32(append(dst, 0xc7, size, extPoint), uint32(p.SRID))
	dst = put64(put64(dst, floatBits(p.X)), floatBits(p.Y))
	if p.ThreeDimensional() {
		dst = put64(dst, floatBits(p.Z))
	}
	return dst
}

func appendPath(dst []byte, p *Path) []byte {
	dst = binary.BigEndian.AppendUint32(append(dst, 0xc9), uint32(8*(len(p.Nodes)+len(p.Relationships))))
	dst = append(dst, extPath)
	for i, id := range p.Nodes {
		if i > 0 {
			dst = binary.BigEndian.AppendUint64(dst, uint64(p.Relationships[i-1]))
		}
		dst = binary.BigEndian.AppendUint64(dst, uint64(id))
	}
	return dst
}
