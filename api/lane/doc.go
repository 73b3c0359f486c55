// Package lane runs the writes of one tenant database one after another on the leader, and hands them to the log in
// batches.
//
// A walk:
//
//	Lanes.Run(job)            a door's write arrives, with the term it is meant for
//	 └ lane.work              one goroutine while there is work
//	    ├ compute             runs what waits, each on its predecessor's result: a batch
//	    │  └ cypher.Write     on a private draft; the rows are encoded and held
//	    ├ rehearse            the same store path into a discarded output (R12)
//	    ├ propose             every command of the batch, in order
//	    └ settle              waits for each; answers, or runs again, in arrival order
//
// Invariants: one batch in flight a lane (R7). Nothing computed here reaches a client before the machine has made the
// version it was computed on (R9). A lane belongs to one term and dies with it (R2). What is refused because of its
// predecessor runs again, first and in arrival order (R11).
//
// It must never know a wire format, a principal, or a quota: what it runs was admitted, and Apply refuses.
package lane
