// Package bind finds what a tree means: which symbol each name stands for, and what is wrong with a query before it
// runs.
//
// A walk: bind.go begins and joins the parts of a UNION; scope.go holds names; types.go what is known of a value before
// it exists; one file per clause makes the bound clause (query.go, pattern in bound form: pattern.go); expr.go checks
// expressions; aggregate.go splits a projection into grouping keys, aggregates and what is computed after them;
// subquery.go binds the patterns and queries that stand within expressions.
//
// Invariants: every symbol has a slot of its own in the one row of the whole query, so that no two clauses write the
// same slot; a bound query is immutable; errors are *ast.Error in openCypher's words.
//
// It must never know graphs, counts, parameters' values, or how a plan runs.
package bind
