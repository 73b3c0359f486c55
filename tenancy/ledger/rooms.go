package ledger

// Rooms is what a node still has of its slices of one tenant's period, in a word, so that a write takes both its units
// in one compare-and-swap: requests in the upper half, writes in the lower.
type Rooms uint64

// RoomsOf makes the word of units, each at most MaxRoom.
func RoomsOf(u Units) Rooms {
	return Rooms(min(u.Requests, MaxRoom)<<32 | min(u.Writes, MaxRoom))
}

// Units is what is there.
func (r Rooms) Units() Units { return Units{uint64(r >> 32), uint64(r & 0xffff_ffff)} }

// Add puts granted units in. A grant never makes a node hold more than MaxRoom of a kind, so nothing is cut.
func (r Rooms) Add(u Units) Rooms { return RoomsOf(r.Units().plus(u)) }

// Meter says which units of a tenant are limited and until when the node's lease allows to spend them.
type Meter struct {
	// Requests and Writes say what has a limit; what has none is spent without a lease and counted all the same.
	Requests, Writes bool
	// EndsNs is when the lease ends, on the node's monotonic clock.
	EndsNs int64
}

// Spend takes a request's units, a write's too where write is set: the next word, to be swapped in for the one that was
// given, and the verdict. If the swap fails, load and judge again. Where drawn is not zero, the caller then counts it as
// drawn, after it counted the request as spent, and both before the request runs. No clock, no lock, no allocation.
func (m Meter) Spend(r Rooms, write bool, now int64) (next Rooms, drawn Units, verdict Verdict) {
	var need Rooms
	if m.Requests {
		if r>>32 == 0 {
			return r, Units{}, RequestsDry
		}
		need += 1 << 32
		drawn.Requests = 1
	}
	if write && m.Writes {
		if r&0xffff_ffff == 0 {
			return r, Units{}, WritesDry
		}
		need++
		drawn.Writes = 1
	}
	if need != 0 && now >= m.EndsNs {
		return r, Units{}, LeaseOver
	}
	return r - need, drawn, Admitted
}
