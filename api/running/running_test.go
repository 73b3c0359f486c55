package running

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hivellm/nexus/tenancy"
)

func tenantOf(t testing.TB, n uint64) tenancy.ID {
	t.Helper()
	return tenancy.IDFromNumber(n)
}

func begin(t testing.TB, table *Table, n uint64) *Query {
	t.Helper()
	_, q, err := table.Begin(t.Context(), Spec{Tenant: tenantOf(t, n), Fingerprint: func() string { return "f" }})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// A tenant's places and its queue are bounded, and a free place goes to the tenant with the fewest queries under way.
func TestBegin_PlacesAreBoundedAndFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := NewTable(Config{PerTenant: 2, QueuePerTenant: 1, Total: 3})
		one := []*Query{begin(t, table, 1), begin(t, table, 1)}
		other := begin(t, table, 2)
		got := make(chan uint64, 2)
		wait := func(n uint64) {
			go func() {
				_, q, err := table.Begin(t.Context(), Spec{Tenant: tenantOf(t, n)})
				if err != nil {
					t.Error(err)
					return
				}
				got <- n
				q.End()
			}()
			synctest.Wait()
		}
		wait(1)
		if _, _, err := table.Begin(t.Context(), Spec{Tenant: tenantOf(t, 1)}); !errors.Is(err, ErrFull) {
			t.Errorf("a full queue answered %v", err)
		}
		wait(3)
		if f := table.Figures(); f.Running != 3 || f.Queued != 2 || f.Refused != 1 {
			t.Errorf("%+v", f)
		}
		other.End()
		synctest.Wait()
		if first := <-got; first != 3 {
			t.Errorf("tenant %d came first: it has queries under way, and 3 has none", first)
		}
		one[0].End()
		one[1].End()
		synctest.Wait()
		<-got
		if f := table.Figures(); f.Running != 0 || f.Queued != 0 || f.MemoryBytes != 0 {
			t.Errorf("left behind: %+v", f)
		}
	})
}

// Who waits for a place sees its deadline and a kill.
func TestBegin_WaitsNoLongerThanItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := NewTable(Config{PerTenant: 1})
		begin(t, table, 1)
		late := errors.New("too late")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, late)
		defer cancel()
		if _, _, err := table.Begin(ctx, Spec{Tenant: tenantOf(t, 1)}); !errors.Is(err, late) {
			t.Errorf("ended with %v", err)
		}
		killed := make(chan error)
		go func() {
			_, _, err := table.Begin(t.Context(), Spec{Tenant: tenantOf(t, 1), Fingerprint: func() string { return "" }})
			killed <- err
		}()
		synctest.Wait()
		list := table.List()
		if len(list) != 2 || !table.Kill(list[1].Number) || table.Kill(99) {
			t.Fatalf("%+v", list)
		}
		if err := <-killed; !errors.Is(err, ErrKilled) {
			t.Errorf("a killed query that waited ended with %v", err)
		}
		if f := table.Figures(); f.Queued != 0 || f.Running != 1 {
			t.Errorf("left behind: %+v", f)
		}
	})
}

// busy runs a query by virtual time: each checkpoint comes after a millisecond.
func busy(q *Query, until time.Time, ran *time.Duration) error {
	for time.Now().Before(until) {
		time.Sleep(time.Millisecond)
		*ran += time.Millisecond
		if err := q.Pace(0, 0); err != nil {
			return err
		}
	}
	return nil
}

// However many long queries a tenant sends, they share what one turn gives with another tenant's one.
func TestTurns_AreSharedByTenants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := NewTable(Config{Turns: 1})
		until := time.Now().Add(20 * time.Second)
		ran := map[uint64]*time.Duration{1: new(time.Duration), 2: new(time.Duration)}
		var mu sync.Mutex
		var group sync.WaitGroup
		for _, n := range []uint64{1, 1, 1, 1, 1, 1, 1, 1, 2} {
			group.Go(func() {
				q, own := begin(t, table, n), time.Duration(0)
				defer q.End()
				if err := busy(q, until, &own); err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				*ran[n] += own
			})
		}
		group.Wait()
		both := *ran[1] + *ran[2]
		if both > 24*time.Second || both < 18*time.Second {
			t.Errorf("%v of running in 20 s of one turn", both)
		}
		if share := float64(*ran[2]) / float64(both); share < 0.4 || share > 0.6 {
			t.Errorf("one of nine long queries, of another tenant, had %.2f of the turn", share)
		}
	})
}

// Short queries need no turn, whoever holds them; those of a tenant that is beyond its credit do, at once.
func TestTurns_ShortOnesPassUnlessTheirTenantIsHeavy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := NewTable(Config{Turns: 1})
		hog := begin(t, table, 1)
		var ran time.Duration
		if err := busy(hog, time.Now().Add(300*time.Millisecond), &ran); err != nil {
			t.Fatal(err)
		}
		quiet := begin(t, table, 2)
		began := time.Now()
		for range 5 {
			time.Sleep(time.Millisecond)
			if err := quiet.Pace(0, 0); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took > 5*time.Millisecond {
			t.Errorf("a short query of a quiet tenant took %v beside a long one", took)
		}
		quiet.End()
		// The hog holds the turn and runs on; its tenant's next query must wait for it.
		next := begin(t, table, 1)
		done := make(chan struct{})
		go func() {
			defer close(done)
			if err := next.Pace(0, 0); err != nil {
				t.Error(err)
			}
		}()
		synctest.Wait()
		if next.State() != Paused {
			t.Errorf("the next query of a heavy tenant is %v, not paused", next.State())
		}
		hog.End()
		<-done
		next.End()
	})
}

// A turn whose holder does not run, as it waits for a client or for the log, goes to who waits.
func TestTurns_AreTakenFromThoseWhoDoNotRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := NewTable(Config{Turns: 1})
		stuck, next := begin(t, table, 1), begin(t, table, 2)
		var ran time.Duration
		if err := busy(stuck, time.Now().Add(50*time.Millisecond), &ran); err != nil {
			t.Fatal(err)
		}
		if err := busy(next, time.Now().Add(500*time.Millisecond), &ran); err != nil {
			t.Fatal(err)
		}
		if holding, waiting := table.turns.figures(); holding != 1 || waiting != 0 {
			t.Errorf("%d hold a turn, %d wait", holding, waiting)
		}
		stuck.End()
		next.End()
	})
}

// A paused query sees its end.
func TestTurns_WaitNoLongerThanTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := NewTable(Config{Turns: 1})
		until := time.Now().Add(5 * time.Second)
		var group sync.WaitGroup
		queries := []*Query{begin(t, table, 1), begin(t, table, 2)}
		ends := make([]error, 2)
		for i, q := range queries {
			group.Go(func() {
				var ran time.Duration
				ends[i] = busy(q, until, &ran)
				q.End()
			})
		}
		time.Sleep(time.Second)
		revoked := errors.New("revoked")
		table.judge(func(s Spec) error {
			if s.Tenant == tenantOf(t, 2) {
				return revoked
			}
			return nil
		})
		group.Wait()
		if ends[0] != nil || !errors.Is(ends[1], revoked) {
			t.Errorf("ended with %v", ends)
		}
	})
}

// What all queries hold together is bounded: those of the tenant that holds most end, and others go on.
func TestHold_EndsWhoHoldsMoreThanItsPart(t *testing.T) {
	table := NewTable(Config{MemoryBytes: 1000})
	hog, quiet := begin(t, table, 1), begin(t, table, 2)
	for _, one := range []struct {
		q    *Query
		hold int64
		want error
	}{{hog, 900, nil}, {quiet, 90, nil}, {quiet, 200, nil}, {hog, 901, ErrMemory}, {hog, 400, nil}, {quiet, 500, nil}} {
		if err := one.q.Pace(0, one.hold); !errors.Is(err, one.want) {
			t.Errorf("tenant %v holding %d: %v, wanted %v", one.q.spec.Tenant, one.hold, err, one.want)
		}
	}
	hog.End()
	quiet.End()
	if f := table.Figures(); f.MemoryBytes != 0 || f.OverMemory != 1 {
		t.Errorf("%+v", f)
	}
}

// A table forgets tenants of which nothing is left to know.
func TestSweep_ForgetsTenants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := NewTable(Config{})
		ctx, stop := context.WithCancel(t.Context())
		var group sync.WaitGroup
		group.Go(func() { table.Watch(ctx, func() bool { return false }, nil) })
		for n := range uint64(50) {
			begin(t, table, n+1).End()
		}
		time.Sleep(2 * time.Second)
		stop()
		group.Wait()
		if len(table.tenants) != 0 {
			t.Errorf("%d tenants are remembered", len(table.tenants))
		}
	})
}

func BenchmarkBeginEnd(b *testing.B) {
	table := NewTable(Config{Turns: runtime.GOMAXPROCS(0)})
	spec := Spec{Tenant: tenantOf(b, 1)}
	b.ReportAllocs()
	for b.Loop() {
		_, q, err := table.Begin(b.Context(), spec)
		if err != nil {
			b.Fatal(err)
		}
		q.End()
	}
}

func TestList_IsByAge(t *testing.T) {
	table := NewTable(Config{})
	for range 10 {
		begin(t, table, 1)
	}
	list := table.List()
	if !slices.IsSortedFunc(list, func(a, b Info) int { return int(a.Number) - int(b.Number) }) || len(list) != 10 {
		t.Errorf("%+v", list)
	}
}
