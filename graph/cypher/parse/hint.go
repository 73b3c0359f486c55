package parse

import "strings"

// clauseWords are the keywords that may start a clause or go on with one; a misspelt name is compared to them.
var clauseWords = []keyword{
	keywordMatch, keywordOptional, keywordWhere, keywordReturn, keywordWith, keywordUnwind, keywordCreate, keywordMerge,
	keywordSet, keywordRemove, keywordDelete, keywordDetach, keywordForeach, keywordCall, keywordUnion, keywordOrder,
	keywordSkip, keywordLimit, keywordAnd, keywordOr, keywordXor, keywordNot, keywordStarts, keywordEnds, keywordContains,
	keywordAs, keywordYield, keywordOn, keywordShow, keywordDrop, keywordExplain, keywordProfile,
}

// hint returns advice on a token that stands in the place of a keyword, or "".
func (p *parser) hint(t token, candidates []keyword) string {
	if t.kind == kindString && p.at > 0 && p.tokens[p.at-1].kind == kindString && p.tokens[p.at-1].end == t.start {
		return `a quote within a string has a backslash before it`
	}
	if t.kind != kindName {
		return ""
	}
	word := strings.ToUpper(p.text[t.start:t.end])
	if t.keyword != notKeyword && reserved[t.keyword] && len(candidates) == 0 {
		return "to use " + word + " as a name, write it in backticks"
	}
	if t.keyword != notKeyword || len(word) > longestKeyword {
		return ""
	}
	best, distance := notKeyword, 3
	for _, candidate := range candidates {
		if d := editDistance(word, keywordWords[candidate]); d < distance {
			best, distance = candidate, d
		}
	}
	if best == notKeyword || 2*distance >= len(word) {
		return ""
	}
	return "did you mean " + keywordWords[best] + "?"
}

// editDistance counts the insertions, deletions, replacements and swaps of neighbours between two words of at most
// longestKeyword characters.
func editDistance(a, b string) int {
	var rows [3][longestKeyword + 1]int
	if len(a) > longestKeyword || len(b) > longestKeyword {
		return longestKeyword
	}
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row := &rows[(i+1)%3], &rows[(i+2)%3], &rows[i%3]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return rows[len(a)%3][len(b)]
}
