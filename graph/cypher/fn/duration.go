package fn

import "github.com/hivellm/nexus/graph/value"

func durationFunctions() []*Function {
	between := func(name string, f func(a, b value.Value) (value.Value, error)) *Function {
		two := params(Param{"from", Temporal}, Param{"to", Temporal})
		return define(name, Duration, two, func(_ *Context, args []value.Value) (value.Value, error) {
			return temporal(f(args[0], args[1]))
		})
	}
	return []*Function{
		define("duration", Duration, params(Param{"value", Text | Map | Duration}), makeDuration),
		between("duration.between", value.DurationBetween),
		between("duration.inMonths", value.DurationInMonths),
		between("duration.inDays", value.DurationInDays),
		between("duration.inSeconds", value.DurationInSeconds),
	}
}

func makeDuration(_ *Context, args []value.Value) (value.Value, error) {
	return temporal(value.MakeDuration(args[0]))
}
