package tck

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// totals is a table of scenarios won by category, and of the verdicts.
func totals(endings []ending) string {
	wonIn, all := map[string]int{}, map[string]int{}
	var verdicts [len(verdictNames)]int
	for _, e := range endings {
		verdicts[e.verdict]++
		for _, category := range []string{e.scenario.category, strings.Split(e.scenario.category, "/")[0]} {
			all[category]++
			if e.verdict == won {
				wonIn[category]++
			}
		}
	}
	var b strings.Builder
	for _, category := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&b, "%-40s %4d of %4d\n", category, wonIn[category], all[category])
	}
	fmt.Fprintf(&b, "passes %d of %d openCypher TCK scenarios\n", verdicts[won], len(endings))
	for v := silent; v <= crashed; v++ {
		fmt.Fprintf(&b, "%s: %d\n", verdictNames[v], verdicts[v])
	}
	return b.String()
}

// varying is what differs between failures of one reason.
var varying = regexp.MustCompile("`[^`]*`|\"[^\"]*\"|'[^']*'|\\d+")

// report groups failing scenarios by reason, the largest group first, with a few whole ones each.
func report(endings []ending) string {
	groups := map[string][]ending{}
	for _, e := range endings {
		if e.verdict != won {
			key := verdictNames[e.verdict] + ": " + varying.ReplaceAllString(firstLine(e.reason), "…")
			groups[key] = append(groups[key], e)
		}
	}
	keys := slices.Sorted(maps.Keys(groups))
	slices.SortStableFunc(keys, func(a, b string) int { return len(groups[b]) - len(groups[a]) })
	var b strings.Builder
	for _, key := range keys {
		fmt.Fprintf(&b, "%5d  %s\n", len(groups[key]), key)
	}
	for _, key := range keys {
		fmt.Fprintf(&b, "\n==== %d × %s\n", len(groups[key]), key)
		for i, e := range groups[key] {
			fmt.Fprintf(&b, "-- %s\n", e.scenario.name)
			if i < 3 {
				fmt.Fprintf(&b, "%s\n%s\n", e.reason, queries(e.scenario))
			}
		}
	}
	return b.String()
}

func queries(s scenario) string {
	var b strings.Builder
	for _, one := range s.steps {
		if one.doc != "" {
			fmt.Fprintf(&b, "    %s\n      %s\n", one.text, strings.ReplaceAll(one.doc, "\n", "\n      "))
		}
	}
	return b.String()
}
