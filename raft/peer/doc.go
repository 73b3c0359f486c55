// Package peer is how nodes of one cluster talk: mutual TLS, one port for Raft's own streams and for calls between
// nodes, and nothing that a stranger can reach.
//
// A walk:
//
//  1. An [Authority] (held where "cluster init" ran, never by a node) issues each node an [Identity]: a certificate
//     whose URI SAN is nexus://<cluster id>/<node id>.
//  2. [Listen] opens the port. Every connection gets a deadline for its handshake and is checked by our own rule: the
//     chain ends at the cluster's authority, the SAN names this cluster, the node was not removed.
//  3. ALPN says what the connection is for: "nexus-raft/1" goes to [Listener.AcceptRaft], "nexus-peer/2" is served here.
//  4. A method is served only after [Listener.HandleCall] or [Listener.HandleStream] registered it with its [Admission];
//     anything else is refused by name.
//  5. [Client] keeps one connection to each node for control calls and one for work. All exchanges share it: each has an
//     id, a request frame, frames both ways, one closing frame.
//  6. Frames wait in an outbox; one writer writes all that waits at once. One reader delivers; it never waits for whoever
//     takes, since each exchange has a window of unread data.
//  7. A caller that gives up sends a cancel frame, which ends the handler's context. A connection that stayed silent
//     meanwhile gets no new exchanges.
//  8. An error that wraps [ErrNotTaken] says that the other node definitely did not begin; any other error of the
//     channel leaves that open, and an [Error] is what the handler itself answered.
//
// Invariants: frames, windows, exchanges, connections and handshakes are bounded; a node id is believed only from a
// certificate; a slow exchange stops nobody but itself; a request counts as not taken only if none of its bytes was given
// to the socket.
//
// It must never know what a method means, what Raft is, or who a tenant is.
package peer
