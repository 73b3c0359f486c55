// Package snapshot keeps Raft's snapshots: checkpoints of the store, streamed when a follower needs one.
//
// A walk:
//
//	Store.Create          a sink with a directory of its own, not yet under its name
//	 ├ Sink.Adopt         this node's own snapshot: a checkpoint is made in place, by hard links
//	 └ Sink.Write         another node's: the stream is verified and taken apart as it comes
//	Sink.Close            what was made is synced and gets its name: from then on it is listed
//	Store.Open            a stream of the newest: header, files in blocks with CRCs, a SHA-256; its length is known
//	Unpack                a stream into an empty directory, verified and synced: what Restore builds beside
//
// Invariants: a listed snapshot is whole and durable. One is kept, besides those being streamed. Nothing of a stream is
// believed before its checksum is seen.
//
// It must never know what a store holds, nor decide whether a snapshot may be used.
package snapshot
