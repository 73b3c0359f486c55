package fn

import "github.com/hivellm/nexus/graph/value"

func nullFunctions() []*Function {
	anyValue := params(Param{"value", Any})
	return []*Function{
		define("coalesce", Any, anyValue, coalesce, takesNull, variadic),
		define("nullIf", Any, params(Param{"value", Any}, Param{"other", Any}), nullIf, takesNull),
		define("exists", Boolean, anyValue, exists, takesNull),
	}
}

func coalesce(_ *Context, args []value.Value) (value.Value, error) {
	for _, v := range args {
		if !v.IsNull() {
			return v, nil
		}
	}
	return value.Null, nil
}

func nullIf(_ *Context, args []value.Value) (value.Value, error) {
	if value.Equal(args[0], args[1]) == value.True {
		return value.Null, nil
	}
	return args[0], nil
}

func exists(_ *Context, args []value.Value) (value.Value, error) {
	return value.Bool(!args[0].IsNull()), nil
}
