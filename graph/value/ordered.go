package value

import (
	"encoding/binary"
	"math"
)

// AppendOrdered appends a key whose bytes sort as Compare sorts the values of one comparability class: numbers exactly,
// integers and floats mixed; texts by their bytes; booleans; temporal values by what Compare looks at. Keys are
// self-delimiting, so that they may follow each other. Equivalent values have equal keys. It is for values that
// Storable accepts.
func AppendOrdered(dst []byte, v Value) []byte {
	dst = append(dst, 1+orderOf[v.kind])
	switch v.kind {
	case KindInt, KindFloat:
		return appendOrderedNumber(dst, v)
	case KindString:
		return appendOrderedBytes(dst, v.Str())
	case KindBytes:
		return appendOrderedBytes(dst, string(v.Bytes()))
	case KindBool, KindNode, KindRelationship:
		return binary.BigEndian.AppendUint64(dst, v.number)
	case KindDate, KindLocalTime:
		return appendOrderedInt(dst, int64(v.number))
	case KindTime:
		t := v.Time()
		return appendOrderedInt(appendOrderedInt(dst, t.utcNanos()), int64(t.OffsetSeconds))
	case KindLocalDateTime:
		t := v.LocalDateTime()
		return appendOrderedInt(appendOrderedInt(dst, t.EpochSeconds), int64(t.Nano))
	case KindDateTime:
		t := v.DateTime()
		dst = appendOrderedInt(appendOrderedInt(dst, t.EpochSeconds), int64(t.Nano))
		return appendOrderedBytes(appendOrderedInt(dst, int64(t.OffsetSeconds)), t.Zone)
	case KindDuration:
		return appendOrderedDuration(dst, v.Duration())
	case KindPoint:
		p := v.Point()
		dst = appendOrderedInt(dst, int64(p.SRID))
		for _, c := range [...]float64{p.X, p.Y, p.Z} {
			dst = appendOrderedNumber(dst, Float(c))
		}
		return dst
	case KindList:
		for _, item := range v.List() {
			dst = AppendOrdered(dst, item)
		}
		return append(dst, 0)
	}
	return dst
}

// appendOrderedNumber writes the nearest float that is not above the number, as sortable bits, then what the number is
// above it: an integer beyond 2^53 is exact that way.
func appendOrderedNumber(dst []byte, v Value) []byte {
	f, above := 0.0, uint64(0)
	if v.kind == KindInt {
		n := int64(v.number)
		f = float64(n)
		if compareIntFloat(n, f) < 0 {
			f = math.Nextafter(f, math.Inf(-1))
		}
		above = uint64(n - int64(f))
	} else {
		f = v.Float()
	}
	return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint64(dst, sortableBits(f)), uint16(above))
}

// sortableBits maps floats to integers of the same order: -Inf first, NaN last, both zeros the same.
func sortableBits(f float64) uint64 {
	if math.IsNaN(f) {
		return math.MaxUint64
	}
	bits := math.Float64bits(f)
	if f == 0 {
		bits = 0 // the negative zero too
	}
	if bits>>63 != 0 {
		return ^bits
	}
	return bits | 1<<63
}

func appendOrderedInt(dst []byte, n int64) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(n)^1<<63)
}

// appendOrderedBytes writes a text so that it delimits itself: a zero byte becomes 0x00 0xff, the end is 0x00 0x01.
func appendOrderedBytes(dst []byte, s string) []byte {
	for i := range len(s) {
		if s[i] == 0 {
			dst = append(dst, 0, 0xff)
			continue
		}
		dst = append(dst, s[i])
	}
	return append(dst, 0, 1)
}

func appendOrderedDuration(dst []byte, d Duration) []byte {
	dst = appendOrderedNumber(dst, Float(d.meanSeconds()))
	for _, n := range [...]int64{int64(d.Nanos), d.Months, d.Days, d.Seconds} {
		dst = appendOrderedInt(dst, n)
	}
	return dst
}
