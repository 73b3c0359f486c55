// Command bench measures three real nodes on this machine, the client included, and prints a table (`make bench`).
//
//	go run ./scripts/bench [-for 5s] [-runs 3] [-only NAME,…] [-profile DIR]
//
// A walk:
//
//	cluster.Start   three processes of the real binary on loopback, data on this machine's disk
//	fill            the graph that reads are asked of
//	workloads       the table of what is measured, with what the project promises
//	measure         a warm-up, then runs; the processor time of nodes and client beside the figures
//
// It must never import a package of the product.
package main
