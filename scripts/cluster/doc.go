// Package cluster starts the real binary as a cluster of processes on loopback, for checks of the whole product from
// outside.
//
// A walk:
//
//	Build                    `go build` of cmd/nexus, once per variant (plain, planted, race, profile), kept between runs
//	reserve                  a range of free ports that no other harness on this machine uses meanwhile
//	Start                    `nexus cluster init`, then `nexus serve` once per node; ready when every node says so
//	Node.Kill/Pause/Restart  signals to one process, by its id
//	Cluster.Tenant           tenants and keys over /admin with DIR/operator.key
//	Client.Cypher            a query over HTTP, with what is known of its outcome
//	Until                    a condition is waited for within a bound; time alone is never waited for
//
// Invariants: everything that was started is stopped by Close, and by the kernel when this process dies; every wait has
// a bound; a failed check shows the end of every node's log.
//
// It must never import a package of the product: what it knows stands in INTERFACE.
package cluster
