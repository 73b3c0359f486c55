package fn

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/hivellm/nexus/graph/value"
)

// textual is what toString takes.
const textual = Boolean | Number | Text | Temporal | Duration | Point

// conversion is one target type: its functions are to<Name>, to<Name>OrNull and to<Name>List.
type conversion struct {
	name   string
	takes  Types
	result Types
	// convert turns a value of a kind in takes into the target; null where its text or number says nothing.
	convert func(v value.Value) (value.Value, error)
}

func conversions() []conversion {
	return []conversion{
		{"Boolean", Boolean | Text | Integer, Boolean, toBoolean},
		{"Integer", Boolean | Number | Text, Integer, toInteger},
		{"Float", Number | Text, Float, toFloat},
		{"String", textual, Text, toText},
	}
}

func conversionFunctions() []*Function {
	var all []*Function
	for _, k := range conversions() {
		all = append(all,
			define("to"+k.name, k.result, params(Param{"value", k.takes}), k.one),
			define("to"+k.name+"OrNull", k.result, params(Param{"value", Any}), k.orNull),
			define("to"+k.name+"List", List, params(Param{"list", List}), k.list))
	}
	return all
}

func (k conversion) one(c *Context, args []value.Value) (value.Value, error) {
	return k.convert(args[0])
}

// orNull gives null where one gives an error.
func (k conversion) orNull(_ *Context, args []value.Value) (value.Value, error) {
	if !k.takes.Has(args[0].Kind()) {
		return value.Null, nil
	}
	v, err := k.convert(args[0])
	if err != nil {
		return value.Null, nil
	}
	return v, nil
}

func (k conversion) list(c *Context, args []value.Value) (value.Value, error) {
	from := args[0].List()
	if err := c.charge(len(from) * valueBytes); err != nil {
		return value.Null, err
	}
	items := make([]value.Value, len(from))
	for i, v := range from {
		item, err := k.orNull(c, []value.Value{v})
		if err != nil {
			return value.Null, err
		}
		items[i] = item
	}
	return value.List(items), nil
}

func toBoolean(v value.Value) (value.Value, error) {
	switch v.Kind() {
	case value.KindInt:
		return value.Bool(v.Int() != 0), nil
	case value.KindString:
		switch text := strings.TrimSpace(v.Str()); {
		case strings.EqualFold(text, "true"):
			return value.Bool(true), nil
		case strings.EqualFold(text, "false"):
			return value.Bool(false), nil
		}
		return value.Null, nil
	}
	return v, nil
}

func toInteger(v value.Value) (value.Value, error) {
	switch v.Kind() {
	case value.KindBool:
		if v.Bool() {
			return value.Int(1), nil
		}
		return value.Int(0), nil
	case value.KindFloat:
		return truncated(v.Float())
	case value.KindString:
		return parseInteger(strings.TrimSpace(v.Str()))
	}
	return v, nil
}

// truncated drops the fraction of a float that a 64-bit integer can hold.
func truncated(f float64) (value.Value, error) {
	if math.IsNaN(f) {
		return value.Null, nil
	}
	if f >= -(1<<63) && f < 1<<63 {
		return value.Int(int64(f)), nil
	}
	return value.Null, overflow("toInteger")
}

func parseInteger(text string) (value.Value, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err == nil {
		return value.Int(n), nil
	}
	if errors.Is(err, strconv.ErrRange) {
		return value.Null, overflow("toInteger")
	}
	f, ok := parseFloat(text)
	if !ok {
		return value.Null, nil
	}
	return truncated(f)
}

func toFloat(v value.Value) (value.Value, error) {
	switch v.Kind() {
	case value.KindInt:
		return value.Float(float64(v.Int())), nil
	case value.KindString:
		f, ok := parseFloat(strings.TrimSpace(v.Str()))
		if !ok {
			return value.Null, nil
		}
		return value.Float(f), nil
	}
	return v, nil
}

// parseFloat reads a decimal float, NaN or Infinity. Go's hexadecimal forms and underscores are not Cypher's.
func parseFloat(text string) (float64, bool) {
	switch text {
	case "NaN":
		return math.NaN(), true
	case "Infinity", "+Infinity":
		return math.Inf(1), true
	case "-Infinity":
		return math.Inf(-1), true
	}
	if strings.Trim(text, "0123456789+-.eE") != "" || strings.ContainsAny(text, "xX_pPnN") {
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, false
	}
	return f, true
}

// toText is toString().
func toText(v value.Value) (value.Value, error) {
	switch v.Kind() {
	case value.KindString:
		return v, nil
	case value.KindBool:
		return value.String(strconv.FormatBool(v.Bool())), nil
	case value.KindInt:
		return value.String(strconv.FormatInt(v.Int(), 10)), nil
	case value.KindFloat:
		return value.String(value.FormatFloat(v.Float())), nil
	case value.KindPoint:
		return value.String(formatPoint(v.Point())), nil
	default:
		return value.String(value.FormatTemporal(v)), nil
	}
}
