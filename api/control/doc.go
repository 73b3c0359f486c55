// Package control keeps a node in step with the control plane: it puts hivehub's client, reconciler and verifier between
// the machine and the group. It is a room of api.
//
//	Plane.Lead    on the leader, for its term: the reconciler runs, and tenants of deleted users go when their time is over
//	Plane.Event   a signed event: the leader pulls, and this node has applied what came before it is answered
//	Plane.Learn   a well-formed key nobody knows: a question through the leader, bounded, remembered
//	Plane.Rule    what a tenant may go on with, by how old the last whole pull is: asked at the gate, local, no I/O
//	Plane.Status  what a person sees of it, the leader's part asked of the leader
//
// Invariants: what the hub says becomes state by the log only; nothing here waits on a request's path but Learn, at most
// hivehub.LearnWait; two nodes with the same machine and clock judge alike, whoever leads.
//
// It must never know doors, queries, or how a command becomes an entry.
package control
