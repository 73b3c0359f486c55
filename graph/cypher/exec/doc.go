// Package exec runs plans.
//
// A walk: compile.go turns a plan into a program, once: operators become stages (one file per operator or clause),
// expressions become closures (expr.go and its neighbours) over the slots of one row. run.go is one execution: the row,
// the graph as the clause under way sees it, names resolved to the graph's ids, the budget. pipe.go joins stages into a
// pipeline that pushes rows downstream; buffer.go holds rows back where a clause must have seen all of them.
//
// Invariants: a program is immutable and shared, all state is in the run and the operators made for it; every symbol
// has its own slot, so no row is copied until it must be kept; a writing clause passes no row on before it has taken
// the last one, so that each clause reads the graph as it stood when it began; every loop calls step, which looks at
// the deadline.
//
// It must never know the text's syntax beyond its tree, tenants, or the wire.
package exec
