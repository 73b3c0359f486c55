// Package launch starts node processes and stops every one of them again, for "nexus dev".
//
//	Start      one "nexus serve" as a process of its own, its log in a file, its standard input a pipe
//	Process    its pid, the news of its end, Stop
//
// Invariants: a process ends with its launcher, however that ends: the pipe closes, and the node stops; a process that
// died is told of and never started again.
//
// It must never know what a node is made of.
package launch
