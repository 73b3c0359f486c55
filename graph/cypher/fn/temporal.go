package fn

import "github.com/hivellm/nexus/graph/value"

// temporalKind is a temporal type with the name of its functions.
type temporalKind struct {
	name string
	kind value.Kind
}

var temporalKinds = []temporalKind{
	{"date", value.KindDate}, {"localtime", value.KindLocalTime}, {"time", value.KindTime},
	{"localdatetime", value.KindLocalDateTime}, {"datetime", value.KindDateTime},
}

// temporalFunctions are, for each type, its constructor and the three that read a clock, and the epoch's.
func temporalFunctions() []*Function {
	var all []*Function
	for _, k := range temporalKinds {
		input := params(Param{"value", Text | Map | Temporal})
		all = append(all,
			define(k.name, k.types(), input, k.construct, optional(1)),
			k.clock("transaction", func(c *Context) value.Instant { return c.Clock.Transaction }),
			k.clock("statement", func(c *Context) value.Instant { return c.Clock.Statement }),
			k.clock("realtime", (*Context).realtime, volatile))
	}
	seconds := params(Param{"seconds", Integer}, Param{"nanoseconds", Integer})
	return append(all,
		define("datetime.fromepoch", DateTime, seconds, fromEpoch),
		define("datetime.fromepochmillis", DateTime, params(Param{"milliseconds", Integer}), fromEpochMillis),
		define("timestamp", Integer, nil, timestamp))
}

func (k temporalKind) types() Types { return 1 << k.kind }

// construct makes a temporal value of a text, a map or another one; without an argument, of the statement's clock.
func (k temporalKind) construct(c *Context, args []value.Value) (value.Value, error) {
	if len(args) == 0 {
		return temporal(value.Now(k.kind, c.Clock.Statement, ""))
	}
	return temporal(value.MakeTemporal(k.kind, args[0], c.Clock.Statement))
}

// clock makes the function that reads one of the clocks, in UTC or in the zone that its argument names.
func (k temporalKind) clock(name string, read func(*Context) value.Instant, options ...option) *Function {
	run := func(c *Context, args []value.Value) (value.Value, error) {
		zone, err := zoneName(args)
		if err != nil {
			return value.Null, err
		}
		return temporal(value.Now(k.kind, read(c), zone))
	}
	zone := params(Param{"timezone", Text | Map})
	return define(k.name+"."+name, k.types(), zone, run, append(options, optional(1))...)
}

// zoneName reads the zone out of a text or a map with the one key timezone.
func zoneName(args []value.Value) (string, error) {
	switch {
	case len(args) == 0:
		return "", nil
	case args[0].Kind() == value.KindString:
		return args[0].Str(), nil
	}
	m := args[0].Map()
	zone, ok := m.Lookup("timezone")
	if !ok || m.Len() != 1 || zone.Kind() != value.KindString {
		return "", fault(ArgumentError, InvalidArgumentValue, "a clock takes the name of a time zone, or {timezone: name}")
	}
	return zone.Str(), nil
}

// temporal gives the errors of temporal values openCypher's words.
func temporal(v value.Value, err error) (value.Value, error) {
	if err != nil {
		return value.Null, fault(ArgumentError, InvalidArgumentValue, "%v", err)
	}
	return v, nil
}

func fromEpoch(_ *Context, args []value.Value) (value.Value, error) {
	return temporal(value.DateTimeFromEpoch(args[0].Int(), args[1].Int()))
}

func fromEpochMillis(_ *Context, args []value.Value) (value.Value, error) {
	return temporal(value.DateTimeFromEpochMillis(args[0].Int()))
}

func timestamp(c *Context, _ []value.Value) (value.Value, error) {
	now := c.Clock.Statement
	return value.Int(now.EpochSeconds*1000 + int64(now.Nano)/1_000_000), nil
}

// truncateFunctions are date.truncate() and its siblings.
func truncateFunctions() []*Function {
	var all []*Function
	for _, k := range temporalKinds {
		input := params(Param{"unit", Text}, Param{"value", Temporal}, Param{"components", Map})
		all = append(all, define(k.name+".truncate", k.types(), input, k.truncate, optional(2)))
	}
	return all
}

// truncate cuts a value, by default the statement's clock, to a unit and then sets components.
func (k temporalKind) truncate(c *Context, args []value.Value) (value.Value, error) {
	unit := args[0].Str()
	if len(args) == 1 {
		now, err := value.Now(k.kind, c.Clock.Statement, "")
		if err != nil {
			return temporal(now, err)
		}
		return temporal(value.Truncate(k.kind, unit, now, nil))
	}
	var components *value.Map
	if len(args) == 3 {
		components = args[2].Map()
	}
	return temporal(value.Truncate(k.kind, unit, args[1], components))
}
