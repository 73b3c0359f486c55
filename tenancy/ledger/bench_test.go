package ledger

import (
	"fmt"
	"testing"

	"github.com/hivellm/nexus/tenancy"
)

func BenchmarkAdmit(b *testing.B) {
	b.ReportAllocs()
	a, bucket, now := AllowanceOf(Rate{1_000_000, 1}, Rate{1_000_000_000, 2000}, forever), Bucket(0), int64(1)
	for b.Loop() {
		now += 100
		bucket, _ = a.Admit(bucket, now)
	}
}

func BenchmarkSpend(b *testing.B) {
	b.ReportAllocs()
	m, rooms, now := Meter{Requests: true, Writes: true, EndsNs: forever}, RoomsOf(Units{MaxRoom, MaxRoom}), int64(1)
	for b.Loop() {
		now += 100
		var verdict Verdict
		if rooms, _, verdict = m.Spend(rooms, true, now); verdict != Admitted {
			rooms = RoomsOf(Units{MaxRoom, MaxRoom})
		}
	}
}

// benchWorld is a view with tenants that each of three nodes spent of.
func benchWorld(tenants int) (*machineState, *Tick) {
	state := &machineState{books: map[tenancy.ID]*Book{}, accounts: map[tenancy.ID]*tenancy.Account{}, timeMs: 1_790_000_000_000}
	state.cluster = &Cluster{LastNode: 3, Seq: 1, Period: PeriodOf(state.timeMs)}
	for n := range 3 {
		state.cluster.Nodes = append(state.cluster.Nodes, Node{Number: NodeNumber(n + 1), ID: fmt.Sprint("n", n), Incarnation: 1, Renewed: 1, RenewedSeq: 1, FlooredSeq: 1})
	}
	tick := &Tick{}
	for i := range tenants {
		id := tenancy.IDFromNumber(uint64(i + 1))
		state.accounts[id] = &tenancy.Account{ID: id, Status: tenancy.StatusActive, CreatedAtMs: state.timeMs, Limits: limitsOf(of(100), of(200), of(100_000), of(20_000))}
		tick.Settles = append(tick.Settles, Settle{Tenant: id, Node: 1, Incarnation: 1, Period: state.cluster.Period, Spent: sampleTotals()})
		tick.Grants = append(tick.Grants, Grant{Tenant: id, Node: 1, Incarnation: 1, Period: state.cluster.Period, Units: Units{8333, 1666}})
	}
	return state, tick
}

func BenchmarkApply(b *testing.B) {
	for _, tenants := range []int{1, 100, 1000} {
		b.Run(fmt.Sprint(tenants), func(b *testing.B) {
			b.ReportAllocs()
			state, tick := benchWorld(tenants)
			for b.Loop() {
				if change, err := Apply(state, tick); err != nil || len(change.Refused) != 0 {
					b.Fatal(err, change.Refused)
				}
			}
		})
	}
}

func BenchmarkTickCodec(b *testing.B) {
	b.ReportAllocs()
	_, tick := benchWorld(1000)
	data, err := EncodeTick(tick)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(len(data))/1000, "bytes/tenant")
	for b.Loop() {
		if _, err := DecodeTick(data); err != nil {
			b.Fatal(err)
		}
	}
}
