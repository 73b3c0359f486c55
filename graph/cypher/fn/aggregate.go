package fn

import (
	"strings"

	"github.com/hivellm/nexus/graph/value"
)

// Aggregate is one aggregating function.
type Aggregate struct {
	// Name as Cypher writes it.
	Name string
	// Params are its parameters; the number of arguments is exactly theirs.
	Params []Param
	// Result is the set of kinds a result that is not null may have.
	Result Types
	// Fixed tells that a state without distinct never grows, so that its size need not be looked at for each row.
	Fixed bool
	// New makes the state of one group. With distinct, equivalent first arguments count once.
	New func(distinct bool) Accumulator
}

// Accumulator gathers one group. Not for several goroutines at once.
type Accumulator interface {
	// Add takes one row's arguments; the slice is not kept. Null first arguments are passed over. Errors are *Error.
	Add(args []value.Value) error
	// Result is the aggregate of what was added so far.
	Result() (value.Value, error)
	// Size is about how many bytes the state holds; it grows with Add and is cheap.
	Size() int64
}

// Settling is an Accumulator with much to do before its Result: Settle does it, and ends with the error of look, which it
// calls at every step.
type Settling interface {
	Settle(look func() error) error
}

// CountStar is count(*): its accumulators count every Add, whatever the arguments.
var CountStar = &Aggregate{Name: "count", Result: Integer, Fixed: true, New: func(bool) Accumulator { return &countRows{} }}

// aggregates finds every aggregate by lower-case name.
var aggregates = indexAggregates(allAggregates())

// LookupAggregate finds an aggregate by name, without case.
func LookupAggregate(name string) (*Aggregate, bool) {
	a, ok := aggregates[strings.ToLower(name)]
	return a, ok
}

func allAggregates() []*Aggregate {
	one := params(Param{"value", Any})
	summable := params(Param{"value", Number | Duration})
	number := params(Param{"value", Number})
	percentile := params(Param{"value", Number}, Param{"percentile", Number})
	return []*Aggregate{
		fixed("count", one, Integer, func() Accumulator { return &countRows{} }),
		aggregate("collect", one, List, func() Accumulator { return &collect{} }),
		fixed("sum", summable, Number|Duration, func() Accumulator { return &sum{} }),
		fixed("avg", summable, Float|Duration, func() Accumulator { return &average{} }),
		aggregate("min", one, Any, func() Accumulator { return &extreme{sign: -1} }),
		aggregate("max", one, Any, func() Accumulator { return &extreme{sign: 1} }),
		fixed("stDev", number, Float, func() Accumulator { return &deviation{sample: 1} }),
		fixed("stDevP", number, Float, func() Accumulator { return &deviation{} }),
		aggregate("percentileCont", percentile, Float, func() Accumulator { return &percentileCont{} }),
		aggregate("percentileDisc", percentile, Number, func() Accumulator { return &percentileDisc{} }),
	}
}

func indexAggregates(all []*Aggregate) map[string]*Aggregate {
	index := make(map[string]*Aggregate, len(all))
	for _, a := range all {
		index[strings.ToLower(a.Name)] = a
	}
	return index
}

// aggregate makes an aggregate whose accumulators see neither nulls, nor wrong types, nor (with distinct) duplicates.
func aggregate(name string, params []Param, result Types, state func() Accumulator) *Aggregate {
	a := &Aggregate{Name: name, Params: params, Result: result}
	a.New = func(distinct bool) Accumulator {
		g := &guard{aggregate: a, state: state()}
		if distinct {
			g.seen = &distinctSet{}
		}
		return g
	}
	return a
}

// fixed is aggregate for states that do not grow.
func fixed(name string, params []Param, result Types, state func() Accumulator) *Aggregate {
	a := aggregate(name, params, result, state)
	a.Fixed = true
	return a
}

// guard passes over nulls, checks types and drops duplicates before the state sees a row.
type guard struct {
	aggregate *Aggregate
	state     Accumulator
	seen      *distinctSet
}

func (g *guard) Add(args []value.Value) error {
	if args[0].IsNull() {
		return g.checkRest(args)
	}
	for i := range g.aggregate.Params {
		if p := &g.aggregate.Params[i]; !p.Types.Has(args[i].Kind()) {
			return fault(TypeError, InvalidArgumentValue, "%s() expects %s for %s, found %s",
				g.aggregate.Name, p.Types, p.Name, args[i].Kind())
		}
	}
	if g.seen != nil && !g.seen.add(args[0]) {
		return g.checkRest(args)
	}
	return g.state.Add(args)
}

// checkRest looks at the arguments after the first, which must be right even in a row that does not count.
func (g *guard) checkRest(args []value.Value) error {
	if p, ok := g.state.(interface{ check([]value.Value) error }); ok {
		return p.check(args)
	}
	return nil
}

func (g *guard) Result() (value.Value, error) { return g.state.Result() }

// Settle implements Settling.
func (g *guard) Settle(look func() error) error {
	if s, ok := g.state.(Settling); ok {
		return s.Settle(look)
	}
	return nil
}

func (g *guard) Size() int64 {
	if g.seen == nil {
		return g.state.Size()
	}
	return g.state.Size() + g.seen.bytes
}
