// Package gossip finds the nodes of a cluster and spreads their addresses.
//
// A walk:
//
//  1. [Start] opens memberlist on the gossip port: encrypted with the gossip key, labelled with the cluster id, so
//     that another cluster's packets are dropped.
//  2. A node's [Meta] (its name, addresses and version) travels with its membership and is bounded.
//  3. [Gossip.Join] contacts nodes by their gossip addresses; memberlist spreads the rest.
//  4. [Gossip.Nodes] is what is known now; [Gossip.Address] answers where a node listens for peers.
//
// Invariants: gossip proposes, Raft's configuration decides: nothing here makes a node a member of anything. What is
// learned is kept after a node died, so that it can still be dialled.
//
// It must never know Raft, roles, or what is replicated.
package gossip
