package value

import (
	"math"
	"strconv"
)

// AppendFloat appends a float as Cypher prints it: always with a point or an exponent; NaN, Infinity and -Infinity by
// name.
func AppendFloat(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	}
	if size := math.Abs(f); size != 0 && (size < 1e-3 || size >= 1e7) {
		return appendExponent(dst, f)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	for _, c := range dst[start:] {
		if c == '.' {
			return dst
		}
	}
	return append(dst, ".0"...)
}

// appendExponent writes d.dE[-]d: one digit before the point, at least one behind it.
func appendExponent(dst []byte, f float64) []byte {
	var scratch [32]byte
	text := strconv.AppendFloat(scratch[:0], f, 'E', -1, 64)
	point := false
	for i, c := range text {
		switch {
		case c == '.':
			point = true
		case c == 'E':
			if !point {
				dst = append(dst, ".0"...)
			}
			return appendShortExponent(append(dst, 'E'), text[i+1:])
		}
		dst = append(dst, c)
	}
	return dst
}

// appendShortExponent drops a plus sign and leading zeros.
func appendShortExponent(dst, exponent []byte) []byte {
	if exponent[0] == '-' {
		dst = append(dst, '-')
	}
	exponent = exponent[1:]
	for len(exponent) > 1 && exponent[0] == '0' {
		exponent = exponent[1:]
	}
	return append(dst, exponent...)
}

// FormatFloat returns a float as Cypher prints it.
func FormatFloat(f float64) string { return string(AppendFloat(nil, f)) }
