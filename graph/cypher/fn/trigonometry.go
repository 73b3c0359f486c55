package fn

import (
	"math"

	"github.com/hivellm/nexus/graph/value"
)

func trigonometricFunctions() []*Function {
	angle := params(Param{"angle", Number})
	number := params(Param{"number", Number})
	return []*Function{
		define("pi", Float, nil, constant(math.Pi)),
		define("sin", Float, angle, float(math.Sin)),
		define("cos", Float, angle, float(math.Cos)),
		define("tan", Float, angle, float(math.Tan)),
		define("cot", Float, angle, float(func(x float64) float64 { return 1 / math.Tan(x) })),
		define("asin", Float, number, float(math.Asin)),
		define("acos", Float, number, float(math.Acos)),
		define("atan", Float, number, float(math.Atan)),
		define("atan2", Float, params(Param{"y", Number}, Param{"x", Number}), atan2),
		define("sinh", Float, angle, float(math.Sinh)),
		define("cosh", Float, angle, float(math.Cosh)),
		define("tanh", Float, angle, float(math.Tanh)),
		define("coth", Float, angle, float(func(x float64) float64 { return 1 / math.Tanh(x) })),
		define("haversin", Float, angle, float(haversine)),
		define("degrees", Float, angle, float(func(x float64) float64 { return x * (180 / math.Pi) })),
		define("radians", Float, angle, float(func(x float64) float64 { return x * (math.Pi / 180) })),
	}
}

// haversine is the square of the sine of half an angle.
func haversine(x float64) float64 {
	s := math.Sin(x / 2)
	return s * s
}

func atan2(_ *Context, args []value.Value) (value.Value, error) {
	y, _ := args[0].Number()
	x, _ := args[1].Number()
	return value.Float(math.Atan2(y, x)), nil
}
