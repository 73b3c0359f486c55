// Package tx holds the open transactions of several statements on the node that leads (PROTOCOL R14, R15).
//
// A walk:
//
//	Table.Begin        a private draft over the applied version, with its read set; an id that only its tenant can use
//	Table.Take         one step at a time; the idle clock stands still during it
//	 ├ Run             a statement behind a savepoint; what it read is noted by the graph
//	 ├ Commit          freezes the transaction and makes it a job of the lane
//	 │  └ draft        on the lane's newest version: nothing read has changed → the operations are replayed there
//	 └ End             with what it is remembered by; what is left of its ids goes back to the lane
//	Table.Close        leadership moved: all are gone
//
// Invariants: a transaction belongs to one term, one tenant and one database. A statement that fails leaves the draft as
// it found it. What a commit proposes was computed on the version it names, never believed. The table, each transaction,
// its age, what waits for it, and what is remembered of ended ones are bounded; ids go back once (decision 0013).
//
// It must never know a wire format, a principal, or the log: whether a commit happened is asked elsewhere.
package tx
