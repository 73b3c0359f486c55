// Package ledger says how one limit is kept by many nodes: exactly, without a word between them while a request waits.
// It is a room of tenancy, floor 0: pure steps over values, no clock, no I/O, no goroutines.
//
// Three parties drive it. The machine (fsm) stores what it says; every node says what it spent; the leader decides.
//
//	node    hot path      Allowance.Admit(bucket, now), Meter.Spend(rooms, write, now): two words, moved by compare-and-swap
//	        control path  HoldingOf(view, …): what my machine says that I hold; Slot follows it, Clock knows when the lease ends
//	                      Slot.Urgency, Slot.Report → Report: to the leader, once a second, and at once when dry
//	leader                Planner.Report, Planner.Due, Planner.Plan(view, now) → Tick: proposed, one on its way at a time;
//	                      Planner.Observe after its machine applied it
//	machine               Apply(view, tick) → Change: Cluster and the Books that were touched, to be stored;
//	                      Cluster.Remove when a member is removed; Encode… and Decode… are the records
//
// How fsm drives it: a Tick is a command of the log. Apply reads through a View the newest Cluster, Books and accounts;
// what Change holds takes their place, in the same store batch; what it Refused is counted and is no error. A tenant that
// did nothing has no book. Books are stored one record a tenant, so that a tick costs what it names. Decoding errors and
// an error of Apply stop the node.
//
// How api/meter drives it: a tenant has a Bucket word beside an immutable Allowance, and a Rooms word a period; counters
// of what was spent stand in the spending file. A request takes from the bucket, then from the rooms, then counts Spent,
// then Drawn, then runs. The control path, one goroutine, runs after every applied tick that names a tenant of its, and
// once a second: Clock.Saw, then for each slot HoldingOf; Rooms are added to the word; a new Allowance is swapped in with
// the bucket's word closed first (BucketClosed) and replaced; what is Idle is given back by swapping the word for none;
// then one Report, whose Applied is the Cluster.Seq that all of this was done with. At start it settles what earlier
// processes left: Past and its file.
//
// Invariants, after every Apply, whatever is lost, late, doubled, reordered, killed or cut off:
//   - settled + lost + Σ outstanding ≤ limit, unless the limit was lowered: then no more is granted until it holds again.
//     Units come back by their holder's word alone, never by a clock.
//   - Σ floors + Σ shares in force ≤ rate and burst; so in any window w at most burst + rate·w is admitted. A share is
//     free again by its holder's word, or when the leader has waited out its lease.
//   - What is billed is what was reported, once each. What nobody knows is enforced and never billed.
//   - A node that has not heard of its lease's end still ends it: by its own clock, from the moment it asked.
//   - Hot path: no lock, no allocation, arithmetic on the values that are passed in.
//
// It must never know: the clock, the network, the disk, who leads, what a request does. docs/specs/ledger.md says more.
package ledger
