package ledger

import "time"

const (
	// LeaseDuration is how long a lease lasts from the moment at which the node sent the report that was answered.
	LeaseDuration = 10 * time.Second
	// LeaseWait is how long a leader waits, by its own monotonic clock, from the moment at which its machine applied a
	// renewal, before it calls the lease over. It is longer by what two clocks' rates may differ, a tenth.
	LeaseWait = LeaseDuration + LeaseDuration/10
	// TickEvery is how often a node reports what it spent, and a leader ticks.
	TickEvery = time.Second
)

const (
	// sentKept is how many reports wait for their answer; those before get none any more.
	sentKept = 16
	// momentsKept and momentsEvery bound what is remembered of when ticks were applied: half an hour.
	momentsKept  = 1024
	momentsEvery = int64(2 * time.Second)
)

// Clock is what a node's own monotonic clock says of its lease: when it sent which report, when it applied which tick.
// It is plain data of the control path; moments are nanoseconds of that clock. The zero Clock is that of a process that
// has just begun.
type Clock struct {
	sent    [sentKept]moment
	applied []moment // ascending by number and by time, at least momentsEvery apart; at most momentsKept
	// ends is when the lease ends; 0 before the first.
	ends int64
	// floored is the first tick seen in which the node had a floor.
	floored uint64
}

// moment is the time of a numbered thing.
type moment struct {
	number uint64
	at     int64
}

// Sent notes that a report leaves now. Its number is from 1 and rises.
func (c *Clock) Sent(report uint64, now int64) {
	c.sent[report%sentKept] = moment{report, now}
}

// Saw notes what the node's machine has applied, whenever that changes: a renewal of this incarnation sets the lease's
// end by the time at which the report that it answers was sent, which is never later than the leader's reading of it.
func (c *Clock) Saw(cluster *Cluster, id string, incarnation uint64, now int64) {
	node, ok := cluster.NodeByID(id)
	if !ok {
		return
	}
	if node.Incarnation == incarnation && !node.Departed {
		if sent := c.sent[node.Renewed%sentKept]; node.Renewed != 0 && sent.number == node.Renewed {
			c.ends = max(c.ends, sent.at+int64(LeaseDuration))
		}
		if c.floored == 0 && node.FlooredSeq != 0 {
			c.floored = cluster.Seq
			c.note(cluster.Seq, now)
		}
	}
	if n := len(c.applied); n == 0 || cluster.Seq > c.applied[n-1].number && now >= c.applied[n-1].at+momentsEvery {
		c.note(cluster.Seq, now)
	}
}

func (c *Clock) note(seq uint64, now int64) {
	if len(c.applied) == momentsKept {
		copy(c.applied, c.applied[1:])
		c.applied = c.applied[:momentsKept-1]
	}
	c.applied = append(c.applied, moment{seq, now})
}

// EndsNs is when the node's lease ends; 0 where it never had one.
func (c *Clock) EndsNs() int64 { return c.ends }

// FloorSince is a moment from which the node has certainly had the floor that tick seq reserved for it, 0 for one that
// no tick had to reserve: that moment, or one shortly after it.
func (c *Clock) FloorSince(seq uint64, now int64) int64 {
	seq = max(seq, c.floored)
	if c.floored == 0 {
		return now
	}
	for _, m := range c.applied {
		if m.number >= seq {
			return m.at
		}
	}
	return now
}
