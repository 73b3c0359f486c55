package fn

import (
	"strings"
	"unicode"

	"github.com/hivellm/nexus/graph/value"
)

func trimFunctions() []*Function {
	all := params(Param{"text", Text}, Param{"characters", Text})
	both := trimmer(strings.TrimFunc)
	return []*Function{
		define("trim", Text, all, both, optional(1)),
		define("btrim", Text, all, both, optional(1)),
		define("ltrim", Text, all, trimmer(strings.TrimLeftFunc), optional(1)),
		define("rtrim", Text, all, trimmer(strings.TrimRightFunc), optional(1)),
	}
}

// trimmer makes a body that drops white space, or the given characters, from an end or both.
func trimmer(trim func(string, func(rune) bool) string) body {
	return func(_ *Context, args []value.Value) (value.Value, error) {
		drop := unicode.IsSpace
		if len(args) == 2 {
			characters := args[1].Str()
			drop = func(r rune) bool { return strings.ContainsRune(characters, r) }
		}
		return value.String(trim(args[0].Str(), drop)), nil
	}
}
