// Package client talks HTTP to a cluster on behalf of the command line.
//
//	New        addresses, tried in turn; a key, which is never printed
//	Client.Do  one call: the answer's bytes, a *Problem, or *Unreachable
//
// Invariants: a call that may have been carried out is sent again only when nothing can be done twice; the key travels in
// a header and nowhere else.
//
// It must never know what a command prints.
package client
