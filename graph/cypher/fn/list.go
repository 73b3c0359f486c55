package fn

import (
	"slices"
	"unicode/utf8"

	"github.com/hivellm/nexus/graph/value"
)

// maxRangeLength bounds the list that range() makes, whatever the budget.
const maxRangeLength = 1 << 26

// chargeEvery is how many steps a loop takes between two looks at the budget.
const chargeEvery = 1024

func listFunctions() []*Function {
	list := params(Param{"list", List})
	sequence := params(Param{"value", List | Text})
	bounds := params(Param{"start", Integer}, Param{"end", Integer}, Param{"step", Integer})
	return []*Function{
		define("size", Integer, sequence, size),
		define("isEmpty", Boolean, params(Param{"value", List | Text | Map}), isEmpty),
		define("head", Any, list, head),
		define("last", Any, list, last),
		define("tail", List, list, tail),
		define("reverse", List|Text, sequence, reverse),
		define("range", List, bounds, rangeList, optional(1), typesAtRuntime),
	}
}

func size(_ *Context, args []value.Value) (value.Value, error) {
	if args[0].Kind() == value.KindString {
		return value.Int(int64(utf8.RuneCountInString(args[0].Str()))), nil
	}
	return value.Int(int64(len(args[0].List()))), nil
}

func isEmpty(_ *Context, args []value.Value) (value.Value, error) {
	switch v := args[0]; v.Kind() {
	case value.KindString:
		return value.Bool(v.Str() == ""), nil
	case value.KindList:
		return value.Bool(len(v.List()) == 0), nil
	default:
		return value.Bool(v.Map().Len() == 0), nil
	}
}

func head(_ *Context, args []value.Value) (value.Value, error) {
	if items := args[0].List(); len(items) > 0 {
		return items[0], nil
	}
	return value.Null, nil
}

func last(_ *Context, args []value.Value) (value.Value, error) {
	if items := args[0].List(); len(items) > 0 {
		return items[len(items)-1], nil
	}
	return value.Null, nil
}

// tail shares its items with the list it is the tail of: lists never change.
func tail(_ *Context, args []value.Value) (value.Value, error) {
	items := args[0].List()
	if len(items) < 2 {
		return value.List(nil), nil
	}
	return value.List(items[1:]), nil
}

func reverse(c *Context, args []value.Value) (value.Value, error) {
	if args[0].Kind() == value.KindString {
		text := args[0].Str()
		if err := c.charge(5 * len(text)); err != nil {
			return value.Null, err
		}
		runes := []rune(text)
		slices.Reverse(runes)
		return value.String(string(runes)), nil
	}
	items := args[0].List()
	if err := c.charge(len(items) * valueBytes); err != nil {
		return value.Null, err
	}
	items = slices.Clone(items)
	slices.Reverse(items)
	return value.List(items), nil
}

func rangeList(c *Context, args []value.Value) (value.Value, error) {
	start, end, step := args[0].Int(), args[1].Int(), int64(1)
	if len(args) == 3 {
		step = args[2].Int()
	}
	if step == 0 {
		return value.Null, outOfRange("the step of range() cannot be 0")
	}
	n := rangeLength(start, end, step)
	if n > maxRangeLength {
		return value.Null, outOfRange("range() cannot make more than %d items", maxRangeLength)
	}
	if err := c.charge(int(n) * valueBytes); err != nil {
		return value.Null, err
	}
	items := make([]value.Value, n)
	for i := range items {
		if i%chargeEvery == chargeEvery-1 {
			if err := c.charge(0); err != nil {
				return value.Null, err
			}
		}
		items[i] = value.Int(start + int64(i)*step)
	}
	return value.List(items), nil
}

// Range reads the arguments of range() whose items are to be counted off instead of listed: the first one, the step, and how
// many there are. false where range() itself must be asked, because it answers null or an error.
func Range(args []value.Value) (start, step int64, n uint64, ok bool) {
	for _, a := range args {
		if a.Kind() != value.KindInt {
			return 0, 0, 0, false
		}
	}
	start, step = args[0].Int(), 1
	if len(args) == 3 {
		step = args[2].Int()
	}
	if step == 0 {
		return 0, 0, 0, false
	}
	n = rangeLength(start, args[1].Int(), step)
	return start, step, n, n <= maxRangeLength
}

// rangeLength counts the items from start to end, both included; unsigned differences cannot overflow.
func rangeLength(start, end, step int64) uint64 {
	switch {
	case step > 0 && start <= end:
		return addOne((uint64(end) - uint64(start)) / uint64(step))
	case step < 0 && start >= end:
		return addOne((uint64(start) - uint64(end)) / (-uint64(step)))
	}
	return 0
}

func addOne(n uint64) uint64 {
	if n == 1<<64-1 {
		return n
	}
	return n + 1
}

// textList makes a list of strings.
func (c *Context) textList(texts []string) (value.Value, error) {
	if err := c.charge(len(texts) * valueBytes); err != nil {
		return value.Null, err
	}
	items := make([]value.Value, len(texts))
	for i, t := range texts {
		items[i] = value.String(t)
	}
	return value.List(items), nil
}
