package meter

import (
	"runtime"
	"sync/atomic"

	"github.com/hivellm/nexus/tenancy"
	"github.com/hivellm/nexus/tenancy/ledger"
)

// Tenant is one tenant's meter on this node: what the hot path moves. Safe for concurrent use.
type Tenant struct {
	id    tenancy.ID
	meter *Meter

	pace  atomic.Pointer[pace]
	month atomic.Pointer[month]
	// limited says which units of the period have a limit.
	limited atomic.Uint32

	// arrived and starved count requests that a rate judged, and those that it refused; dry those that found no unit left.
	arrived, starved       atomic.Uint64
	dryRequests, dryWrites atomic.Uint64
	// lastNs is when the last request came, by the meter's clock; only where something limits.
	lastNs atomic.Int64
	// seldomNs is when the leader was last asked for what it does not seem to have.
	seldomNs atomic.Int64
	// elsewhere is what the period has used by the machine's account, without what this process spent.
	elsewhereRequests, elsewhereWrites atomic.Uint64

	waits waits
	// control belongs to the control path: guarded by Meter.mu.
	control control
}

// Bits of Tenant.limited.
const (
	limitsRequests uint32 = 1 << iota
	limitsWrites
)

// pace is an allowance with its bucket's word.
type pace struct {
	allowance ledger.Allowance
	word      atomic.Int64
	limited   bool
	// hopeful says that a refused request may wait: there is more of the rate than this node's floor, and it has no share.
	hopeful bool
	whole   ledger.Rate
}

// month is what is spent in one period: a slot of the file beside a word of what is left of the slices.
type month struct {
	period ledger.Period
	// users counts those who are about to count: the slot is closed when there are none.
	users atomic.Int64
	rooms atomic.Uint64
	slot  *slot
}

// enter gives the running month, which stays open until leave.
func (t *Tenant) enter() *month {
	for {
		m := t.month.Load()
		m.users.Add(1)
		if t.month.Load() == m { // else it was closed between: whoever closes looks at users after that
			return m
		}
		m.users.Add(-1)
	}
}

func (m *month) leave() { m.users.Add(-1) }

// drained waits for those who are about to count: a few instructions each.
func (m *month) drained() {
	for m.users.Load() != 0 {
		runtime.Gosched()
	}
}

// take takes one request out of the tenant's part of the rate.
func (t *Tenant) take(now int64) (ledger.Verdict, *pace) {
	for {
		p := t.pace.Load()
		word := p.word.Load()
		next, verdict := p.allowance.Admit(ledger.Bucket(word), now)
		switch verdict {
		case ledger.Admitted:
			if !p.limited || int64(next) == word || p.word.CompareAndSwap(word, int64(next)) {
				return verdict, p
			}
		case ledger.BucketReplaced:
			runtime.Gosched() // the new one is about to be shown
		case ledger.LeaseOver:
			t.meter.lapse(t, p)
		default:
			return verdict, p
		}
	}
}

// spend takes a request's units out of what this node holds, and counts them.
func (t *Tenant) spend(write bool, now int64) ledger.Verdict {
	m := t.enter()
	defer m.leave()
	limited := t.limited.Load()
	if limited == 0 {
		m.slot.count(write, ledger.Units{})
		return ledger.Admitted
	}
	terms := ledger.Meter{Requests: limited&limitsRequests != 0, Writes: limited&limitsWrites != 0, EndsNs: t.meter.endsNs.Load()}
	for {
		rooms := m.rooms.Load()
		next, drawn, verdict := terms.Spend(ledger.Rooms(rooms), write, now)
		switch {
		case verdict != ledger.Admitted:
			return verdict
		case uint64(next) == rooms || m.rooms.CompareAndSwap(rooms, uint64(next)):
			m.slot.count(write, drawn)
			return verdict
		}
	}
}

// Done is what a request turned out to be, beyond its units.
type Done struct {
	RowsOut, BytesIn, BytesOut uint64
	// ComputeUs is time spent computing, in microseconds.
	ComputeUs uint64
}

// Count adds what a request turned out to be to the running period.
func (t *Tenant) Count(d Done) {
	m := t.enter()
	defer m.leave()
	for _, one := range [...]struct {
		word *atomic.Uint64
		more uint64
	}{{&m.slot.rowsOut, d.RowsOut}, {&m.slot.bytesIn, d.BytesIn}, {&m.slot.bytesOut, d.BytesOut}, {&m.slot.computeUs, d.ComputeUs}} {
		if one.more != 0 {
			one.word.Add(one.more)
		}
	}
}
