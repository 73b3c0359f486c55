// Package store keeps durable ordered bytes, cut into spaces, over Pebble.
//
// A walk:
//
//	Open(dir)               the format version is checked; a torn or foreign directory is refused with what to do
//	 ├ System()             the system space: applied index, tenants, keys, kept ids, members
//	 ├ Space(tenant, db)    one tenant's database: the only way to graph bytes
//	 ├ NewBatch()           pending writes; Commit puts them and the Raft index and term in atomically
//	 ├ Snapshot()           a consistent view of all spaces at one applied index
//	 └ Checkpoint(dir)      flush, then hard links: what a Raft snapshot is made of
//	Live                    which directory is the live store: the CURRENT file (R25)
//
// Invariants: Store itself has no Get and no Put. Every key of a space begins with its tenant and database, added here
// and nowhere else, and every iterator is bounded by that prefix. The write-ahead log is off: the Raft log is the
// durable copy, a flush is an ordered prefix, and the applied index rides in the same batch as the data (R16).
//
// It must never know what its values mean.
package store
