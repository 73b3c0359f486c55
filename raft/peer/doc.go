// Package peer is how nodes of one cluster talk: mutual TLS, one port for Raft's own streams and for calls between
// nodes, and nothing that a stranger can reach.
//
// A walk:
//
//  1. An [Authority] (held where "cluster init" ran, never by a node) issues each node an [Identity]: a certificate
//     whose URI SAN is nexus://<cluster id>/<node id>.
//  2. [Listen] opens the port. Every connection gets a deadline for its handshake and is checked by our own rule: the
//     chain ends at the cluster's authority, the SAN names this cluster, the node was not removed.
//  3. ALPN says what the connection is for: "nexus-raft/1" goes to [Listener.AcceptRaft], "nexus-peer/1" is served here.
//  4. A method is served only after [Listener.Handle] registered it with its [Admission]; anything else is refused by name.
//  5. A connection carries one exchange at a time: a request frame, frames both ways, one closing frame.
//  6. [Client] keeps bounded pools of such connections to each node, one for control calls and one for work.
//  7. An error that wraps [ErrNotTaken] says that the other node definitely did not begin; any other error of the
//     channel leaves that open, and an [Error] is what the handler itself answered.
//
// Invariants: frames, connections, handshakes and pools are bounded; a node id is believed only from a certificate;
// cancelling the caller's context cancels the handler's.
//
// It must never know what a method means, what Raft is, or who a tenant is.
package peer
