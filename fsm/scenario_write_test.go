package fsm

import (
	"errors"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/value"
	"github.com/hivellm/nexus/tenancy"
)

// The scenarios are the shapes of PROTOCOL §9 in which a planted bug does harm; docs/PLANTED.md says which catches what.

// limitNodes makes the tenant's quota of nodes.
func (r *rig) limitNodes(most uint64) {
	r.t.Helper()
	account := r.m.Registry().Tenants()[0]
	account.Limits.MaxNodes = tenancy.LimitOf(most)
	r.must(&UpdateTenant{Header: r.header(), Account: account})
}

// TestScenario_WhatStoodBehindARefusedWriteDoesNotLand: two databases of one tenant at the tenant's quota. What the
// other database used makes Apply refuse the first write of a batch; the second was computed on a state that never was.
func TestScenario_WhatStoodBehindARefusedWriteDoesNotLand(t *testing.T) {
	r := newRig(t)
	id := r.tenant("acme")
	other := r.must(&CreateDatabase{Header: r.header(), Tenant: id, Name: "other"}).Value.(*Database).Number
	r.must(r.write(id, 0, create(1, 40)))
	r.limitNodes(3)
	base, err := r.m.Graph(id, 0)
	if err != nil {
		t.Fatal(err)
	}
	first, version := r.writeOn(base, id, 0, create(2, 0)) // fits while it is computed
	second, _ := r.writeOn(version, id, 0, func(d *graph.Draft) {
		count := value.Int(int64(d.Graph().Meta().Nodes))
		if _, err := d.SetNodeProperty(0, "count", count); err != nil {
			t.Fatal(err)
		}
	})
	r.must(r.write(id, other, create(1, 7)))
	results := r.apply(first, second)
	if !errors.As(results[0].Err, new(*tenancy.QuotaError)) {
		t.Fatalf("the first write of the batch: %v", results[0].Err)
	}
	if !errors.Is(results[1].Err, ErrConflict) {
		t.Fatalf("what stood behind the refused write landed on a state it never saw: %v", results[1].Err)
	}
	if g, err := r.m.Graph(id, 0); err != nil || g.Stamp() != base.Stamp() {
		t.Fatalf("refused writes made version %v (%v)", g.Stamp(), err)
	}
}

// TestScenario_CommandOfAnEarlierTermIsRefused: a batch is left in the proposer's queue, its holder gives 503 when a
// later term begins, the node is elected again, and the batch comes out of the log at last.
func TestScenario_CommandOfAnEarlierTermIsRefused(t *testing.T) {
	r := newRig(t)
	id := r.tenant("acme")
	left := r.write(id, 0, create(2, 0))
	holder := r.m.WatchThrough(left.Request, r.term)
	for _, term := range []uint64{2, 3} {
		r.term = term
		r.must(&TermStart{Header: r.header(), NodeID: "n1"})
	}
	if !ended(holder) || holder.Outcome().Kind != OutcomeLaterTerm {
		t.Fatal("the holder was not told that the write did not happen")
	}
	if result := r.apply(left)[0]; !errors.Is(result.Err, ErrConflict) {
		t.Fatalf("a write that did not happen was applied in a later term: %+v", result)
	}
	if u := r.m.Registry().Usage(id); u.Nodes != 0 {
		t.Fatalf("%d nodes", u.Nodes)
	}
}

// TestScenario_KeptIDIsLookedUpBeforeBase: a request and its retry were both computed on one version, for the look-up
// before running and the table of requests in flight may miss it. The second is the first's replay, not a conflict: a
// commit answered by a conflict would be tried again by its client.
func TestScenario_KeptIDIsLookedUpBeforeBase(t *testing.T) {
	r := newRig(t)
	id := r.tenant("acme")
	first, retry := r.keptWrite(id, "once", 2), r.keptWrite(id, "once", 2)
	results := r.apply(first, retry)
	if results[0].Err != nil || results[1].Err != nil || results[1].Replay == nil {
		t.Fatalf("the request: %v, its retry: %v, replay %v", results[0].Err, results[1].Err, results[1].Replay)
	}
	if results[1].Replay.Stamp != results[0].Stamp || r.m.Registry().Usage(id).Nodes != 2 {
		t.Fatalf("the retry replays %v, not %v; %d nodes", results[1].Replay.Stamp, results[0].Stamp, r.m.Registry().Usage(id).Nodes)
	}
}

// TestScenario_TenantsKeepTheirRecords: two tenants write the same ids, and the node starts again.
func TestScenario_TenantsKeepTheirRecords(t *testing.T) {
	fs := vfs.NewMem()
	r := newRigOn(t, fs)
	ann, bob := r.tenant("ann"), r.tenant("bob")
	annsOther := r.must(&CreateDatabase{Header: r.header(), Tenant: ann, Name: "other"}).Value.(*Database).Number
	want := map[place]graph.Meta{}
	for p, nodes := range map[place]int{{ann, 0}: 2, {bob, 0}: 3, {ann, annsOther}: 4} {
		r.must(r.write(p.tenant, p.database, create(nodes, int64(nodes)*100)))
		g, err := r.m.Graph(p.tenant, p.database)
		if err != nil {
			t.Fatal(err)
		}
		want[p] = g.Meta()
	}
	r.reopen(fs)
	for p, meta := range want {
		if g, err := r.m.Graph(p.tenant, p.database); err != nil || g.Meta() != meta {
			t.Fatalf("database %d of %s is not what was written: %v", p.database, p.tenant, err)
		}
	}
}

// reopen closes the machine and opens its files again: nothing is in memory.
func (r *rig) reopen(fs vfs.FS) {
	r.t.Helper()
	if err := r.m.Close(); err != nil {
		r.t.Fatal(err)
	}
	r.m = openMachine(r.t, fs)
}

// TestScenario_ASkippedRecordIsFound: loading computes digest and counts anew and holds them against what the database
// says of itself (R18), so a record that was never written is an error and not a smaller answer.
func TestScenario_ASkippedRecordIsFound(t *testing.T) {
	fs := vfs.NewMem()
	r := newRigOn(t, fs)
	id := r.tenant("acme")
	r.must(r.write(id, 0, create(120, 0)))
	r.must(r.write(id, 0, func(d *graph.Draft) {
		for node := range graph.NodeID(120) {
			if _, err := d.SetNodeProperty(node, "age", value.Int(-1)); err != nil {
				t.Fatal(err)
			}
		}
	}))
	shown, err := r.m.Graph(id, 0)
	if err != nil {
		t.Fatal(err)
	}
	r.reopen(fs)
	loaded, err := r.m.Graph(id, 0)
	if err != nil {
		t.Fatalf("what is stored is not what was shown: %v", err)
	}
	if digest, bytes := loaded.RecomputeDigest(); digest != shown.Meta().Digest || bytes != shown.Meta().Bytes {
		t.Fatal("the stored records have another digest than the version that was shown")
	}
}
