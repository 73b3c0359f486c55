// Package api is the service: everything a caller may ask of Nexus, one method per function, with no wire format.
//
// A walk:
//
//	Service.Admit       a credential becomes a principal, or a refusal (authenticate → freshness → tenant → function)
//	Service.Cypher      prepare → the plan's function → run
//	 ├ begin            a place among what runs on this node (running): lists, kills, fair turns, R20
//	 ├ read             consistency (strong, bookmark, local) → an immutable version → rows
//	 └ write            on the leader a lane; elsewhere one hop to it, with the term it is meant for (forward)
//	Service.BeginTx     … TxCypher, CommitTx, RollbackTx: each step at the node that holds the transaction (tx); a commit is
//	                    a member of the lane's next batch, and what became of it is asked of the machine (R14)
//	Service.Do          an operation of the table in operations.go: what changes or tells of tenants, keys, databases
//	                    and the cluster; runs where it must, after the leader has authorized again
//	Service.Record      who did what, in the node's own log (audit); Audit reads it from all nodes; the leader notes its heads
//	Explain             every error of the floors below becomes one Error with a Code of one table
//	Service.DrainMember … RemoveMember, UndrainMember, DrainOf: a mark in the log; the leader moves who is marked, step by
//	                    step (steer.go); Service.Enter counts what a node does and refuses new work while it is marked
//	Service.Rate        one request against its tenant's rate, at every door; what runs is charged to the period inside Cypher,
//	                    TxCypher, CreateDatabase and DropDatabase, once, at the node that was asked (charge.go, R13)
//
// Rooms: meter (what tenants spend here, and the ledger's leader), running (what runs here, and who may go on), digest (what the nodes hold, and repair), lane (who writes next), tx (open transactions), forward (who runs it), bookmark (sealed positions), answer (rows as clients get them).
//
// Invariants: a request's tenant is its principal's and nothing else's. A write that may have been applied is never
// answered as one that failed. What the leader did not authorize itself does not run.
//
// It must never know HTTP, MCP or Bolt, and never touches bytes of the store.
package api
