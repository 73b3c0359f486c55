// Package proposer packs commands into log entries: group commit across everything that writes.
//
// A walk:
//
//  1. [Proposer.Propose] takes one command with the term it was made for, admits it by bytes in flight, and queues it.
//  2. One goroutine takes from the queue. While fewer than [MaxOutstanding] entries are under way it packs what waits,
//     in order, into one entry of at most [MaxEntryBytes] (a bigger single command goes alone), and appends it.
//  3. Whatever arrives while entries are under way becomes the next entry, so one sync carries many commands.
//  4. A command whose term is no longer led is not appended.
//  5. The entry's outcome is given to each of its commands: applied with the machine's own result, definitely not
//     appended, or unknown.
//
// Invariants (R7): one goroutine packs; outstanding entries, entry size, command size and bytes in flight are bounded;
// commands are appended in the order they were queued; every proposal gets exactly one outcome.
//
// It must never know what a command says, nor which Raft library carries it.
package proposer
