// Package digest keeps the nodes of a cluster agreed on what their databases hold, and makes a node whole again whose
// store is not (R18). It is a room of api.
//
// A walk:
//
//	Keeper.Lead     on the leader, every 10 s or when damage is told: a DigestMark, the votes of all voters at that entry,
//	                 a judgement, and its verdict to each whom it concerns
//	judge            by majority of the voters: who is in the minority, what has no majority, who is whole; pure
//	methodVotes      a voter's votes at a mark, or that they are the leader's
//	methodVerdict    the leader's word: stop reads of these, writes of those, fetch the store there
//	repair           a whole-store stream from a node that is whole, adopted by the machine at its own index
//	methodStore      the stream's other end
//	scrub            recounts cold databases, at most a twentieth of a core
//
// Invariants: only votes of voters count, and a vote that its own node found damaged never wins; a store is fetched only
// from a node that is in the majority of every database of the mark; one repair at a time; every wait is bounded.
//
// It must never know a request, a key or a wire format of clients.
package digest
