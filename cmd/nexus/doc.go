// Command nexus is the database, its operator's tool and its shell: one binary.
//
//	dev        a cluster of three processes with two tenants and a sample graph, from nothing
//	serve      one node; serve.go is the only place where the floors are wired together
//	query, shell, cluster, tenant, key   clients of a running cluster
//	hub        a development HiveHub over one file
//	version, completion
//
// Rooms: config (what a node is told), provision (what "cluster init" writes), launch (processes of dev), client (HTTP),
// output (tables, JSON, YAML).
//
// Exit codes are the table of package api: 0 ok, 1 failure, 2 usage, 3 not found, 4 authentication or permission,
// 5 unavailable, 6 quota, 7 conflict, 8 partly done.
package main
