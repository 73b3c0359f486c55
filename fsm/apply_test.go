package fsm

import (
	"errors"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	hraft "github.com/hashicorp/raft"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/store"
	"github.com/hivellm/nexus/graph/value"
	"github.com/hivellm/nexus/tenancy"
)

func TestApply_WriteIsSeen(t *testing.T) {
	r := newRig(t)
	id := r.tenant("acme")
	result := r.must(r.write(id, 0, create(3, 40)))
	if result.Index != 4 || string(result.Stats) != "stats" || result.Usage.Nodes != 3 || result.Usage.Relationships != 2 {
		t.Fatalf("result %+v", result)
	}
	g, index, err := r.m.Version(id, 0)
	if err != nil {
		t.Fatal(err)
	}
	if g.Stamp() != result.Stamp || index != result.Index {
		t.Fatalf("version %v of index %d, not %v of %d", g.Stamp(), index, result.Stamp, result.Index)
	}
	label, _ := g.Label("Person")
	if g.LabelCount(label) != 3 {
		t.Fatalf("%d persons", g.LabelCount(label))
	}
	if u := r.m.Registry().Usage(id); u != result.Usage || u.Databases != 1 {
		t.Fatalf("usage %+v, result %+v", u, result.Usage)
	}
}

// TestApply_OrderOfChecks makes commands that are wrong in several ways: the first of R8's order is answered.
func TestApply_OrderOfChecks(t *testing.T) {
	r := newRig(t)
	id := r.tenant("acme")
	limits := noLimits()
	limits.MaxNodes = tenancy.LimitOf(3)
	account := r.m.Registry().Tenants()[0]
	account.Limits = limits
	r.must(&UpdateTenant{Header: r.header(), Account: account})
	first := r.write(id, 0, create(2, 0))
	first.Kept = &Kept{Key: "one", Hash: [32]byte{1}, ArrivedMs: r.timeMs, Last: true}
	wrote := r.must(first)

	for _, c := range []struct {
		name   string
		change func(*GraphWrite)
		want   error
	}{
		{"an unknown tenant before all", func(c *GraphWrite) { c.Tenant, c.Database, c.Term = tenancy.IDFromNumber(99), 7, 9 }, ErrTenantUnknown},
		{"an unknown database before a kept id", func(c *GraphWrite) { c.Database, c.Kept.Hash = 7, [32]byte{9} }, ErrDatabaseUnknown},
		{"a kept id of another request before the term", func(c *GraphWrite) { c.Kept.Hash, c.Term = [32]byte{9}, 9 }, ErrIdempotencyMismatch},
		{"an old request before the base", func(c *GraphWrite) {
			c.Kept.Key, c.Kept.ArrivedMs, c.Changes.Base = "two", r.timeMs-keptWindowMs-1, graph.Stamp{}
		}, ErrIdempotencyExpired},
		{"the term before the quota", func(c *GraphWrite) { c.Kept, c.Term = nil, 9 }, ErrConflict},
		{"the base before the quota", func(c *GraphWrite) { c.Kept, c.Changes.Base = nil, graph.Stamp{} }, ErrConflict},
		{"a stamp used before", func(c *GraphWrite) { c.Kept, c.Changes.Stamp = nil, wrote.Stamp }, ErrConflict},
		{"the quota last", func(c *GraphWrite) { c.Kept = nil }, &tenancy.QuotaError{}},
	} {
		write := r.write(id, 0, create(2, 10))
		write.Kept = &Kept{Key: "one", Hash: [32]byte{1}, ArrivedMs: r.timeMs, Last: true}
		c.change(write)
		before := dump(t, r.m)
		result := r.apply(write)[0]
		var quota *tenancy.QuotaError
		if errors.As(c.want, new(*tenancy.QuotaError)) {
			if !errors.As(result.Err, &quota) || quota.Quota != tenancy.QuotaNodes || quota.Used != 2 || quota.Wanted != 4 {
				t.Errorf("%s: %v", c.name, result.Err)
			}
		} else if !errors.Is(result.Err, c.want) {
			t.Errorf("%s: %v, not %v", c.name, result.Err, c.want)
		}
		if firstDifference(before, dump(t, r.m)) != firstDifference(before, before) {
			t.Errorf("%s: the refused command left something behind", c.name)
		}
	}
	write := r.write(id, 0, create(2, 10))
	write.Kept, write.Term = &Kept{Key: "one", Hash: [32]byte{1}, ArrivedMs: 0, Last: true}, 9
	if result := r.apply(write)[0]; result.Err != nil || result.Replay == nil || result.Replay.Stamp != wrote.Stamp {
		t.Errorf("a kept id is answered before window, term and base: %+v", result)
	}
}

func TestApply_WhatFollowsARefusedWriteIsRefused(t *testing.T) {
	r := newRig(t)
	id := r.tenant("acme")
	base, err := r.m.Graph(id, 0)
	if err != nil {
		t.Fatal(err)
	}
	first, version := r.writeOn(base, id, 0, create(2, 0))
	second, _ := r.writeOn(version, id, 0, create(1, 5))
	first.Term = 99
	results := r.apply(first, second)
	if !errors.Is(results[0].Err, ErrConflict) || !errors.Is(results[1].Err, ErrConflict) {
		t.Fatalf("%v, %v", results[0].Err, results[1].Err)
	}
	if u := r.m.Registry().Usage(id); u.Nodes != 0 {
		t.Fatalf("%d nodes", u.Nodes)
	}
}

func TestApply_MaxDatabaseBytes(t *testing.T) {
	r := newRig(t)
	id := r.tenant("acme")
	account := r.m.Registry().Tenants()[0]
	account.MaxDatabaseBytes = tenancy.LimitOf(100)
	r.must(&UpdateTenant{Header: r.header(), Account: account})
	result := r.apply(r.write(id, 0, create(20, 0)))[0]
	var quota *tenancy.QuotaError
	if !errors.As(result.Err, &quota) || quota.Quota != tenancy.QuotaResidentBytes {
		t.Fatalf("%v", result.Err)
	}
}

func TestApply_LogTimeIsCapped(t *testing.T) {
	r := newRig(t)
	if got := r.m.LogTimeMs(); got != testTimeMs {
		t.Fatalf("log time %d", got)
	}
	r.timeMs += 3_600_000
	r.tenant("a")
	if got := r.m.LogTimeMs(); got != testTimeMs+maxLogTimeAdvanceMs {
		t.Fatalf("log time moved by %d ms", got-testTimeMs)
	}
	r.timeMs -= 7_200_000
	r.tenant("b")
	if got := r.m.LogTimeMs(); got != testTimeMs+maxLogTimeAdvanceMs {
		t.Fatalf("log time went back by %d ms", testTimeMs+maxLogTimeAdvanceMs-got)
	}
	r.must(&SetClock{Header: r.header(), NowMs: 12345})
	if got := r.m.LogTimeMs(); got != 12345 {
		t.Fatalf("log time %d", got)
	}
}

func TestApply_SkipsWhatItHas(t *testing.T) {
	r := newRig(t)
	id := r.tenant("acme")
	write := r.write(id, 0, create(1, 0))
	r.must(write)
	before := dump(t, r.m)
	broken := &hraft.Log{Index: 2, Term: 1, Type: hraft.LogCommand, Data: []byte("not even decoded")}
	again := append([]*hraft.Log{broken}, r.log...)
	for i, answer := range r.m.ApplyBatch(again) {
		if answer != nil {
			t.Fatalf("entry %d was answered with %v", i, answer)
		}
	}
	if firstDifference(before, dump(t, r.m)) != firstDifference(before, before) {
		t.Fatal("skipped entries changed the store")
	}
}

func TestApply_ConfigurationAdvancesApplied(t *testing.T) {
	r := newRig(t)
	r.m.ApplyBatch([]*hraft.Log{{Index: 3, Term: 1, Type: hraft.LogConfiguration}})
	if r.m.Applied() != 3 {
		t.Fatalf("applied %d", r.m.Applied())
	}
}

func TestApply_UndecodableEntryStopsTheNode(t *testing.T) {
	for name, data := range map[string][]byte{
		"no entry":        []byte("?"),
		"no command":      Pack([][]byte{[]byte("?!")}),
		"unknown kind":    Pack([][]byte{{commandVersion, 200}}),
		"unknown version": Pack([][]byte{{99, 1}}),
	} {
		var index uint64
		m, err := Open(Config{
			Dir: "/node", Store: store.Options{}.WithFS(vfs.NewMem()),
			Fatal: func(at uint64, _ error) { index = at },
		})
		if err != nil {
			t.Fatal(err)
		}
		func() {
			defer func() {
				if p := recover(); p == nil || !strings.Contains(p.(error).Error(), "index 7") {
					t.Errorf("%s: %v", name, p)
				}
			}()
			m.Apply(&hraft.Log{Index: 7, Term: 1, Type: hraft.LogCommand, Data: data})
		}()
		if index != 7 || m.Applied() != 0 {
			t.Errorf("%s: stopped at %d, applied %d", name, index, m.Applied())
		}
	}
}

func TestApply_TenantsKeysDatabases(t *testing.T) {
	r := newRig(t)
	id := r.tenant("acme")
	r.refuse(&CreateTenant{Header: r.header(), Name: "acme", Plan: "unlimited", Limits: noLimits()}, ErrTenantExists)
	var invalid *InvalidError
	if got := r.apply(&CreateTenant{Header: r.header(), Name: "no limits", Plan: "unlimited"})[0]; !errors.As(got.Err, &invalid) {
		t.Fatalf("limits that are not complete: %v", got.Err)
	}
	key := tenantKey("1", id)
	r.must(&CreateKey{Header: r.header(), Record: key})
	r.refuse(&CreateKey{Header: r.header(), Record: key}, ErrKeyExists)
	r.refuse(&CreateKey{Header: r.header(), Record: tenantKey("2", tenancy.IDFromNumber(77))}, ErrTenantUnknown)
	next := tenantKey("3", id)
	r.must(&CreateKey{Header: r.header(), Record: next, Rotation: &Rotation{KeyID: key.ID, GraceMs: 1000}})
	old, _ := r.m.Registry().Key(key.ID)
	if old.RevokedAtMs == 0 || old.GraceUntilMs != old.RevokedAtMs+1000 {
		t.Fatalf("rotated key %+v", old)
	}
	r.refuse(&CreateKey{Header: r.header(), Record: tenantKey("4", id), Rotation: &Rotation{KeyID: "nobody"}}, ErrKeyUnknown)
	if got := r.must(&RevokeKey{Header: r.header(), KeyID: next.ID}).Value.(*tenancy.KeyRecord); got.RevokedAtMs == 0 {
		t.Fatal("not revoked")
	}
	r.refuse(&RevokeKey{Header: r.header(), KeyID: "nobody"}, ErrKeyUnknown)

	made := r.must(&CreateDatabase{Header: r.header(), Tenant: id, Name: "second"}).Value.(*Database)
	r.refuse(&CreateDatabase{Header: r.header(), Tenant: id, Name: "second"}, ErrDatabaseExists)
	r.refuse(&CreateDatabase{Header: r.header(), Tenant: id, Name: "neo4j"}, ErrDatabaseExists)
	r.must(r.write(id, made.Number, create(5, 0)))
	r.refuse(&DropDatabase{Header: r.header(), Tenant: id, Database: 0}, ErrDatabaseDefault)
	r.must(&DropDatabase{Header: r.header(), Tenant: id, Database: made.Number})
	r.refuse(&DropDatabase{Header: r.header(), Tenant: id, Database: made.Number}, ErrDatabaseUnknown)
	if u := r.m.Registry().Usage(id); u != (tenancy.Usage{Databases: 1}) {
		t.Fatalf("usage after a drop %+v", u)
	}
	again := r.must(&CreateDatabase{Header: r.header(), Tenant: id, Name: "second"}).Value.(*Database)
	if again.Number == made.Number {
		t.Fatal("a database's number was used again")
	}
	if m, err := r.m.Meta(id, again.Number); err != nil || m != (graph.Meta{}) {
		t.Fatalf("a new database has %+v, %v", m, err)
	}
}

func TestApply_DeletedTenantIsGone(t *testing.T) {
	r := newRig(t)
	id, other := r.tenant("acme"), r.tenant("other")
	r.must(&CreateKey{Header: r.header(), Record: tenantKey("1", id)})
	write := r.write(id, 0, create(5, 0))
	write.Kept = &Kept{Key: "k", ArrivedMs: r.timeMs, Last: true}
	r.must(write)
	r.must(r.write(other, 0, create(3, 0)))
	stale := r.write(id, 0, create(1, 0))
	r.must(&DeleteTenant{Header: r.header(), Tenant: id})
	r.refuse(stale, ErrTenantUnknown)
	r.refuse(&DeleteTenant{Header: r.header(), Tenant: id}, ErrTenantUnknown)
	if _, found := r.m.Registry().Account(id); found {
		t.Error("the account is found")
	}
	if _, found := r.m.Registry().Key(tenantKey("1", id).ID); found {
		t.Error("its key is found")
	}
	if _, err := r.m.Graph(id, 0); !errors.Is(err, ErrDatabaseUnknown) {
		t.Errorf("its graph: %v", err)
	}
	if _, found := r.m.Kept(id, "k"); found {
		t.Error("its kept id is found")
	}
	seen := 0
	if err := r.m.store.Space(id, 0).Scan(store.Node, nil, func(_, _ []byte) error { seen++; return nil }); err != nil || seen > 0 {
		t.Errorf("%d of its nodes are stored (%v)", seen, err)
	}
	if u := r.m.Registry().Usage(other); u.Nodes != 3 {
		t.Errorf("the other has %d nodes", u.Nodes)
	}
	if again := r.tenant("acme"); again == id {
		t.Error("its number was used again")
	}
}

func TestApply_SuspendedTenant(t *testing.T) {
	r := newRig(t)
	id := r.tenant("acme")
	write := r.write(id, 0, create(1, 0))
	account := r.m.Registry().Tenants()[0]
	account.Status = tenancy.StatusSuspended
	r.must(&UpdateTenant{Header: r.header(), Account: account})
	r.refuse(write, ErrTenantSuspended)
	account.Status = tenancy.StatusDeleted
	var invalid *InvalidError
	if got := r.apply(&UpdateTenant{Header: r.header(), Account: account})[0]; !errors.As(got.Err, &invalid) {
		t.Fatalf("deleted by update: %v", got.Err)
	}
	account.Status, account.LimitVersion = tenancy.StatusActive, 0
	r.refuse(&UpdateTenant{Header: r.header(), Account: account}, ErrConflict)
}

func TestApply_ClusterIsMadeOnce(t *testing.T) {
	r := newRig(t)
	if r.m.ClusterID() != testCluster || !r.m.Registry().ClusterReady() || r.m.FeatureLevel() != 1 {
		t.Fatal("the cluster was not made")
	}
	r.must(&ClusterInit{Header: r.header(), ClusterID: testCluster, OperatorKey: operatorKey(), FeatureLevel: 1})
	r.refuse(&ClusterInit{Header: r.header(), ClusterID: "another", OperatorKey: operatorKey(), FeatureLevel: 1}, ErrClusterExists)
}

func TestApply_DigestMarkFindsADifference(t *testing.T) {
	r := newRig(t)
	id := r.tenant("acme")
	r.must(r.write(id, 0, create(3, 0)))
	_, list := r.m.Digests()
	mark := StampedDigest{Tenant: id, Stamp: list[0].Meta.Stamp, Digest: list[0].Meta.Digest}
	own, next := r.m.NextMark(r.header(), 0)
	if next != 1 || len(own.Digests) != 1 || own.Digests[0] != mark {
		t.Fatalf("own mark %+v, next %d", own, next)
	}
	r.must(own)
	if found := r.m.Disagreements(); len(found) > 0 {
		t.Fatalf("equal digests disagree: %v", found)
	}
	mark.Digest[3]++
	older := mark
	older.Stamp.Sequence--
	r.must(&DigestMark{Header: r.header(), Digests: []StampedDigest{mark, older}})
	if found := r.m.Disagreements(); len(found) != 1 || found[0].Theirs != mark.Digest {
		t.Fatalf("found %v", found)
	}
}

func TestRehearse_OfferIsInstalledOnlyInItsPlace(t *testing.T) {
	r := newRig(t)
	a, b := r.tenant("a"), r.tenant("b")
	baseA, _ := r.m.Graph(a, 0)
	baseB, _ := r.m.Graph(b, 0)
	writeA, builtA := r.writeOn(baseA, a, 0, create(2, 0))
	r.sequence-- // the other lane counts by itself: the same stamp names another version there
	writeB, builtB := r.writeOn(baseB, b, 0, create(7, 100))
	for _, c := range []struct {
		write       *GraphWrite
		base, built *graph.Graph
	}{{writeA, baseA, builtA}, {writeB, baseB, builtB}} {
		rehearsal, err := r.m.Rehearse(c.write, c.base, c.built)
		if err != nil {
			t.Fatal(err)
		}
		r.m.Offer(rehearsal)
	}
	r.apply(writeA, writeB)
	gotA, _ := r.m.Graph(a, 0)
	gotB, _ := r.m.Graph(b, 0)
	if gotA != builtA || gotB != builtB {
		t.Fatal("what the lanes built was not installed")
	}
	replay := openMachine(t, vfs.NewMem())
	defer replay.Close()
	replay.ApplyBatch(r.log)
	same(t, r.m, replay)
}

func TestRehearse_PanicIsAnError(t *testing.T) {
	r := newRig(t)
	id := r.tenant("a")
	write := r.write(id, 0, create(1, 0))
	if _, err := r.m.Rehearse(write, nil, nil); err == nil || !strings.Contains(err.Error(), "panic") {
		t.Fatalf("%v", err)
	}
	write.Changes.Ops = []byte{99}
	base, _ := r.m.Graph(id, 0)
	if _, err := r.m.Rehearse(write, base, nil); err == nil {
		t.Fatal("malformed operations were rehearsed")
	}
}

func TestGraph_LoadsAfterARestart(t *testing.T) {
	fs := vfs.NewMem()
	r := newRigOn(t, fs)
	id := r.tenant("acme")
	r.must(r.write(id, 0, create(50, 0)))
	before, _ := r.m.Graph(id, 0)
	if err := r.m.Close(); err != nil {
		t.Fatal(err)
	}
	r.m = openMachine(t, fs)
	if r.m.Resident(id, 0) {
		t.Fatal("resident before its first use")
	}
	if meta, err := r.m.Meta(id, 0); err != nil || meta != before.Meta() {
		t.Fatalf("cold meta %+v, %v", meta, err)
	}
	r.must(r.coldWrite(id, before))
	g, err := r.m.Graph(id, 0)
	if err != nil {
		t.Fatal(err)
	}
	if !r.m.Resident(id, 0) || g.Meta().Nodes != 51 {
		t.Fatalf("loaded %+v", g.Meta())
	}
	if digest, bytes := g.RecomputeDigest(); digest != g.Meta().Digest || bytes != g.Meta().Bytes {
		t.Fatal("the loaded version is not what its meta says")
	}
}

// coldWrite makes a write on a version that another machine had, so that this one stays cold.
func (r *rig) coldWrite(id tenancy.ID, base *graph.Graph) *GraphWrite {
	c, _ := r.writeOn(base, id, 0, func(d *graph.Draft) {
		if _, err := d.SetNodeProperty(3, "name", value.String("x")); err != nil {
			r.t.Fatal(err)
		}
		if _, err := d.CreateNode(nil, nil); err != nil {
			r.t.Fatal(err)
		}
	})
	return c
}

// TestGraph_LoadCatchesUp applies writes while a database loads: the loaded version has them.
func TestGraph_LoadCatchesUp(t *testing.T) {
	fs := vfs.NewMem()
	r := newRigOn(t, fs)
	id := r.tenant("acme")
	r.must(r.write(id, 0, create(2000, 0)))
	base, _ := r.m.Graph(id, 0)
	if err := r.m.Close(); err != nil {
		t.Fatal(err)
	}
	r.m = openMachine(t, fs)
	loaded := make(chan *graph.Graph, 8)
	for range cap(loaded) {
		go func() {
			g, err := r.m.Graph(id, 0)
			if err != nil {
				t.Error(err)
			}
			loaded <- g
		}()
	}
	for range 50 {
		write, next := r.writeOn(base, id, 0, create(2, 7))
		r.must(write)
		base = next
	}
	for range cap(loaded) {
		<-loaded
	}
	g, err := r.m.Graph(id, 0)
	if err != nil || g.Meta() != base.Meta() {
		t.Fatalf("%+v, not %+v (%v)", g.Meta(), base.Meta(), err)
	}
}
