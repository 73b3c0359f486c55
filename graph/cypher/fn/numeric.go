package fn

import (
	"math"

	"github.com/hivellm/nexus/graph/value"
)

func numericFunctions() []*Function {
	number := params(Param{"number", Number})
	return []*Function{
		define("abs", Number, number, abs),
		define("sign", Integer, number, sign),
		define("isNaN", Boolean, number, isNaN),
		define("ceil", Float, number, float(math.Ceil)),
		define("floor", Float, number, float(math.Floor)),
		define("sqrt", Float, number, float(math.Sqrt)),
	}
}

// float makes a body of a function of floats.
func float(f func(float64) float64) body {
	return func(_ *Context, args []value.Value) (value.Value, error) {
		x, _ := args[0].Number()
		return value.Float(f(x)), nil
	}
}

// constant makes a body that always gives f.
func constant(f float64) body {
	return func(*Context, []value.Value) (value.Value, error) { return value.Float(f), nil }
}

func abs(_ *Context, args []value.Value) (value.Value, error) {
	if args[0].Kind() == value.KindFloat {
		return value.Float(math.Abs(args[0].Float())), nil
	}
	n := args[0].Int()
	if n == math.MinInt64 {
		return value.Null, overflow("abs")
	}
	return value.Int(max(n, -n)), nil
}

func sign(_ *Context, args []value.Value) (value.Value, error) {
	x, _ := args[0].Number()
	switch {
	case x > 0:
		return value.Int(1), nil
	case x < 0:
		return value.Int(-1), nil
	}
	return value.Int(0), nil
}

func isNaN(_ *Context, args []value.Value) (value.Value, error) {
	x, _ := args[0].Number()
	return value.Bool(math.IsNaN(x)), nil
}
