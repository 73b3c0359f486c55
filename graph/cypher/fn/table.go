package fn

import (
	"slices"
	"strings"
)

// sortedFunctions holds every scalar function by name; functions finds them by lower-case name.
var (
	sortedFunctions = allFunctions()
	functions       = indexFunctions(sortedFunctions)
)

func allFunctions() []*Function {
	all := slices.Concat(
		entityFunctions(), listFunctions(), nullFunctions(), conversionFunctions(), numericFunctions(),
		roundingFunctions(), logarithmicFunctions(), trigonometricFunctions(), randomFunctions(), stringFunctions(),
		trimFunctions(), typeFunctions(), temporalFunctions(), truncateFunctions(), durationFunctions(), pointFunctions(),
	)
	slices.SortFunc(all, func(a, b *Function) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func indexFunctions(all []*Function) map[string]*Function {
	index := make(map[string]*Function, len(all))
	for _, f := range all {
		key := strings.ToLower(f.Name)
		if index[key] != nil {
			panic("graph/cypher/fn: " + f.Name + " defined twice")
		}
		index[key] = f
	}
	return index
}
