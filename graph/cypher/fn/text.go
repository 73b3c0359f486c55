package fn

import (
	"strings"
	"unicode/utf8"

	"github.com/hivellm/nexus/graph/value"
)

func stringFunctions() []*Function {
	text := params(Param{"text", Text})
	lower := define("toLower", Text, text, mapText(strings.ToLower))
	upper := define("toUpper", Text, text, mapText(strings.ToUpper))
	characters := define("char_length", Integer, text, size)
	piece := params(Param{"text", Text}, Param{"length", Integer})
	return []*Function{
		lower, alias(lower, "lower"), upper, alias(upper, "upper"),
		characters, alias(characters, "character_length"),
		define("left", Text, piece, left),
		define("right", Text, piece, right),
		define("substring", Text, params(Param{"text", Text}, Param{"start", Integer}, Param{"length", Integer}),
			substring, optional(1)),
		define("replace", Text, params(Param{"text", Text}, Param{"search", Text}, Param{"replacement", Text},
			Param{"limit", Integer}), replace, optional(1)),
		define("split", List, params(Param{"text", Text}, Param{"delimiter", Text | List}), split),
	}
}

// mapText makes a body of a function of strings whose result is at most about as long.
func mapText(f func(string) string) body {
	return func(c *Context, args []value.Value) (value.Value, error) {
		text := args[0].Str()
		if err := c.charge(len(text)); err != nil {
			return value.Null, err
		}
		return value.String(f(text)), nil
	}
}

func notNegative(function, parameter string, v value.Value) (int, error) {
	n := v.Int()
	if n < 0 {
		return 0, outOfRange("the %s of %s() cannot be negative, found %d", parameter, function, n)
	}
	return int(min(n, 1<<31)), nil
}

// byteIndex is where character n of text begins, len(text) when there are fewer.
func byteIndex(text string, n int) int {
	if n >= len(text) {
		return len(text)
	}
	i := 0
	for ; n > 0 && i < len(text); n-- {
		_, width := utf8.DecodeRuneInString(text[i:])
		i += width
	}
	return i
}

func left(_ *Context, args []value.Value) (value.Value, error) {
	n, err := notNegative("left", "length", args[1])
	if err != nil {
		return value.Null, err
	}
	text := args[0].Str()
	return value.String(text[:byteIndex(text, n)]), nil
}

func right(_ *Context, args []value.Value) (value.Value, error) {
	n, err := notNegative("right", "length", args[1])
	if err != nil {
		return value.Null, err
	}
	text := args[0].Str()
	skip := max(utf8.RuneCountInString(text)-n, 0)
	return value.String(text[byteIndex(text, skip):]), nil
}

func substring(_ *Context, args []value.Value) (value.Value, error) {
	start, err := notNegative("substring", "start", args[1])
	if err != nil {
		return value.Null, err
	}
	text := args[0].Str()
	text = text[byteIndex(text, start):]
	if len(args) == 3 {
		n, err := notNegative("substring", "length", args[2])
		if err != nil {
			return value.Null, err
		}
		text = text[:byteIndex(text, n)]
	}
	return value.String(text), nil
}

func replace(c *Context, args []value.Value) (value.Value, error) {
	text, search, replacement := args[0].Str(), args[1].Str(), args[2].Str()
	limit := -1
	if len(args) == 4 {
		n, err := notNegative("replace", "limit", args[3])
		if err != nil {
			return value.Null, err
		}
		limit = n
	}
	if search == "" {
		return args[0], nil
	}
	found := strings.Count(text, search)
	if limit >= 0 {
		found = min(found, limit)
	}
	if err := c.charge(len(text) + found*len(replacement)); err != nil {
		return value.Null, err
	}
	return value.String(strings.Replace(text, search, replacement, limit)), nil
}

func split(c *Context, args []value.Value) (value.Value, error) {
	text := args[0].Str()
	if args[1].Kind() == value.KindString {
		delimiter := args[1].Str()
		if err := c.charge((strings.Count(text, delimiter) + 1) * 16); err != nil {
			return value.Null, err
		}
		if text == "" {
			return value.List([]value.Value{value.String("")}), nil
		}
		return c.textList(strings.Split(text, delimiter))
	}
	var delimiters []string
	for _, d := range args[1].List() {
		if d.IsNull() {
			return value.Null, nil
		}
		if d.Kind() != value.KindString {
			return value.Null, fault(TypeError, InvalidArgumentValue,
				"split() expects STRING delimiters, found %s", d.Kind())
		}
		delimiters = append(delimiters, d.Str())
	}
	return c.splitAny(text, delimiters)
}

// splitAny splits at each delimiter, the earliest in the text first and of those at one place the first in the list.
func (c *Context) splitAny(text string, delimiters []string) (value.Value, error) {
	if err := c.charge(len(text)); err != nil {
		return value.Null, err
	}
	var parts []string
	start := 0
	for i := 0; i < len(text); {
		width := matchAny(text[i:], delimiters)
		if width == 0 {
			i++
			continue
		}
		parts = append(parts, text[start:i])
		i += width
		start = i
	}
	return c.textList(append(parts, text[start:]))
}

// matchAny is the length of the first delimiter, not empty, that text begins with.
func matchAny(text string, delimiters []string) int {
	for _, d := range delimiters {
		if d != "" && strings.HasPrefix(text, d) {
			return len(d)
		}
	}
	return 0
}
