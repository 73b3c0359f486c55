package ast

import (
	"strings"
	"unicode"
)

// reserved holds the words, in upper case and sorted, that need backticks to be a variable.
var reserved = [...]string{
	"AND", "AS", "CASE", "CONTAINS", "CREATE", "DELETE", "DETACH", "DISTINCT", "ELSE", "ENDS", "FALSE", "IN", "IS",
	"LIMIT", "MATCH", "MERGE", "NOT", "NULL", "OPTIONAL", "OR", "ORDER", "REMOVE", "RETURN", "SET", "SKIP", "STARTS",
	"THEN", "TRUE", "UNION", "UNWIND", "WHEN", "WHERE", "WITH", "XOR",
}

// contextual holds words that are read as something else in some places; the printer quotes them as variables.
var contextual = [...]string{
	"ALL", "ALLSHORTESTPATHS", "ANY", "ASC", "ASCENDING", "CALL", "COLLECT", "COUNT", "DESC", "DESCENDING", "END",
	"EXISTS", "FOR", "FOREACH", "IF", "NONE", "ON", "REDUCE", "SHORTESTPATH", "SINGLE", "YIELD",
}

// Reserved says whether a word, in any case, needs backticks to be a variable. Labels, types, property keys, functions
// and parameters may have any word as a name.
func Reserved(word string) bool { return contains(reserved[:], word) }

// IsNameStart says whether a name may start with the character.
func IsNameStart(r rune) bool {
	if r < 0x80 {
		return r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
	}
	return unicode.IsLetter(r) || unicode.Is(unicode.Nl, r) || unicode.Is(unicode.Pc, r)
}

// IsNamePart says whether a name may go on with the character.
func IsNamePart(r rune) bool {
	if r < 0x80 {
		return IsNameStart(r) || '0' <= r && r <= '9'
	}
	return IsNameStart(r) || unicode.In(r, unicode.Nd, unicode.Mn, unicode.Mc, unicode.Sc)
}

// QuoteName returns a name as it is written for a label, type, property key or function: in backticks where it must be.
func QuoteName(name string) string {
	for i, r := range name {
		if i == 0 && !IsNameStart(r) || i > 0 && !IsNamePart(r) {
			return backtick(name)
		}
	}
	if name == "" {
		return backtick(name)
	}
	return name
}

// QuoteVariable returns a name as it is written for a variable: in backticks where it must be.
func QuoteVariable(name string) string {
	if contains(reserved[:], name) || contains(contextual[:], name) {
		return backtick(name)
	}
	return QuoteName(name)
}

func quoteFunction(name string) string {
	switch strings.ToUpper(name) {
	case "ALL", "ANY", "NONE", "SINGLE", "REDUCE", "SHORTESTPATH", "ALLSHORTESTPATHS":
		return backtick(name)
	}
	if contains(reserved[:], name) {
		return backtick(name)
	}
	return QuoteName(name)
}

func backtick(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

func contains(words []string, word string) bool {
	for _, w := range words {
		if len(w) == len(word) && strings.EqualFold(w, word) {
			return true
		}
	}
	return false
}
