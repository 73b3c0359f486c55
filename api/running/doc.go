// Package running knows every query that runs on a node, and decides which of them may go on.
//
//	Table.Begin     a place for the query: free at once, after a wait in its tenant's queue, or ErrFull
//	Query.Pace      called by the evaluator at its checkpoints: progress is noted, memory is counted, and a long run
//	                waits for its turn
//	Table.Kill      ends one by its id
//	Table.judge     ends those whose tenant, database or key the registry no longer allows (R20)
//	Query.End       gives the place back
//
// Turns: a run that is short pays nothing. One that has run for longAfter, or whose tenant has used more than its credit of
// this node's processors, goes on only while it holds one of the turns, of which there are fewer than processors. A turn
// is passed on after a slice, to the tenant that was served least recently. So what a tenant takes from others is bounded
// by the turns, however many long queries it sends, and long queries of many tenants share them evenly.
//
// Invariants: places, queues and turns are bounded; who waits for any of them sees its deadline, a kill and the registry;
// a query that was told to end has its reason as the cause of its context.
//
// It must never know texts, parameters or rows of a query.
package running
