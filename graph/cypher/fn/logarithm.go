package fn

import "math"

func logarithmicFunctions() []*Function {
	number := params(Param{"number", Number})
	return []*Function{
		define("e", Float, nil, constant(math.E)),
		define("exp", Float, number, float(math.Exp)),
		define("log", Float, number, float(math.Log)),
		define("log10", Float, number, float(math.Log10)),
	}
}
