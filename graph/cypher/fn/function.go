package fn

import (
	"strings"

	"github.com/hivellm/nexus/graph/value"
)

// Variadic as MaxArgs means any number of arguments; the last Param then repeats.
const Variadic = -1

// Function is one scalar function.
type Function struct {
	// Name as Cypher writes it, with its namespace: "date.truncate". Names compare without case.
	Name string
	// MinArgs and MaxArgs bound the number of arguments; MaxArgs may be Variadic.
	MinArgs, MaxArgs int
	// Params are the parameters in order. Types are for checks before running, unless TypesAtRuntime.
	Params []Param
	// Result is the set of kinds a result that is not null may have.
	Result Types
	// Volatile: two calls with equal arguments in one statement may differ.
	Volatile bool
	// TypesAtRuntime: a wrong argument is an error of the run even where the text alone shows it.
	TypesAtRuntime bool
	// TakesNull: the body sees null arguments. Without it a null argument makes the result null.
	TakesNull bool
	// Reads: the function reads the graph (Context.Graph).
	Reads bool
	// Eval runs the function. It neither keeps nor changes args. len(args) must satisfy Accepts. Errors are *Error, or
	// what the budget answered.
	Eval func(c *Context, args []value.Value) (value.Value, error)
}

// Accepts tells whether the function may be called with n arguments.
func (f *Function) Accepts(n int) bool {
	return n >= f.MinArgs && (f.MaxArgs == Variadic || n <= f.MaxArgs)
}

// Param returns the parameter for argument i; the last one repeats in a variadic function.
func (f *Function) Param(i int) Param { return f.Params[min(i, len(f.Params)-1)] }

// Lookup finds a scalar function by name, without case.
func Lookup(name string) (*Function, bool) {
	f, ok := functions[strings.ToLower(name)]
	return f, ok
}

// Functions returns all scalar functions, sorted by name. The slice is the caller's, the functions are not.
func Functions() []*Function { return append([]*Function(nil), sortedFunctions...) }

type body func(c *Context, args []value.Value) (value.Value, error)

// option changes a function being defined.
type option func(*Function)

func volatile(f *Function)       { f.Volatile = true }
func typesAtRuntime(f *Function) { f.TypesAtRuntime = true }
func takesNull(f *Function)      { f.TakesNull = true }
func reads(f *Function)          { f.Reads = true }
func variadic(f *Function)       { f.MaxArgs = Variadic }

// optional makes the last n parameters optional.
func optional(n int) option { return func(f *Function) { f.MinArgs -= n } }

// define makes a function whose Eval handles null and checks types before the body runs.
func define(name string, result Types, params []Param, run body, options ...option) *Function {
	f := &Function{Name: name, MinArgs: len(params), MaxArgs: len(params), Params: params, Result: result}
	for _, o := range options {
		o(f)
	}
	f.Eval = func(c *Context, args []value.Value) (value.Value, error) {
		for i, v := range args {
			if v.IsNull() {
				if f.TakesNull {
					continue
				}
				return value.Null, nil
			}
			if p := f.Param(i); !p.Types.Has(v.Kind()) {
				return value.Null, wrongType(f, p, v)
			}
		}
		return run(c, args)
	}
	return f
}

// alias is the same function by another name.
func alias(f *Function, name string) *Function {
	twin := *f
	twin.Name = name
	return &twin
}

func params(p ...Param) []Param { return p }
