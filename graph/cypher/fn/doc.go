// Package fn is Cypher's function library: one table of scalar functions, one of aggregates.
//
// A walk: the binder asks Lookup or LookupAggregate for a name, counts arguments with Accepts and compares the types it
// knows with Params; the executor calls Eval with evaluated arguments and a Context, or feeds an Accumulator a group's
// rows. Eval is complete by itself: it answers null for null where Cypher does, checks every argument's type, and only
// then runs the function's body. Failures are *Error in openCypher's words; the executor adds the place. What a
// function needs from outside (the graph's version, the clock, random numbers, the memory budget) stands in Context and
// is given by the caller. Temporal and numeric rules live in graph/value; this package only names and checks them.
//
// Invariants: tables never change; a Function is safe for any number of goroutines, an Accumulator for one; no function
// keeps its arguments slice; every result that may grow is charged to the budget before it is built.
//
// It must never know: syntax, plans, rows, transactions, tenants, the host's clock or its zones.
package fn
