package value

import (
	"encoding/base64"
	"math"
	"strconv"
	"unicode/utf8"
)

// AppendJSON appends a value of any kind but the graph's as JSON (INTERFACE): integers exact, floats always with a point
// or an exponent, NaN and infinities as texts, temporal values as their texts, bytes in base64, points as objects.
// Nodes, relationships and paths need a graph to be read in: they are a higher floor's, and null here.
func AppendJSON(dst []byte, v Value) []byte {
	switch v.kind {
	case KindBool:
		return strconv.AppendBool(dst, v.number != 0)
	case KindInt:
		return strconv.AppendInt(dst, int64(v.number), 10)
	case KindFloat:
		return appendJSONFloat(dst, v.Float())
	case KindString:
		return AppendJSONString(dst, v.Str())
	case KindBytes:
		return append(base64.StdEncoding.AppendEncode(append(dst, '"'), v.Bytes()), '"')
	case KindList:
		dst = append(dst, '[')
		for i, item := range v.List() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = AppendJSON(dst, item)
		}
		return append(dst, ']')
	case KindMap:
		return appendJSONMap(dst, v.Map())
	case KindPoint:
		return appendJSONPoint(dst, v.Point())
	case KindDate, KindLocalTime, KindTime, KindLocalDateTime, KindDateTime, KindDuration:
		return AppendJSONString(dst, FormatTemporal(v))
	}
	return append(dst, "null"...)
}

func appendJSONMap(dst []byte, m *Map) []byte {
	dst = append(dst, '{')
	for i := range m.Len() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(AppendJSONString(dst, m.keys[i]), ':')
		dst = AppendJSON(dst, m.values[i])
	}
	return append(dst, '}')
}

func appendJSONFloat(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(AppendFloat(append(dst, '"'), f), '"')
	}
	return AppendFloat(dst, f)
}

func appendJSONPoint(dst []byte, p Point) []byte {
	dst = strconv.AppendInt(append(dst, `{"srid":`...), int64(p.SRID), 10)
	dst = appendJSONFloat(append(dst, `,"x":`...), p.X)
	dst = appendJSONFloat(append(dst, `,"y":`...), p.Y)
	if p.ThreeDimensional() {
		dst = appendJSONFloat(append(dst, `,"z":`...), p.Z)
	}
	return append(dst, '}')
}

// AppendJSONString appends a text as a JSON string. What is not UTF-8 becomes the replacement character.
func AppendJSONString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			dst = appendEscape(append(dst, s[start:i]...), c)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			dst = append(append(dst, s[start:i]...), `\ufffd`...)
			start = i + size
		}
		i += size
	}
	return append(append(dst, s[start:]...), '"')
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	const hex = "0123456789abcdef"
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}
