// Package chaos checks the whole product from outside, with faults: it starts the real binary through scripts/cluster
// and speaks HTTP as INTERFACE promises.
//
// A walk:
//
//	TestProduct          one cluster, one check after another, each with a tenant of its own:
//	  Counts             many writers through every node; strong counts and digests are equal everywhere
//	  Merge              many clients merge overlapping entities; nothing doubles, nobody is asked to try again
//	  Northwind          a real data set through a follower, compared with what the CSV files say
//	  Lanes              a long write of one tenant, or database, does not stand in another's way
//	  Idle               what a cluster costs that does nothing
//	  Scenarios          the shapes in which known bugs would show; among them Transactions: what clients of /tx saw
//	                     under kills and pauses must fit one order
//	  Kills              kill -9 under recording writers: nothing acknowledged is lost, nothing doubles
//	  Histories          operations under kills, pauses and transfers, judged by a linearizability checker
//	  Quotas             limits of a month, a rate and of storage hold over all nodes, under kills, and are reached
//	TestMembers          a fourth node joins and the first one, the leader, is drained under load; who left is refused
//	TestResidency        thirty tenants in turn on nodes with room for ten: memory stays within bounds (own cluster)
//	TestRestart          a node of many records starts again, after a stop and a kill: soon, and without loading them
//	TestIndexBuild       an index over many nodes is built under writers, whose p99 stays (own cluster)
//	TestPlanted_…        the list of planted bugs and what catches each
//
// `go test` runs quick sizes, NEXUS_FULL=1 (`make chaos`) what the project promises, -short none of it. NEXUS_SEED
// repeats what was random.
//
// It must never import a package of the product.
package chaos
