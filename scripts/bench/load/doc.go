// Package load puts load on an HTTP server as cheaply as it can, since it shares its cores with what it measures.
//
// A walk:
//
//	Request     a whole request as bytes, made once; the digits of its number are written over for each use
//	Conn        one kept connection: one write, then reads until Content-Length is there; no header map, no JSON
//	Run         a goroutine a connection, each one request after another, for a time; latencies go into Histogram
//
// Invariants: an answer that is not 200 ends the run with its text; a connection is used by one goroutine.
package load
