// Package plan decides in which order a bound query finds its rows.
//
// A walk: make.go turns clauses into a pipeline of operators (op.go); match.go orders a pattern: rules.go names what it
// may do, start.go chooses where to begin by exact counts, index.go which part of which index answers the conditions, sorted.go
// when an index already has the order of a sort, filter.go puts each condition at the earliest
// place where its names are known; text.go prints.
//
// Invariants: a plan names labels, types and keys by text and never holds ids or data, so that it is right, if perhaps
// slow, on every graph; conditions that an index answers are checked again on the row; with every rule switched off the
// answer is the same.
//
// It must never know property values, rows, or how an operator runs.
package plan
