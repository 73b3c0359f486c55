// Package migrate brings one database, ids included, into a tenant of a running cluster.
//
// A walk: graph.Copy cuts the source into pieces; [Database] asks the target how far it is, skips the pieces that it has,
// sends the others one after another, and compares the digests at the end. What was broken off is gone on with by the
// same call: the target's digest says where it stands, and nothing else has to be remembered.
//
// It must never know how the source was opened, or what a connection looks like: it sees the target as a [Target].
package migrate
