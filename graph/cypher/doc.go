// Package cypher turns the text of a query into rows.
//
// A walk: Prepare (or Cache.Prepare) parses a text (room parse, tree in room ast) and binds it (room bind): names get
// slots, and all that can be wrong before running is found. A Query is immutable and may be shared. Read runs it on a
// version of a graph, Write on a draft; both plan first (room plan: an ordered list of named rules over exact counts)
// and execute a pipeline of operators over slotted rows (room exec, functions in room fn). Plans are kept with the
// Query as long as schema and sizes stay alike. Rows go to a Sink as they are made.
//
// Invariants: a clause reads the graph as it stood when the clause began; what is not supported is refused by name and
// place; every loop looks at the deadline and the memory budget; nothing here reads a clock, a file or a random source:
// all of that comes with Options.
//
// What follows from the first invariant and may surprise: SET computes all its values before it writes any, so of several
// rows that set one property the last wins; only MERGE and FOREACH see what their own earlier rows did.
//
// It must never know tenants, the log, the store, or any wire format.
package cypher
