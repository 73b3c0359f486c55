// Package raft is a node among nodes: consensus, leadership, read rounds, membership, and the channel between nodes.
//
// A walk:
//
//  1. [Open] checks that node id, certificate, data directory and machine belong to one cluster, opens raft.db (room
//     disk), the peer port (room peer) and gossip, and starts Raft.
//  2. A new cluster is bootstrapped once: when all expected peers answer a probe empty and prove the same secret, the
//     one with the lowest node id writes the first configuration.
//  3. Whoever wins an election proposes TermStart until its own machine has applied it with its own term, then once
//     ClusterInit; only then [Node.Leadership] says leading (R1).
//  4. [Node.Propose] hands a command to the group commit (room proposer) and tells what became of it.
//  5. [Node.ReadIndex] is a linearizable read's index, on any node: on the leader the commit index confirmed by a round
//     among voters (room round), on a follower that of the leader, one shared call for all who wait (R3, R4).
//  6. [Node.Freshness] measures how old this node's data may be (R5).
//  7. [Node.HandleCall], [Node.HandleStream], [Node.Call] and [Node.Stream] are the channel that forwarding uses.
//  8. [Node.Status] and [Node.TransferLeadership] are for people who run clusters. [Status.Without], [Node.Demote] and
//     [Node.Expel] are the steps by which a member leaves; [Node.Removed] says that this one has to.
//  9. The log is compacted by own trigger (R26); a follower whose snapshot installs lead nowhere gets its Raft instance
//     rebuilt (raft #697).
//
// Invariants: leadership is never believed from a signal but read from term and machine together; nothing waits on
// raft.AppliedIndex; VerifyLeader, Barrier, Restore and RestoreCommittedLogs of the library are not used; the Raft
// configuration alone decides who is a member.
//
// It must never know what a command says, what a tenant is, or how a query runs.
package raft
