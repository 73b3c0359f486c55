package fsm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	hraft "github.com/hashicorp/raft"
	"pgregory.net/rapid"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/store"
	"github.com/hivellm/nexus/graph/value"
	"github.com/hivellm/nexus/tenancy"
)

const (
	testCluster = "6f1d8f3e-0000-4000-8000-000000000001"
	testTimeMs  = 1_800_000_000_000
)

// rig is a machine with the log it was fed. It stands in for the leader: terms, stamps and log time are its own.
type rig struct {
	t        rapid.TB
	m        *Machine
	log      []*hraft.Log
	term     uint64
	timeMs   int64
	sequence uint64
	requests byte
}

func openMachine(t rapid.TB, fs vfs.FS) *Machine {
	t.Helper()
	m, err := Open(Config{Dir: "/node", Store: store.Options{CacheBytes: 1 << 20, MemTableBytes: 1 << 20}.WithFS(fs)})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// newRig opens an empty machine in memory, with a term begun and the cluster made.
func newRig(t testing.TB) *rig { return newRigOn(t, vfs.NewMem()) }

func newRigOn(t testing.TB, fs vfs.FS) *rig {
	t.Helper()
	r := &rig{t: t, m: openMachine(t, fs), term: 1, timeMs: testTimeMs}
	t.Cleanup(func() { _ = r.m.Close() })
	r.must(&TermStart{Header: r.header(), NodeID: "n1"})
	r.must(&ClusterInit{Header: r.header(), ClusterID: testCluster, OperatorKey: operatorKey(), FeatureLevel: 1})
	return r
}

// newDiskRig opens an empty machine as the product does, on the disk.
func newDiskRig(t *testing.T) *rig {
	t.Helper()
	m, err := Open(Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, m: m, term: 1, timeMs: testTimeMs}
	t.Cleanup(func() { _ = r.m.Close() })
	r.must(&TermStart{Header: r.header(), NodeID: "n1"})
	r.must(&ClusterInit{Header: r.header(), ClusterID: testCluster, OperatorKey: operatorKey(), FeatureLevel: 1})
	return r
}

func operatorKey() tenancy.KeyRecord {
	return tenancy.KeyRecord{
		ID: "00000000000000op", Kind: tenancy.KeyOperator, Role: tenancy.RoleOperator, Name: "operator", AuthVersion: 1,
		CreatedAtMs: testTimeMs, SecretSHA256: tenancy.SecretHash{1},
	}
}

func tenantKey(id string, t tenancy.ID) tenancy.KeyRecord {
	return tenancy.KeyRecord{
		ID: fmt.Sprintf("%016s", id), Kind: tenancy.KeyLive, Role: tenancy.RoleTenant, Name: id, AuthVersion: 1, Tenant: t,
		CreatedAtMs: testTimeMs, SecretSHA256: tenancy.SecretHash{2},
	}
}

func (r *rig) header() Header {
	r.requests++
	return Header{Term: r.term, TimeMs: r.timeMs, Request: RequestID{r.requests, 1}}
}

// entry puts commands into the log as one entry, without applying it.
func (r *rig) entry(commands ...Command) *hraft.Log {
	r.t.Helper()
	var encoded [][]byte
	for _, c := range commands {
		raw, err := Encode(c)
		if err != nil {
			r.t.Fatal(err)
		}
		encoded = append(encoded, raw)
	}
	e := &hraft.Log{Index: uint64(len(r.log) + 1), Term: r.term, Type: hraft.LogCommand, Data: Pack(encoded)}
	r.log = append(r.log, e)
	return e
}

// apply applies commands as one entry.
func (r *rig) apply(commands ...Command) []Result {
	r.t.Helper()
	answers, ok := r.m.Apply(r.entry(commands...)).([]any)
	if !ok || len(answers) != len(commands) {
		r.t.Fatalf("%d commands were answered with %v", len(commands), answers)
	}
	results := make([]Result, len(answers))
	for i, a := range answers {
		results[i] = a.(Result)
	}
	return results
}

// must applies one command that is not refused.
func (r *rig) must(c Command) Result {
	r.t.Helper()
	result := r.apply(c)[0]
	if result.Err != nil {
		r.t.Fatalf("%T: %v", c, result.Err)
	}
	return result
}

// refuse applies one command that is refused with an error.
func (r *rig) refuse(c Command, with error) Result {
	r.t.Helper()
	result := r.apply(c)[0]
	if !errors.Is(result.Err, with) {
		r.t.Fatalf("%T: %v, not %v", c, result.Err, with)
	}
	return result
}

func noLimits() tenancy.Limits {
	_, limits, err := tenancy.ResolveLimits(tenancy.PlanUnlimited, tenancy.Limits{})
	if err != nil {
		panic(err)
	}
	return limits
}

func (r *rig) tenant(name string) tenancy.ID {
	r.t.Helper()
	made := r.must(&CreateTenant{Header: r.header(), Name: name, Plan: tenancy.PlanUnlimited, Limits: noLimits()})
	return made.Value.(*tenancy.Account).ID
}

// write makes a GraphWrite on a database's applied version.
func (r *rig) write(t tenancy.ID, db tenancy.DatabaseID, do func(*graph.Draft)) *GraphWrite {
	r.t.Helper()
	base, err := r.m.Graph(t, db)
	if err != nil {
		r.t.Fatal(err)
	}
	c, _ := r.writeOn(base, t, db, do)
	return c
}

// writeOn makes a GraphWrite on a version, and the version it makes.
func (r *rig) writeOn(base *graph.Graph, t tenancy.ID, db tenancy.DatabaseID, do func(*graph.Draft)) (*GraphWrite, *graph.Graph) {
	r.t.Helper()
	r.sequence++
	d := graph.NewDraft(base, graph.Stamp{Term: r.term, Sequence: r.sequence}, graph.DraftLimits{MaxOperations: 50_000, MaxBytes: 4 << 20})
	do(d)
	return &GraphWrite{Header: r.header(), Tenant: t, Database: db, Changes: d.Changes(), Stats: []byte("stats")}, d.Graph()
}

// create is a draft's program: nodes with a property, each related to the one before.
func create(count int, seed int64) func(*graph.Draft) {
	return func(d *graph.Draft) {
		var last graph.NodeID
		for i := range count {
			id, err := d.CreateNode([]string{"Person"}, value.NewMap([]string{"age"}, []value.Value{value.Int(seed + int64(i))}))
			if err != nil {
				panic(err)
			}
			if i > 0 {
				if _, err := d.CreateRelationship("KNOWS", last, id, nil); err != nil {
					panic(err)
				}
			}
			last = id
		}
	}
}

// Graph returns the applied version of a database, loading it where it is cold.
func (m *Machine) Graph(t tenancy.ID, db tenancy.DatabaseID) (*graph.Graph, error) {
	g, _, err := m.Version(t, db)
	return g, err
}

// Version is Graph with the index of the entry that made it.
func (m *Machine) Version(t tenancy.ID, db tenancy.DatabaseID) (*graph.Graph, uint64, error) {
	p, err := m.Pin(context.Background(), t, db)
	defer p.Release()
	return p.Graph, p.Index, err
}

// evictAll makes every tenant cold that is not pinned.
func evictAll(m *Machine) {
	m.apply.Lock()
	defer m.apply.Unlock()
	for _, t := range m.state.tenants.Values() {
		if t.home.bytes > 0 {
			m.evict(t.account.ID.Number(), t.home)
		}
	}
}

// dump is every byte of a machine's store, but for the applied position.
func dump(t rapid.TB, m *Machine) []byte {
	t.Helper()
	var out bytes.Buffer
	note := func(name string) func(suffix, value []byte) error {
		return func(suffix, value []byte) error {
			fmt.Fprintf(&out, "%s %x = %x\n", name, suffix, value)
			return nil
		}
	}
	var failed error
	for _, kind := range []store.SystemKind{store.Cluster, store.Tenants, store.Keys, store.Databases, store.KeptIDs, store.KeptOrder, store.Members, store.Ledger, store.Hub} {
		failed = errors.Join(failed, m.store.System().Scan(kind, nil, note("system "+string(rune(kind)))))
	}
	_, list := m.Digests()
	for _, d := range list {
		for _, kind := range []store.Kind{store.Node, store.Relationship, store.Name, store.Schema, store.Meta} {
			failed = errors.Join(failed, m.store.Space(d.Tenant, d.Database).Scan(kind, nil, note(fmt.Sprintf("%s/%d %c", d.Tenant, d.Database, kind))))
		}
	}
	if failed != nil {
		t.Fatal(failed)
	}
	return out.Bytes()
}

// same fails when two machines do not hold the same bytes and figures.
func same(t rapid.TB, a, b *Machine) {
	t.Helper()
	if x, y := dump(t, a), dump(t, b); !bytes.Equal(x, y) {
		t.Fatalf("the stores differ:\n%s", firstDifference(x, y))
	}
	indexA, x := a.Digests()
	indexB, y := b.Digests()
	if indexA != indexB || fmt.Sprint(x) != fmt.Sprint(y) {
		t.Fatalf("figures differ at %d and %d:\n%v\n%v", indexA, indexB, x, y)
	}
}

func firstDifference(x, y []byte) string {
	a, b := bytes.Split(x, []byte("\n")), bytes.Split(y, []byte("\n"))
	for i := range min(len(a), len(b)) {
		if !bytes.Equal(a[i], b[i]) {
			return fmt.Sprintf("line %d\n%s\n%s", i, a[i], b[i])
		}
	}
	return fmt.Sprintf("%d and %d lines", len(a), len(b))
}
