package value

import "math"

// compareIntFloat orders an integer and a float exactly, also beyond 2^53. The float is not NaN.
func compareIntFloat(n int64, f float64) int {
	const two63 = 1 << 63
	switch {
	case f >= two63:
		return -1
	case f < -two63:
		return 1
	}
	whole := math.Floor(f)
	switch m := int64(whole); {
	case n < m:
		return -1
	case n > m:
		return 1
	case f > whole:
		return -1
	}
	return 0
}

// compareNumbers orders two numbers, neither of which is NaN.
func compareNumbers(a, b Value) int {
	switch {
	case a.kind == KindInt && b.kind == KindInt:
		return compare(int64(a.number), int64(b.number))
	case a.kind == KindInt:
		return compareIntFloat(int64(a.number), math.Float64frombits(b.number))
	case b.kind == KindInt:
		return -compareIntFloat(int64(b.number), math.Float64frombits(a.number))
	}
	return compare(math.Float64frombits(a.number), math.Float64frombits(b.number))
}

func (v Value) isNumber() bool { return v.kind == KindInt || v.kind == KindFloat }

func (v Value) isNaN() bool {
	return v.kind == KindFloat && math.IsNaN(math.Float64frombits(v.number))
}

func compare[T int | int32 | int64 | uint64 | float64 | string](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
