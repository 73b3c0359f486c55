// Package disk keeps Raft's log on a disk that may hang, fill or grow.
//
// A walk:
//
//  1. [Open] compacts raft.db offline when more than half of it is free (R26), then opens it through raft-boltdb.
//  2. [Log] is the log store Raft sees: it answers that it is monotonic (raft #697), so that after an installed
//     snapshot the old entries go away.
//  3. Every write is watched: one that hangs longer than [HangLimit] is fatal (R28). It runs inside Raft's main loop,
//     so neither giving leadership away nor answering would work from there; only ending the process does.
//  4. [Log.Since] counts entries and bytes since the last snapshot: the trigger of compaction.
//  5. [Free] tells how much room a directory's disk has.
//
// Invariants: writes are synced before they are acknowledged; the counters never go below zero.
//
// It must never know what an entry says.
package disk
