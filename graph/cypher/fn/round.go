package fn

import (
	"math"
	"strconv"
	"strings"

	"github.com/hivellm/nexus/graph/value"
)

// maxPrecision bounds the digits that round() keeps: no float has more behind its point that matter.
const maxPrecision = 330

func roundingFunctions() []*Function {
	all := params(Param{"number", Number}, Param{"precision", Integer}, Param{"mode", Text})
	return []*Function{define("round", Float, all, round, optional(2))}
}

func round(_ *Context, args []value.Value) (value.Value, error) {
	x, _ := args[0].Number()
	if len(args) == 1 {
		return value.Float(roundHalfUp(x)), nil
	}
	precision := args[1].Int()
	if precision < 0 {
		return value.Null, outOfRange("the precision of round() cannot be negative, found %d", precision)
	}
	mode := "HALF_UP"
	if len(args) == 3 {
		mode = strings.ToUpper(args[2].Str())
	}
	up, ok := roundingModes[mode]
	if !ok {
		return value.Null, fault(ArgumentError, InvalidArgumentValue,
			"round() knows the modes UP, DOWN, CEILING, FLOOR, HALF_UP, HALF_DOWN and HALF_EVEN, not %q", mode)
	}
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return value.Float(x), nil
	}
	return value.Float(roundDecimal(x, int(min(precision, maxPrecision)), up)), nil
}

// roundHalfUp rounds to a whole number, ties towards positive infinity.
func roundHalfUp(x float64) float64 {
	floor := math.Floor(x)
	if x-floor >= 0.5 {
		return floor + 1
	}
	return floor
}

// digits is a decimal number about to be rounded: what is kept is even or odd, and what is dropped compares with half.
type digits struct {
	negative, odd, exact bool
	half                 int // dropped part against one half: -1, 0, 1
}

// roundingModes tell whether the kept digits grow by one in size.
var roundingModes = map[string]func(d digits) bool{
	"UP":        func(d digits) bool { return !d.exact },
	"DOWN":      func(digits) bool { return false },
	"CEILING":   func(d digits) bool { return !d.exact && !d.negative },
	"FLOOR":     func(d digits) bool { return !d.exact && d.negative },
	"HALF_UP":   func(d digits) bool { return d.half >= 0 },
	"HALF_DOWN": func(d digits) bool { return d.half > 0 },
	"HALF_EVEN": func(d digits) bool { return d.half > 0 || d.half == 0 && d.odd },
}

// roundDecimal rounds the shortest decimal form of x, as a person reads it, to a number of digits behind the point.
func roundDecimal(x float64, precision int, up func(digits) bool) float64 {
	text := strconv.FormatFloat(math.Abs(x), 'f', -1, 64)
	whole, fraction, _ := strings.Cut(text, ".")
	if len(fraction) <= precision {
		return x
	}
	kept, dropped := []byte(whole+fraction[:precision]), fraction[precision:]
	d := digits{negative: x < 0, odd: kept[len(kept)-1]%2 == 1, exact: strings.Trim(dropped, "0") == ""}
	d.half = compareHalf(dropped)
	if up(d) {
		kept = increment(kept)
	}
	point := len(kept) - precision
	rounded, err := strconv.ParseFloat(string(kept[:point])+"."+string(kept[point:])+"0", 64)
	if err != nil {
		return x
	}
	return math.Copysign(rounded, x)
}

// compareHalf compares the fraction 0.dropped with one half.
func compareHalf(dropped string) int {
	switch {
	case dropped[0] != '5':
		return strings.Compare(dropped[:1], "5")
	case strings.Trim(dropped[1:], "0") != "":
		return 1
	}
	return 0
}

// increment adds one to a decimal number.
func increment(number []byte) []byte {
	for i := len(number) - 1; i >= 0; i-- {
		if number[i] != '9' {
			number[i]++
			return number
		}
		number[i] = '0'
	}
	return append([]byte{'1'}, number...)
}
