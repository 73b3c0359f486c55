// Package audit keeps a node's record of who did what: append-only JSON lines in rotated files, chained by hashes.
//
//	Append ─▶ queue ─▶ one goroutine: number, chain, encode ─▶ segment file ─▶ (full) next segment
//	                                                      └▶ Head: seq and hash of the last line
//
// A walk: [Open] finds the last whole line of a directory, cuts off what a crash tore, and goes on from there. [Log.Append]
// queues a [Record]; the log's goroutine gives it the next sequence number and the hash of the line before it, writes what
// has gathered with one call, and syncs once a second. [Log.Read] pages through what is kept. [Verify] walks the files of a
// directory and finds an edit, a deletion, a swap, and, by a head that was kept elsewhere, a truncation.
//
// Invariants: the sequence has no gaps; a line's hash is SHA-256 over all of the line before its hash, the hash of the line
// before included; the first line is chained to the node's id; a record that was taken is in the file when Close returns;
// while the disk refuses, Check says so, what was taken waits in memory and is written when it can be, and nothing is left
// out in silence. The queue, a line, a segment and
// the number of segments are bounded.
//
// It must never know keys' secrets, parameters, property values or query texts: a [Record] has no place for them.
package audit
