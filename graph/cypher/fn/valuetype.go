package fn

import (
	"slices"
	"strings"

	"github.com/hivellm/nexus/graph/value"
)

func typeFunctions() []*Function {
	return []*Function{define("valueType", Text, params(Param{"value", Any}), valueType, takesNull)}
}

func valueType(_ *Context, args []value.Value) (value.Value, error) {
	return value.String(typeText(args[0])), nil
}

// typeText is the type of a value as Cypher's type grammar writes it.
func typeText(v value.Value) string {
	switch v.Kind() {
	case value.KindNull:
		return "NULL"
	case value.KindList:
		return "LIST<" + itemTypes(v.List()) + "> NOT NULL"
	}
	return v.Kind().String() + " NOT NULL"
}

// itemTypes is the type of a list's items: a union, sorted, where they differ; NOTHING for none.
func itemTypes(items []value.Value) string {
	null := false
	var names []string
	for _, v := range items {
		name := strings.TrimSuffix(typeText(v), " NOT NULL")
		if v.IsNull() {
			null = true
			continue
		}
		if at, known := slices.BinarySearch(names, name); !known {
			names = slices.Insert(names, at, name)
		}
	}
	switch {
	case len(names) == 0 && null:
		return "NULL"
	case len(names) == 0:
		return "NOTHING"
	case !null:
		for i := range names {
			names[i] += " NOT NULL"
		}
	}
	return strings.Join(names, " | ")
}
