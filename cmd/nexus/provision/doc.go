// Package provision makes the files of a cluster and reads them back: what "nexus cluster init" writes (R32).
//
//	DIR/ca.key, DIR/operator.key         secrets that no node ever holds
//	DIR/ca.crt, cluster.secret, gossip.key, operator.sha256   what a node added later gets, too
//	DIR/NAME/                            a node's folder, ready to be carried to its machine:
//	  node.id node.crt node.key ca.crt cluster.secret gossip.key operator.sha256 nexus.toml
//
// Invariants: every file is written once, mode 0600, and never over another; only the operator key's hash is in a node's
// folder.
//
// It must never start anything.
package provision
