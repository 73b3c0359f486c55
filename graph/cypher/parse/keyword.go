package parse

import "github.com/hivellm/nexus/graph/cypher/ast"

// keyword is a word that means something somewhere; 0 is none. Most may be names too: see ast.Reserved.
type keyword uint8

const (
	notKeyword keyword = iota
	keywordAll
	keywordAllShortestPaths
	keywordAnd
	keywordAny
	keywordAs
	keywordAsc
	keywordAscending
	keywordBtree
	keywordBy
	keywordCall
	keywordCase
	keywordCollect
	keywordComposite
	keywordConstraint
	keywordConstraints
	keywordContains
	keywordCount
	keywordCreate
	keywordCsv
	keywordDatabase
	keywordDatabases
	keywordDelete
	keywordDesc
	keywordDescending
	keywordDetach
	keywordDistinct
	keywordDrop
	keywordElse
	keywordEnd
	keywordEnds
	keywordExists
	keywordExplain
	keywordFalse
	keywordFinish
	keywordFor
	keywordForeach
	keywordFullText
	keywordIf
	keywordIn
	keywordIndex
	keywordIndexes
	keywordIs
	keywordKey
	keywordLimit
	keywordLoad
	keywordLookup
	keywordMatch
	keywordMerge
	keywordNode
	keywordNone
	keywordNot
	keywordNull
	keywordOn
	keywordOptional
	keywordOptions
	keywordOr
	keywordOrder
	keywordPoint
	keywordProfile
	keywordRange
	keywordReduce
	keywordRel
	keywordRelationship
	keywordRemove
	keywordReplace
	keywordRequire
	keywordReturn
	keywordSet
	keywordShortestPath
	keywordShow
	keywordSingle
	keywordSkip
	keywordStarts
	keywordText
	keywordThen
	keywordTransactions
	keywordTrue
	keywordUnion
	keywordUnique
	keywordUnwind
	keywordUse
	keywordVector
	keywordWhen
	keywordWhere
	keywordWith
	keywordXor
	keywordYield
)

// keywordWords is each keyword as it is written.
var keywordWords = [...]string{
	keywordAll:              "ALL",
	keywordAllShortestPaths: "ALLSHORTESTPATHS",
	keywordAnd:              "AND",
	keywordAny:              "ANY",
	keywordAs:               "AS",
	keywordAsc:              "ASC",
	keywordAscending:        "ASCENDING",
	keywordBtree:            "BTREE",
	keywordBy:               "BY",
	keywordCall:             "CALL",
	keywordCase:             "CASE",
	keywordCollect:          "COLLECT",
	keywordComposite:        "COMPOSITE",
	keywordConstraint:       "CONSTRAINT",
	keywordConstraints:      "CONSTRAINTS",
	keywordContains:         "CONTAINS",
	keywordCount:            "COUNT",
	keywordCreate:           "CREATE",
	keywordCsv:              "CSV",
	keywordDatabase:         "DATABASE",
	keywordDatabases:        "DATABASES",
	keywordDelete:           "DELETE",
	keywordDesc:             "DESC",
	keywordDescending:       "DESCENDING",
	keywordDetach:           "DETACH",
	keywordDistinct:         "DISTINCT",
	keywordDrop:             "DROP",
	keywordElse:             "ELSE",
	keywordEnd:              "END",
	keywordEnds:             "ENDS",
	keywordExists:           "EXISTS",
	keywordExplain:          "EXPLAIN",
	keywordFalse:            "FALSE",
	keywordFinish:           "FINISH",
	keywordFor:              "FOR",
	keywordForeach:          "FOREACH",
	keywordFullText:         "FULLTEXT",
	keywordIf:               "IF",
	keywordIn:               "IN",
	keywordIndex:            "INDEX",
	keywordIndexes:          "INDEXES",
	keywordIs:               "IS",
	keywordKey:              "KEY",
	keywordLimit:            "LIMIT",
	keywordLoad:             "LOAD",
	keywordLookup:           "LOOKUP",
	keywordMatch:            "MATCH",
	keywordMerge:            "MERGE",
	keywordNode:             "NODE",
	keywordNone:             "NONE",
	keywordNot:              "NOT",
	keywordNull:             "NULL",
	keywordOn:               "ON",
	keywordOptional:         "OPTIONAL",
	keywordOptions:          "OPTIONS",
	keywordOr:               "OR",
	keywordOrder:            "ORDER",
	keywordPoint:            "POINT",
	keywordProfile:          "PROFILE",
	keywordRange:            "RANGE",
	keywordReduce:           "REDUCE",
	keywordRel:              "REL",
	keywordRelationship:     "RELATIONSHIP",
	keywordRemove:           "REMOVE",
	keywordReplace:          "REPLACE",
	keywordRequire:          "REQUIRE",
	keywordReturn:           "RETURN",
	keywordSet:              "SET",
	keywordShortestPath:     "SHORTESTPATH",
	keywordShow:             "SHOW",
	keywordSingle:           "SINGLE",
	keywordSkip:             "SKIP",
	keywordStarts:           "STARTS",
	keywordText:             "TEXT",
	keywordThen:             "THEN",
	keywordTransactions:     "TRANSACTIONS",
	keywordTrue:             "TRUE",
	keywordUnion:            "UNION",
	keywordUnique:           "UNIQUE",
	keywordUnwind:           "UNWIND",
	keywordUse:              "USE",
	keywordVector:           "VECTOR",
	keywordWhen:             "WHEN",
	keywordWhere:            "WHERE",
	keywordWith:             "WITH",
	keywordXor:              "XOR",
	keywordYield:            "YIELD",
}

// longestKeyword is the length of the longest keyword in bytes.
const longestKeyword = len("ALLSHORTESTPATHS")

// keywords finds a keyword by its text in upper case; reserved says which of them cannot be a variable.
var keywords, reserved = indexKeywords()

func indexKeywords() (map[string]keyword, [len(keywordWords)]bool) {
	index := make(map[string]keyword, len(keywordWords))
	var closed [len(keywordWords)]bool
	for k := range keywordWords {
		if k == 0 {
			continue
		}
		index[keywordWords[k]] = keyword(k)
		closed[k] = ast.Reserved(keywordWords[k])
	}
	return index, closed
}

// lookupKeyword returns the keyword that a word is, in any case.
func lookupKeyword(word string) keyword {
	if len(word) < 2 || len(word) > longestKeyword {
		return notKeyword
	}
	var upper [longestKeyword]byte
	for i := range len(word) {
		c := word[i]
		switch {
		case 'a' <= c && c <= 'z':
			c -= 'a' - 'A'
		case c < 'A' || c > 'Z':
			return notKeyword
		}
		upper[i] = c
	}
	return keywords[string(upper[:len(word)])]
}
