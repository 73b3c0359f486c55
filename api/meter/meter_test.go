package meter

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hivellm/nexus/tenancy"
	"github.com/hivellm/nexus/tenancy/ledger"
)

// clients ask a node until they are told that the month is used up.
func (n *node) clients(group *sync.WaitGroup, count int, id tenancy.ID, admitted *atomic.Int64) {
	for range count {
		group.Go(func() {
			for {
				err := n.ask(id, false)
				switch exhausted := (*ExhaustedError)(nil); {
				case err == nil:
					admitted.Add(1)
					time.Sleep(3 * time.Millisecond)
				case errors.As(err, &exhausted):
					return
				default:
					time.Sleep(time.Second)
				}
			}
		})
	}
}

func TestMeter_AMonthIsSpentToTheLastUnitAndNotBeyond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = 5000
		r := newRig(t, 3, monthly(1, limit))
		defer r.close()
		id := tenancy.IDFromNumber(1)
		var admitted atomic.Int64
		var group sync.WaitGroup
		for _, n := range r.nodes {
			n.clients(&group, 64, id, &admitted)
		}
		group.Wait()
		time.Sleep(3 * time.Second)
		if got := admitted.Load(); got != limit || r.used(id).Requests != limit {
			t.Errorf("%d admitted, %d settled, the limit is %d", got, r.used(id).Requests, limit)
		}
		var exhausted *ExhaustedError
		if err := r.nodes[0].ask(id, false); !errors.As(err, &exhausted) || exhausted.Used != limit || exhausted.Quota != QuotaRequests || exhausted.ResetsAtMs <= testTimeMs {
			t.Errorf("%v", err)
		}
	})
}

// TestMeter_KillsLoseNothing: what was admitted is billed, however often processes are killed and leaders deposed.
func TestMeter_KillsLoseNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 3, monthly(1, 4000), account(2, func(*tenancy.Limits) {}))
		defer r.close()
		limited, free := tenancy.IDFromNumber(1), tenancy.IDFromNumber(2)
		var admitted, unlimited uint64
		for round := range 400 {
			n := r.nodes[round%3]
			for range 9 {
				if n.ask(limited, round%2 == 0) == nil {
					admitted++
				}
				if n.ask(free, true) == nil {
					unlimited++
				}
			}
			switch round % 23 {
			case 7:
				n.kill()
				n.open()
			case 11:
				if err := n.Close(); err != nil {
					t.Fatal(err)
				}
				n.open()
			case 15:
				r.depose()
				time.Sleep(2 * time.Second)
				r.lead()
			case 19:
				n.kill()
				n.open()
				n.kill() // again before it said a word
				n.open()
			}
			time.Sleep(70 * time.Millisecond)
		}
		time.Sleep(30 * time.Second)
		if got := r.used(limited).Requests; got != admitted || admitted > 4000 || admitted < 3000 {
			t.Errorf("%d settled, %d admitted", got, admitted)
		}
		if got := r.used(free); got.Requests != unlimited || got.Writes != unlimited {
			t.Errorf("%+v settled, %d admitted", got, unlimited)
		}
		month := r.view().Book(limited).Months[0]
		if month.Lost != (ledger.Units{}) {
			t.Errorf("%+v lost though no power was", month.Lost)
		}
		for _, n := range r.nodes {
			if f := n.Figures(); f.Past != 0 || n.Unsettled() != 0 {
				t.Errorf("%s: %+v, %d unsettled", n.id, f, n.Unsettled())
			}
		}
	})
}

func TestMeter_RateHoldsInEveryWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 3, account(1, func(l *tenancy.Limits) {
			l.RequestsPerSecond, l.Burst = tenancy.LimitOf(100), tenancy.LimitOf(200)
		}))
		defer r.close()
		id := tenancy.IDFromNumber(1)
		var mu sync.Mutex
		var times []time.Duration
		began := time.Now()
		load := func(nodes []*node, until time.Duration) {
			var group sync.WaitGroup
			for _, n := range nodes {
				for range 64 {
					group.Go(func() {
						for time.Since(began) < until {
							if n.ask(id, false) == nil {
								mu.Lock()
								times = append(times, time.Since(began))
								mu.Unlock()
							}
							time.Sleep(37 * time.Millisecond)
						}
					})
				}
			}
			group.Wait()
		}
		load(r.nodes, 20*time.Second)
		both := len(times)
		load(r.nodes[:1], 60*time.Second)
		for _, window := range []time.Duration{time.Second, 10 * time.Second} {
			most, from := 0, 0
			for i := range times {
				for times[i]-times[from] >= window {
					from++
				}
				most = max(most, i-from+1)
			}
			if bound := 200 + 100*int(window/time.Second); most > bound {
				t.Errorf("%d in a window of %v, at most %d", most, window, bound)
			}
		}
		alone := 0
		for _, at := range times[both:] {
			if at >= 40*time.Second {
				alone++
			}
		}
		t.Logf("%d admitted in 20 s by three nodes, %d in the last 20 s by one alone", both, alone)
		if alone < 1800 {
			t.Errorf("one node alone got %d of 2000", alone)
		}
	})
}

func TestMeter_IdleSaysNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 3, monthly(1, 1000), account(2, func(l *tenancy.Limits) {
			l.RequestsPerSecond, l.Burst = tenancy.LimitOf(10), tenancy.LimitOf(20)
		}))
		defer r.close()
		for _, n := range r.nodes {
			for number := range uint64(2) {
				if err := n.ask(tenancy.IDFromNumber(number+1), true); err != nil {
					t.Fatalf("tenant %d: %v", number+1, err)
				}
			}
		}
		time.Sleep(time.Minute)
		r.mu.Lock()
		before := r.ticks
		r.mu.Unlock()
		month := r.view().Book(tenancy.IDFromNumber(1)).Months[0]
		if month.Committed().Requests != 3 {
			t.Errorf("%+v committed, 3 were spent: what is idle comes back", month.Committed())
		}
		time.Sleep(time.Hour)
		if r.ticks != before {
			t.Errorf("%d ticks while nothing happened", r.ticks-before)
		}
		for _, n := range r.nodes { // and all goes on
			if err := n.ask(tenancy.IDFromNumber(1), true); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestMeter_APeriodTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 2, monthly(1, 50), account(2, func(*tenancy.Limits) {}))
		defer r.close()
		id, free := tenancy.IDFromNumber(1), tenancy.IDFromNumber(2)
		spend := func(n *node) (count uint64) {
			for range 60 {
				if n.ask(id, false) == nil {
					count++
				}
				if err := n.ask(free, false); err != nil {
					t.Fatal(err)
				}
			}
			return count
		}
		first := spend(r.nodes[0]) + spend(r.nodes[1])
		time.Sleep(2 * time.Second)
		next := ledger.PeriodOf(testTimeMs).Next()
		r.change(func(s *state) { s.timeMs = ledger.PeriodOf(testTimeMs).EndsAtMs() + 1 })
		time.Sleep(5 * time.Second)
		second := spend(r.nodes[0]) + spend(r.nodes[1])
		time.Sleep(20 * time.Second)
		book := r.view().Book(id)
		if len(book.Months) != 2 || book.Months[1].Period != next || book.Months[0].Totals.Requests != first || book.Months[1].Totals.Requests != second || !book.Months[0].Settled() {
			t.Errorf("%d and %d admitted: %+v", first, second, book.Months)
		}
		if first > 50 || second > 50 || first < 48 || second < 48 {
			t.Errorf("%d and %d of 50 admitted", first, second)
		}
		if got := r.used(free).Requests; got != 240 {
			t.Errorf("%d of 240 settled", got)
		}
		for _, n := range r.nodes { // the slots of the first month are free again
			if free := len(n.file.free); free != segmentSlots-2 {
				t.Errorf("%d slots free", free)
			}
		}
	})
}

func TestMeter_ADeletedTenantIsSettledAndForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1, account(1, func(*tenancy.Limits) {}))
		defer r.close()
		id, n := tenancy.IDFromNumber(1), r.nodes[0]
		if err := n.ask(id, true); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		handle, err := n.Tenant(id)
		if err != nil || n.ask(id, true) != nil {
			t.Fatal(err)
		}
		r.change(func(s *state) {
			gone := *s.accounts[0]
			gone.Status = tenancy.StatusDeleted
			s.accounts[0] = &gone
		})
		time.Sleep(3 * time.Second)
		handle.Count(Done{RowsOut: 5}) // of a request that was under way: nobody counts it
		if got := r.used(id); got.Requests != 2 || got.RowsOut != 0 || !r.view().Book(id).Months[0].Settled() {
			t.Errorf("%+v settled", got)
		}
		r.change(func(s *state) { s.accounts, s.books = nil, nil })
		time.Sleep(time.Second)
		if _, err := n.Tenant(id); !errors.Is(err, ledger.ErrTenant) {
			t.Errorf("%v", err)
		}
		if f := n.Figures(); f.Tenants != 0 || len(n.file.free) != segmentSlots {
			t.Errorf("%+v, %d slots free", f, len(n.file.free))
		}
		handle.Count(Done{RowsOut: 5})
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := n.Tenant(id); err == nil {
			t.Error("a meter that is closed begins to count")
		}
	})
}

func TestMeter_WithoutALeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 3, monthly(1, 1000))
		defer r.close()
		id, n := tenancy.IDFromNumber(1), r.nodes[0]
		time.Sleep(5 * time.Second)
		r.depose()
		if err := n.ask(id, false); !errors.Is(err, ErrNoLeader) {
			t.Errorf("%v", err)
		}
		r.lead()
		n.set(&n.cut, true)
		if err := n.ask(id, false); !errors.Is(err, ErrDry) {
			t.Errorf("%v", err)
		}
		n.set(&n.cut, false)
		if err := n.ask(id, false); err != nil {
			t.Errorf("%v", err)
		}
		n.set(&n.draining, true)
		time.Sleep(3 * time.Second)
		if n.Unsettled() != 0 || r.view().Book(id).Months[0].Committed().Requests != 1 {
			t.Errorf("%d unsettled, %+v", n.Unsettled(), r.view().Book(id).Months[0])
		}
	})
}

func TestMeter_CountsAndStanding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := account(1, func(l *tenancy.Limits) {
			l.RequestsPerSecond, l.Burst, l.WritesPerMonth = tenancy.LimitOf(10), tenancy.LimitOf(20), tenancy.LimitOf(40)
		})
		r := newRig(t, 1, a, account(2, func(*tenancy.Limits) {}))
		defer r.close()
		n := r.nodes[0]
		time.Sleep(3 * time.Second)
		for range 3 {
			if err := n.ask(a.ID, true); err != nil {
				t.Fatal(err)
			}
		}
		one, _ := n.Tenant(a.ID)
		one.Count(Done{RowsOut: 4, BytesIn: 5, BytesOut: 6, ComputeUs: 2500})
		time.Sleep(2 * time.Second)
		if err := n.ask(a.ID, true); err != nil {
			t.Fatal(err)
		}
		s := one.Standing(a.Limits)
		if !s.Rated || s.Burst != 20 || s.PerSecond != 10 || s.Level > 20 || s.Requests.Limited || !s.Writes.Limited || s.Writes.Used != 4 || s.Writes.Left() != 36 {
			t.Errorf("%+v", s)
		}
		if got := r.used(a.ID); got.RowsOut != 4 || got.BytesOut != 6 || got.ComputeMs != 2 || got.Writes != 3 {
			t.Errorf("%+v", got)
		}
		if err := n.ask(tenancy.IDFromNumber(2), false); err != nil {
			t.Fatal(err)
		}
		if two, _ := n.Tenant(tenancy.IDFromNumber(2)); two.Limited() || !one.Limited() {
			t.Error("an unlimited tenant is limited, or the other way round")
		}
	})
}
