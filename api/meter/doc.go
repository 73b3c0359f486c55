// Package meter counts what tenants spend on this node, and holds them to what the ledger lets the node give.
//
// A walk:
//
//	Tenant.Rate       hot path: one compare-and-swap on the tenant's bucket; refused, or a short wait for a share
//	Tenant.Spend      hot path: one compare-and-swap on what is left of the slices, then atomic adds in the spending file
//	Tenant.Count      rows, bytes and time, when they are known
//	run, round        control path, one goroutine: follow the machine (rooms, allowances, periods, ends of leases), then
//	                  report what there is to say to the leader: once a second, and at once where a request waits
//	file, slot        the spending file: mapped memory, one file a process, so that kill -9 loses nothing
//	past              what earlier processes left: settled exactly by their files, or, where these cannot be trusted, as unknown
//	Leader            on the node that leads: the Planner's loop, one tick on its way at a time, none where nothing is said
//
// Invariants: a request is counted in the file before it runs, as spent first and as drawn then. A slot is closed only
// when nobody counts in it any more. A file goes only when the machine shows all of it settled. The hot path takes no
// lock, allocates nothing and writes nothing to the log. Every wait is bounded, and so are those who wait.
//
// It must never know what a request is, who may send it, or a wire format. The rules are tenancy/ledger's.
package meter
