package ledger

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/hivellm/nexus/tenancy"
)

func TestSlice(t *testing.T) {
	for _, c := range []struct{ left, limit, nodes, want uint64 }{
		{5000, 5000, 3, 416}, {24, 5000, 3, 2}, {1, 5000, 3, 1}, {0, 5000, 3, 0}, {100, 100, 3, 8}, {3, 100, 3, 1},
		{10_000_000, 10_000_000, 3, 833_333}, {10_000, 10_000_000, 3, 3334}, {7, 7, 0, 1}, {100_000, 100_000, 1, 25_000},
	} {
		if got := Slice(c.left, c.limit, c.nodes); got != c.want {
			t.Errorf("Slice(%d, %d, %d) = %d, not %d", c.left, c.limit, c.nodes, got, c.want)
		}
	}
}

func TestPeriod(t *testing.T) {
	p, err := ParsePeriod("2026-12")
	if err != nil || p != 202612 || p.String() != "2026-12" || p.Next() != 202701 {
		t.Errorf("%v, %v", p, err)
	}
	if end := p.EndsAtMs(); PeriodOf(end) != 202701 || PeriodOf(end-1) != 202612 {
		t.Errorf("ends at %d", end)
	}
	for _, text := range []string{"", "2026-13", "2026-00", "202611", "0000-01", "2026-1", "+026-01", "2026-111", "a very long text that is no period"} {
		if p, err := ParsePeriod(text); err == nil {
			t.Errorf("%q is %d", text, p)
		}
	}
	if PeriodOf(math.MaxInt64).Valid() || PeriodOf(math.MinInt64).Valid() {
		t.Error("a time beyond all years has a period")
	}
}

func TestStorage_PeakAndMean(t *testing.T) {
	var s Storage
	s = s.observed(100, 1000).observed(300, 2000).observed(0, 3000)
	if s.PeakBytes != 300 || s.MeanBytes(3000) != 200 || s.MeanBytes(4000) != 133 {
		t.Errorf("%+v: mean %d, later %d", s, s.MeanBytes(3000), s.MeanBytes(4000))
	}
	s = Storage{}.observed(math.MaxUint64, 1).observed(math.MaxUint64, math.MaxInt64)
	if s.MeanBytes(math.MaxInt64) != math.MaxUint64 {
		t.Errorf("mean %d", s.MeanBytes(math.MaxInt64))
	}
	if s := (Storage{}).observed(5, 10).observed(7, 4); s.LastMs != 10 || s.LastBytes != 7 {
		t.Errorf("time went back: %+v", s)
	}
}

func TestRateOf(t *testing.T) {
	for _, c := range []struct {
		rate, burst tenancy.Limit
		want        Rate
		limited     bool
	}{
		{of(100), of(200), Rate{100_000_000, 200}, true},
		{none, of(200), Rate{}, false},
		{of(100), none, Rate{}, false},
		{of(0), of(200), Rate{}, true},
		{of(100), of(0), Rate{}, true},
		{tenancy.Limit{}, tenancy.Limit{}, Rate{}, true},
		{of(math.MaxInt64), of(math.MaxInt64), Rate{MaxRate * Micro, MaxBurst}, true},
	} {
		got, limited := RateOf(limitsOf(c.rate, c.burst, none, none))
		if got != c.want || limited != c.limited {
			t.Errorf("rate %s burst %s: %+v, %t", c.rate, c.burst, got, limited)
		}
	}
	if _, verdict := AllowanceOf(Rate{}, Rate{}, 0).Admit(0, 5); verdict != RateExceeded {
		t.Error("nothing admits something")
	}
}

func TestFloorOf(t *testing.T) {
	if got := FloorOf(Rate{100_000_000, 200}, 3); got != (Rate{1_666_666, 1}) {
		t.Errorf("%+v", got)
	}
	if got := FloorOf(Rate{100_000_000, 5}, 3); got.Burst != 0 {
		t.Errorf("%+v", got)
	}
}

// A bucket never admits more than burst + rate·w, whatever it is switched to meanwhile within its bound.
func TestBucket_Window(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := Rate{rapid.Uint64Range(1, 1_000_000_000).Draw(t, "rate"), rapid.Uint64Range(1, 1000).Draw(t, "burst")}
		draw := func() Pace {
			return PaceOf(Rate{rapid.Uint64Range(0, most.PerSecond).Draw(t, "r"), rapid.Uint64Range(0, most.Burst).Draw(t, "b")})
		}
		reference, pace := PaceOf(most), draw()
		now := int64(1)
		whole, bucket := Bucket(now), pace.Empty(now)
		for range 200 {
			now += rapid.Int64Range(0, 3_000_000_000).Draw(t, "ns")
			if rapid.IntRange(0, 3).Draw(t, "switch") == 0 {
				next := draw()
				bucket = pace.Switch(bucket, now, next, 0)
				pace = next
			}
			for range rapid.IntRange(0, 20).Draw(t, "requests") {
				next, ok := pace.Admit(bucket, now)
				if !ok {
					break
				}
				bucket = next
				if whole, ok = reference.Admit(whole, now); !ok {
					t.Fatalf("more than the whole bucket at %d", now)
				}
			}
		}
	})
}

func TestBucket_SwitchKeepsWhatIsIn(t *testing.T) {
	small, great := PaceOf(Rate{10_000_000, 10}), PaceOf(Rate{100_000_000, 200})
	full := Bucket(0)
	if got := great.level(small.Switch(full, 0, great, 0), 0); got/Micro != 10 {
		t.Errorf("10 became %d", got)
	}
	if got := great.level(small.Switch(full, 0, great, 50), 0); got/Micro != 60 {
		t.Errorf("10 and 50 became %d", got)
	}
	if got := small.level(great.Switch(full, 0, small, 5), 0); got/Micro != 10 {
		t.Errorf("200 became %d", got)
	}
	if wait := great.Wait(great.Empty(0), 0); wait != 10_000_000 {
		t.Errorf("an empty bucket of 100/s waits %d ns", wait)
	}
}

func TestAllowance_LapsesToItsFloor(t *testing.T) {
	const second = int64(1_000_000_000)
	a := AllowanceOf(Rate{1_000_000, 1}, Rate{9_000_000, 9}, 10*second)
	b := Bucket(0)
	for range 10 {
		next, verdict := a.Admit(b, 9*second)
		if verdict != Admitted {
			t.Fatal(verdict)
		}
		b = next
	}
	if _, verdict := a.Admit(b, 10*second); verdict != LeaseOver {
		t.Fatal(verdict)
	}
	a, b = a.Lapse(b, 20*second)
	b, verdict := a.Admit(b, 20*second)
	if verdict != Admitted {
		t.Fatal(verdict)
	}
	if _, verdict := a.Admit(b, 20*second); verdict != RateExceeded {
		t.Fatal(verdict)
	}
	if _, verdict := a.Admit(BucketClosed, 20*second); verdict != BucketReplaced {
		t.Fatal(verdict)
	}
	if b, verdict := Unlimited().Admit(7, 0); verdict != Admitted || b != 7 {
		t.Fatal(verdict)
	}
}

func TestMeter_Spend(t *testing.T) {
	m := Meter{Requests: true, Writes: true, EndsNs: 100}
	r, drawn, verdict := m.Spend(RoomsOf(Units{2, 1}), true, 50)
	if verdict != Admitted || r.Units() != (Units{1, 0}) || drawn != (Units{1, 1}) {
		t.Errorf("%v %+v %v", r.Units(), drawn, verdict)
	}
	if again, _, verdict := m.Spend(r, true, 50); verdict != WritesDry || again != r {
		t.Errorf("%v %v", again.Units(), verdict)
	}
	if _, _, verdict := m.Spend(r, false, 100); verdict != LeaseOver {
		t.Error(verdict)
	}
	if _, _, verdict := m.Spend(0, false, 50); verdict != RequestsDry {
		t.Error(verdict)
	}
	if r, drawn, verdict := (Meter{}).Spend(0, true, 50); verdict != Admitted || r != 0 || drawn != (Units{}) {
		t.Error("what nothing limits was drawn")
	}
	if got := RoomsOf(Units{MaxRoom, MaxRoom}).Units(); got != (Units{MaxRoom, MaxRoom}) {
		t.Errorf("%+v", got)
	}
}

func TestClock_EndsByTheTimeOfAsking(t *testing.T) {
	var c Clock
	cluster := &Cluster{Seq: 4, LastNode: 1, Nodes: []Node{{Number: 1, ID: "a", Incarnation: 2, Renewed: 7, RenewedSeq: 4, FlooredSeq: 4}}}
	c.Sent(7, 1000)
	c.Sent(8, 2000)
	c.Saw(cluster, "a", 1, 5000)
	if c.EndsNs() != 0 {
		t.Error("another incarnation's renewal was taken")
	}
	c.Saw(cluster, "a", 2, 5000)
	if c.EndsNs() != 1000+int64(LeaseDuration) {
		t.Errorf("ends at %d", c.EndsNs())
	}
	cluster.Nodes[0].Renewed = 8 + sentKept
	c.Saw(cluster, "a", 2, 6000)
	if c.EndsNs() != 1000+int64(LeaseDuration) {
		t.Errorf("a renewal of a forgotten report moved the end to %d", c.EndsNs())
	}
	if c.FloorSince(0, 9000) != 5000 || c.FloorSince(5, 9000) != 9000 {
		t.Errorf("floor since %d, %d", c.FloorSince(0, 9000), c.FloorSince(5, 9000))
	}
}

func TestCluster_ItsTableIsBounded(t *testing.T) {
	state := &machineState{timeMs: 1_790_000_000_000}
	for i := range MaxNodes + 1 {
		id := "n" + string(rune('0'+i/10)) + string(rune('0'+i%10))
		change, err := Apply(state, &Tick{Opens: []Open{{id, 1}}})
		if err != nil {
			t.Fatal(err)
		}
		if full := len(change.Refused) == 1; full != (i == MaxNodes) {
			t.Fatalf("node %d: %v", i, change.Refused)
		}
		state = &machineState{timeMs: state.timeMs, cluster: change.Cluster}
	}
}

func TestDeciders_DoNotAllocate(t *testing.T) {
	a, m := AllowanceOf(Rate{1_000_000, 1}, Rate{1_000_000_000, 1 << 20}, forever), Meter{Requests: true, Writes: true, EndsNs: forever}
	b, r, now := Bucket(0), RoomsOf(Units{MaxRoom, MaxRoom}), int64(1)
	if n := testing.AllocsPerRun(1000, func() {
		now += 1000
		b, _ = a.Admit(b, now)
		r, _, _ = m.Spend(r, true, now)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
