// Package round confirms that a leader still leads, once for all reads that wait, and shares calls between waiters.
//
// A walk:
//
//  1. A read joins a [Group]. The group has at most one call under way and one that gathers.
//  2. Before a call is sent it is closed: who arrives later waits for the next one. So a call answers only reads that
//     arrived before it was sent (R3, R4).
//  3. The leader's call is [Round.Confirm]: it notes the term and the commit index, then asks every voter of the latest
//     configuration for its current term.
//  4. A majority of the voters, self included, answering exactly that term confirms. A learner is not asked.
//  5. Answers of a voter that come after the round was decided are let come: cutting a call costs a connection.
//
// Invariants: an answer counts only for the round that asked; questions to one voter under way are bounded.
//
// It must never know the peer channel, Raft's library or what a read reads.
package round
