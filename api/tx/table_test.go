package tx

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher"
	"github.com/hivellm/nexus/tenancy"
)

func TestTable_Idle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		short, long, asked := b.begin(Spec{Idle: 2 * time.Second}), b.begin(Spec{}), b.begin(Spec{Idle: time.Hour})
		if asked.Idle() != MaxIdle {
			t.Errorf("an hour became %v", asked.Idle())
		}
		<-time.After(1500 * time.Millisecond)
		b.take(short) // the clock stands while it runs
		<-time.After(10 * time.Second)
		b.table.Release(short)
		<-time.After(1900 * time.Millisecond)
		b.table.Release(b.take(short))
		<-time.After(2100 * time.Millisecond)
		synctest.Wait()
		if _, err := b.table.Take(t.Context(), short.ID()); !errors.Is(err, ErrGone) {
			t.Errorf("an idle one: %v", err)
		}
		if end, ok := b.table.Ended(short.ID()); !ok || end.Kind != Lost {
			t.Errorf("an idle one is remembered as %v, %v", end, ok)
		}
		b.table.Release(b.take(long))
		<-time.After(DefaultIdle + time.Millisecond)
		synctest.Wait()
		if _, err := b.table.Take(t.Context(), long.ID()); !errors.Is(err, ErrGone) {
			t.Errorf("one that waited longer than usual: %v", err)
		}
		b.table.Close()
	})
}

// lostBy wants a transaction to be remembered as given up, and returns the words for it.
func (b *bench) lostBy(one *Transaction) string {
	b.t.Helper()
	end, ok := b.table.Ended(one.ID())
	if !ok || end.Kind != Lost || end.Err == nil {
		b.t.Fatalf("remembered as %+v, %v", end, ok)
	}
	return end.Err.Error()
}

// TestTable_Age: no transaction is open for longer than MaxAge, however busy its client is.
func TestTable_Age(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		busy, resting := b.begin(Spec{}), b.begin(Spec{Idle: MaxIdle})
		for begun, i := time.Now(), 0; time.Since(begun) < MaxAge; i++ {
			b.run(busy, "RETURN 1 AS x")
			if i%12 == 11 { // every four minutes
				b.run(resting, "RETURN 1 AS x")
			}
			<-time.After(20 * time.Second)
		}
		synctest.Wait()
		for _, one := range []*Transaction{busy, resting} {
			if _, err := b.table.Take(t.Context(), one.ID()); !errors.Is(err, ErrGone) {
				t.Errorf("after %v: %v", MaxAge, err)
			}
			if said := b.lostBy(one); !strings.Contains(said, "open for longer than 10m0s") {
				t.Errorf("it is told %q", said)
			}
		}
	})
}

// TestTable_AgeWhileAStepRuns: a step that does not end keeps no transaction young.
func TestTable_AgeWhileAStepRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		one := b.begin(Spec{})
		b.run(one, "CREATE (:N)")
		b.take(one)
		<-time.After(MaxAge)
		if _, err := b.table.Take(t.Context(), one.ID()); !errors.Is(err, ErrGone) {
			t.Errorf("a step beside the one that runs: %v", err)
		}
		if _, err := b.table.Commit(one, 7); !errors.Is(err, ErrGone) {
			t.Errorf("the commit of one that was given up: %v", err)
		}
		if len(b.given) != 0 {
			t.Error("ids are given back under a step that runs")
		}
		b.table.Release(one)
		if len(b.given) != 1 || b.given[0][graph.NodeEntity].Count != firstBlock-1 {
			t.Errorf("given back: %v", b.given)
		}
	})
}

// TestTable_CommitIsKept: a commit whose outcome is open may be asked for again for as long as a verdict is possible.
func TestTable_CommitIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		one := b.begin(Spec{})
		b.take(one)
		if _, err := b.table.Commit(one, 7); err != nil {
			t.Fatal(err)
		}
		b.table.Release(one)
		<-time.After(MaxAge - time.Second)
		synctest.Wait()
		again := b.take(one)
		if _, err := b.table.Commit(again, 9); err != nil || again.arrivedMs != 7 {
			t.Errorf("sent again: %v, arrived at %d", err, again.arrivedMs)
		}
		b.table.Release(again)
		<-time.After(2 * time.Second)
		synctest.Wait()
		if end, ok := b.table.Ended(one.ID()); !ok || end.Kind != Uncertain {
			t.Errorf("remembered as %+v, %v", end, ok)
		}
	})
}

// TestTable_IDsAreGivenBack: what a transaction that does not commit left of its blocks, once.
func TestTable_IDsAreGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		const rest = firstBlock - 1
		back := func(what string, want int) {
			t.Helper()
			if len(b.given) != want {
				t.Fatalf("%s: given back %v, want %d", what, b.given, want)
			}
			if last := b.given[want-1][graph.NodeEntity]; last.Count != rest {
				t.Errorf("%s: given back %v", what, last)
			}
		}
		one := b.begin(Spec{})
		b.run(one, "CREATE (:N)")
		b.table.End(b.take(one), End{Kind: RolledBack})
		back("rolled back", 1)
		two := b.begin(Spec{})
		b.run(two, "CREATE (:N)")
		<-time.After(DefaultIdle + time.Second)
		synctest.Wait()
		back("expired", 2)
		if said := b.lostBy(two); !strings.Contains(said, "waited for its next step for longer than 30s") {
			t.Errorf("it is told %q", said)
		}
		three := b.begin(Spec{})
		b.run(three, "CREATE (:N)")
		job, err := b.table.Commit(b.take(three), 7)
		if err != nil || job.Unused[graph.NodeEntity].Count != rest {
			t.Fatalf("a commit brings %v: %v", job.Unused, err)
		}
		if again, err := b.table.Commit(three, 7); err != nil || again.Unused[graph.NodeEntity].Count != 0 {
			t.Errorf("sent again it brings %v: they may be another's by now: %v", again.Unused, err)
		}
		b.table.Reopen(three)
		b.table.Release(three)
		before := b.next[graph.NodeEntity]
		if got := b.run(three, "CREATE (n:N) RETURN id(n)"); got != fmt.Sprint(before) {
			t.Errorf("after a commit that did not begin the next node is %s, want %d: the old block is the lane's", got, before)
		}
		b.table.End(b.take(three), End{Kind: Committed})
	})
}

func TestTable_StepsAreBounded(t *testing.T) {
	b := newBench(t)
	one := b.begin(Spec{})
	b.take(one)
	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan error)
	for range maxSteps - 1 {
		go func() {
			_, err := b.table.Take(ctx, one.ID())
			waiting <- err
		}()
	}
	for busy := false; !busy; {
		b.table.mu.Lock()
		busy = one.steps == maxSteps
		b.table.mu.Unlock()
	}
	if _, err := b.table.Take(t.Context(), one.ID()); !errors.Is(err, ErrBusy) {
		t.Errorf("one step too many: %v", err)
	}
	cancel()
	for range maxSteps - 1 {
		if err := <-waiting; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	b.table.Release(one)
	b.table.Release(b.take(one))
}

// TestTable_MemoryIsBounded: by tenant and by node; what was refused is not held, and an end makes room.
func TestTable_MemoryIsBounded(t *testing.T) {
	b := newBench(t)
	first, second := b.begin(Spec{}), b.begin(Spec{})
	hold := func(one *Transaction, bytes int) error { return b.table.hold(one, bytes) }
	if err := hold(first, MaxTenantBytes-10); err != nil {
		t.Fatal(err)
	}
	var limit *LimitError
	if err := hold(second, 11); !errors.As(err, &limit) || !strings.Contains(err.Error(), "256 MiB") {
		t.Errorf("beyond the tenant's: %v", err)
	}
	if err := hold(second, 10); err != nil {
		t.Errorf("the rest of the tenant's: %v", err)
	}
	prepared, err := cypher.Prepare("CREATE (:N)")
	if err != nil {
		t.Fatal(err)
	}
	b.take(second)
	if _, err := second.Run(t.Context(), prepared, cypher.Options{}, &rows{}); !errors.As(err, &limit) || second.draft.Operations() != 0 {
		t.Errorf("a statement beyond it: %v, %d operations", err, second.draft.Operations())
	}
	b.table.Release(second)
	b.table.End(b.take(first), End{Kind: RolledBack})
	b.run(second, "CREATE (:N)")
	for i := range uint64(maxNodeBytes / MaxTenantBytes) {
		b.tenant = tenancy.IDFromNumber(10 + i)
		if err := hold(b.begin(Spec{}), MaxTenantBytes); err != nil && i < maxNodeBytes/MaxTenantBytes-1 {
			t.Fatal(err)
		} else if i == maxNodeBytes/MaxTenantBytes-1 && !errors.Is(err, ErrNodeFull) {
			t.Errorf("beyond the node's: %v", err)
		}
	}
	b.table.Close()
	if b.table.bytes != 0 {
		t.Errorf("a closed table holds %d bytes", b.table.bytes)
	}
}

func TestTable_NodeHoldsSoMany(t *testing.T) {
	b := newBench(t)
	for i := range uint64(maxOpenNode) {
		b.tenant = tenancy.IDFromNumber(1 + i/MaxOpen)
		b.begin(Spec{})
	}
	id, err := b.sealer.Seal(tenancy.IDFromNumber(9999), "node", 3, 5)
	if err != nil {
		t.Fatal(err)
	}
	one := New(Spec{ID: id, Base: b.applied})
	one.place.Tenant = tenancy.IDFromNumber(9999)
	if err := b.table.Begin(one); !errors.Is(err, ErrNodeFull) {
		t.Errorf("one more: %v", err)
	}
	b.table.Close()
}
