package fsm

import (
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	hraft "github.com/hashicorp/raft"
	"pgregory.net/rapid"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/value"
	"github.com/hivellm/nexus/tenancy"
	"github.com/hivellm/nexus/tenancy/ledger"
)

// program draws one step of a tenant's life from what is there.
func (r *rig) program(t *rapid.T, id tenancy.ID, name string) Command {
	list := r.m.Registry().Databases(id)
	db := list[rapid.IntRange(0, len(list)-1).Draw(t, "database")]
	switch rapid.IntRange(0, 10).Draw(t, "step") {
	case 0:
		return &CreateDatabase{Header: r.header(), Tenant: id, Name: fmt.Sprintf("d%d", rapid.IntRange(0, 3).Draw(t, "name"))}
	case 1:
		return &DropDatabase{Header: r.header(), Tenant: id, Database: db.Number}
	case 2:
		return &CreateKey{Header: r.header(), Record: tenantKey(fmt.Sprint(name, rapid.IntRange(0, 5).Draw(t, "key")), id)}
	case 3:
		c := r.write(id, db.Number, create(1, 3))
		c.Changes.Base.Sequence += 1000 // a conflict
		return c
	case 4:
		c := r.write(id, db.Number, create(2, 3))
		c.Kept = &Kept{Key: fmt.Sprint("k", rapid.IntRange(0, 4).Draw(t, "kept")), ArrivedMs: r.timeMs, Last: true}
		return c
	case 5:
		r.timeMs += rapid.Int64Range(0, 9*60*1000).Draw(t, "time")
		return &SetClock{Header: r.header(), NowMs: r.timeMs}
	case 6:
		n := rapid.Uint64Range(1, 9).Draw(t, "spent")
		return &LedgerTick{Header: r.header(), Tick: &ledger.Tick{
			Period: ledger.PeriodOf(r.timeMs), Opens: []ledger.Open{{ID: "n1", Incarnation: n}},
			Settles: []ledger.Settle{{Tenant: id, Node: 1, Incarnation: n, Period: ledger.PeriodOf(testTimeMs), Spent: ledger.Totals{Requests: n}}},
		}}
	}
	return r.write(id, db.Number, func(d *graph.Draft) { mutate(t, d) })
}

// mutate draws a few changes of a draft.
func mutate(t *rapid.T, d *graph.Draft) {
	for range rapid.IntRange(1, 5).Draw(t, "changes") {
		next := int(d.Graph().Meta().NextNode)
		id := graph.NodeID(rapid.IntRange(0, max(next-1, 0)).Draw(t, "node"))
		label := rapid.SampledFrom([]string{"A", "B", "C"}).Draw(t, "label")
		if !d.Graph().HasNode(id) {
			if _, err := d.CreateNode([]string{label}, nil); err != nil {
				t.Fatal(err)
			}
			continue
		}
		var err error
		switch rapid.IntRange(0, 4).Draw(t, "change") {
		case 0:
			_, err = d.CreateNode([]string{label}, nil)
		case 1:
			_, err = d.SetNodeProperty(id, label, value.Int(rapid.Int64Range(0, 3).Draw(t, "value")))
		case 2:
			_, err = d.CreateRelationship(label, id, id, nil)
		case 3:
			_, err = d.AddLabels(id, []string{label})
		case 4:
			if d.Graph().Degree(id, graph.Both, nil) == 0 {
				err = d.DeleteNode(id)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestReplay_AnyBatchingGivesTheSameBytes: one log, cut anywhere into batches, on machines that are resident, cold,
// restarted, or restored from a snapshot in between.
func TestReplay_AnyBatchingGivesTheSameBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newRapidRig(t)
		defer r.m.Close()
		ids := []tenancy.ID{r.tenant("a"), r.tenant("b")}
		for range rapid.IntRange(1, 16).Draw(t, "steps") {
			at := rapid.IntRange(0, 1).Draw(t, "tenant")
			r.apply(r.program(t, ids[at], fmt.Sprint(at)))
		}
		fs := vfs.NewMem()
		other := openMachine(t, fs)
		for rest := r.log; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "batch")
			if rapid.IntRange(0, 3).Draw(t, "again") == 0 && other.Applied() > 0 {
				n = min(n+1, len(rest)) // an entry it has already comes first
				other.ApplyBatch(append([]*hraft.Log{r.log[other.Applied()-1]}, rest[:n]...))
			} else {
				other.ApplyBatch(rest[:n])
			}
			rest = rest[n:]
			switch rapid.IntRange(0, 7).Draw(t, "between") {
			case 0:
				if err := other.Close(); err != nil {
					t.Fatal(err)
				}
				other = openMachine(t, fs)
			case 1:
				freshFS := vfs.NewMem()
				fresh := openMachine(t, freshFS)
				transfer(t, other, fresh)
				if err := other.Close(); err != nil {
					t.Fatal(err)
				}
				other, fs = fresh, freshFS
			}
		}
		defer other.Close()
		same(t, r.m, other)
		loadAll(t, other)
		same(t, r.m, other)
	})
}

func newRapidRig(t *rapid.T) *rig {
	r := &rig{t: t, m: openMachine(t, vfs.NewMem()), term: 1, timeMs: testTimeMs}
	r.must(&TermStart{Header: r.header(), NodeID: "n1"})
	r.must(&ClusterInit{Header: r.header(), ClusterID: testCluster, OperatorKey: operatorKey(), FeatureLevel: 1})
	return r
}

// loadAll loads every database, which compares records with meta, and recomputes digest and bytes.
func loadAll(t rapid.TB, m *Machine) {
	t.Helper()
	_, list := m.Digests()
	for _, d := range list {
		g, err := m.Graph(d.Tenant, d.Database)
		if err != nil {
			t.Fatal(err)
		}
		if digest, bytes := g.RecomputeDigest(); digest != d.Meta.Digest || bytes != d.Meta.Bytes {
			t.Fatalf("%s/%d: recomputed %v, %d bytes; kept %v, %d", d.Tenant, d.Database, digest, bytes, d.Meta.Digest, d.Meta.Bytes)
		}
	}
}

// TestReplay_TenantsInterleavedAsEachAlone: what a tenant does leaves the same whether another is there or not.
func TestReplay_TenantsInterleavedAsEachAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		both := newRapidRig(t)
		defer both.m.Close()
		a, b := both.tenant("a"), both.tenant("b")
		type step struct {
			tenant tenancy.ID
			do     func(*graph.Draft)
		}
		var steps []step
		for i := range rapid.IntRange(1, 12).Draw(t, "steps") {
			s := step{tenant: a, do: create(rapid.IntRange(1, 4).Draw(t, "nodes"), int64(i))}
			if rapid.Bool().Draw(t, "second") {
				s.tenant = b
			}
			steps = append(steps, s)
		}
		for _, s := range steps {
			both.must(both.write(s.tenant, 0, s.do))
		}
		for _, id := range []tenancy.ID{a, b} {
			alone := newRapidRig(t)
			alone.tenant("a")
			alone.tenant("b")
			for _, s := range steps {
				if s.tenant == id {
					alone.must(alone.write(id, 0, s.do))
				}
			}
			x, err := both.m.Meta(id, 0)
			y, err2 := alone.m.Meta(id, 0)
			x.Stamp, y.Stamp = graph.Stamp{}, graph.Stamp{}
			if err != nil || err2 != nil || x != y {
				t.Fatalf("tenant %s: %+v beside the other, %+v alone (%v, %v)", id, x, y, err, err2)
			}
			if u, v := both.m.Registry().Usage(id), alone.m.Registry().Usage(id); u != v {
				t.Fatalf("tenant %s uses %+v beside the other, %+v alone", id, u, v)
			}
			loadAll(t, both.m)
			if err := alone.m.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestReplay_CrashLosesNothingOfTheLog: after a crash the store is an earlier state; the log from its applied index on
// brings back what was there.
func TestReplay_CrashLosesNothingOfTheLog(t *testing.T) {
	for _, flushAt := range []int{0, 3, 17, 39} {
		fs := vfs.NewCrashableMem()
		r := newRigOn(t, fs)
		id := r.tenant("acme")
		for i := range 40 {
			c := r.keptWrite(id, fmt.Sprint("k", i%30), 3)
			r.apply(c)
			if i == flushAt {
				if err := r.m.store.Flush(); err != nil {
					t.Fatal(err)
				}
			}
		}
		crashed := openMachine(t, fs.CrashClone(vfs.CrashCloneCfg{}))
		if crashed.Applied() > r.m.Applied() || (flushAt > 0 && crashed.Applied() < uint64(flushAt)) {
			t.Fatalf("applied %d after the crash, %d before", crashed.Applied(), r.m.Applied())
		}
		crashed.ApplyBatch(r.log)
		same(t, r.m, crashed)
		loadAll(t, crashed)
		if err := crashed.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
