// Package hivehub is the client of the control plane: HiveHub owns users, plans, quotas and API keys, and it bills.
//
// A walk:
//
//	wire.go, figure.go   the contract's types, decoded leniently; what matters is checked (check.go)
//	Client               every call of the contract: tries, breaker, bounded bodies, one question per key id
//	Verifier             a pushed event, signed by the hub; all it can do is to ask for a pull
//	Windows              FRESH, STALE, EXPIRED, from the last good pull
//	Reconciler           on the leader: pulls users and keys, proposes what changed, reports usage, learns unknown keys
//	devhub               a small real HiveHub for development and tests
//
// Invariants: a hub's answer becomes state only as a [Change] that [Proposer] put into the log; a user's row moves
// forward only ([UserRow.Supersedes]); a page's cursor moves with its rows or not at all; an answer about another
// tenant than the one asked for is refused; every body, page, queue and memory is bounded; the service key is a type
// that prints "***"; no goroutine outlives Close or Run.
//
// It must never be on a request's path (one exception, bounded: a key id that no node has seen yet), and never know
// how the ledger that it feeds is stored, who leads, or what a command looks like: it sees the machine and the
// proposer through the interfaces [Machine] and [Proposer].
package hivehub
