// Package ast is the tree that a Cypher text becomes, and nothing more.
//
// A walk:
//
//  1. node.go: Span, Node and the interfaces Statement, Clause, Expr, SetItem, RemoveItem, LabelExpr.
//  2. query.go: Query (the whole text), RegularQuery (UNION of SingleQuery).
//  3. one file per clause: match, create, merge, set, remove, delete, unwind, with, return, foreach, call.
//  4. schema.go: CREATE / DROP INDEX and CONSTRAINT, SHOW.
//  5. pattern.go and label.go: paths, nodes, relationships, label expressions.
//  6. expr.go, comprehension.go, subquery.go: expressions; operator.go: their operators.
//  7. walk.go: Children and Walk over every node, ExprChildren within one expression.
//  8. string.go, string_pattern.go, string_clause.go: the canonical text of a tree.
//  9. position.go: byte offset to line and column. error.go: the error that parse and bind share.
//
// Invariants: every node carries the byte span of the text it came from; a tree is immutable once parse returns it and
// may be shared between goroutines; parentheses are not kept (a ReturnItem keeps the exact source span for column
// names); the canonical text of a tree parses to a tree with the same canonical text.
//
// It must never know names in scope, types, the catalog, values at run time, or any other package of this module.
package ast
