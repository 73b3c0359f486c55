// Package devhub is a small real HiveHub for development and tests: every call of the contract over one durable file.
//
// A walk:
//
//	hub.go, route.go     [Open]; the table of routes: who may call, what it counts as, what answers
//	internal.go          what nexus calls, with the service key
//	account.go, accesskey.go   what a person calls: register, login, plans, upgrade, keys
//	dev.go               switches for tests: users, usage, calls, faults, pushes
//	state.go, journal.go users, keys, tokens, usage and audit heads in memory; each change a line in the journal
//	push.go              signed events to the addresses given, each told again until it answers
//	fault.go             latency, errors, lost answers, doubles, disorder
//
// Invariants: what was answered is on disk (one fsync, shared by those who wait together); a change is one line, so it
// is there whole or not at all; a user's limit_version and the cursors only rise, unless a test says otherwise; of
// usage the row with the highest seq stays; no password, secret of a key or token is stored, only hashes; bodies,
// tables, queues and requests under way are bounded; what the contract does not allow is refused, so the hub is also
// the test of our client.
//
// It must never know how a Nexus cluster works, and no node ever imports it.
package devhub
