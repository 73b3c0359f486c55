// Package isolation checks from outside that a tenant cannot tell whether it is alone: random programs of two tenants,
// interleaved on one cluster, must be answered byte for byte as each run alone, and nothing of the other may show.
//
// A walk:
//
//	program    a tenant's random operations, from a seed: writes, reads, definitions, listings, and plain mistakes
//	run        one client runs a program, step after step, through all nodes, and keeps what is comparable of each answer
//	TestIsolation_…  runs both alone, then both at once, and compares answers, digests, and marks of the other
//
// It must never import a package of the product.
package isolation
