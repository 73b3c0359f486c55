// Package parse turns the text of a query into the tree of package ast, or says where and why it cannot.
//
// A walk:
//
//  1. parse.go: Parse checks size and UTF-8, cuts the text into tokens, and lets the parser read one query.
//  2. token.go, keyword.go: what a token is and which words mean something.
//  3. lexer.go, lexer_literal.go: text to tokens; the first bad piece becomes a token that carries its error.
//  4. parser.go: looking, stepping, expecting. The first failure wins: it moves the parser to the end of the text.
//  5. query.go: EXPLAIN and PROFILE, UNION, the order of clauses; refuse.go: what is refused by name.
//  6. match.go, create.go, ... : one file per clause; projection.go for WITH and RETURN; schema.go for INDEX and CONSTRAINT.
//  7. pattern.go, label.go: paths and label expressions; lookahead.go: is this parenthesis a pattern?
//  8. expr.go: operators by precedence; postfix.go, atom.go, comprehension.go, subquery.go, literal.go: what they join.
//  9. error.go, hint.go: what was found, what was expected, which keyword was perhaps meant.
//
// Invariants: no input makes it panic or loop; every function returns a usable node even after a failure, and every
// loop ends at the end of the text; nesting is at most MaxNesting and the height of a tree at most MaxHeight; no
// decision is undone, so time is linear but for lookahead, which is bounded by nesting.
//
// It must never know names in scope, types, functions that exist, the catalog, or parameters' values: that is bind's.
package parse
