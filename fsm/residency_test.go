package fsm

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/store"
	"github.com/hivellm/nexus/tenancy"
)

// openBudget opens the machine of a file system with a budget.
func openBudget(t testing.TB, fs vfs.FS, budget uint64) *Machine {
	t.Helper()
	m, err := Open(Config{
		Dir: "/node", MemoryBudgetBytes: budget, Store: store.Options{CacheBytes: 1 << 20, MemTableBytes: 1 << 20}.WithFS(fs),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

// filled makes tenants with equal data, and returns them, what one takes in memory once it is loaded, and the rig, which
// stays open on its file system's machine only until reopened.
func filled(t *testing.T, fs vfs.FS, tenants, nodes int) (r *rig, ids []tenancy.ID, each uint64) {
	t.Helper()
	r = newRigOn(t, fs)
	for i := range tenants {
		id := r.tenant(fmt.Sprint("tenant", i))
		r.must(r.write(id, 0, create(nodes, 0)))
		ids = append(ids, id)
	}
	evictAll(r.m)
	g, err := r.m.Graph(ids[0], 0)
	if err != nil {
		t.Fatal(err)
	}
	return r, ids, g.MemoryBytes()
}

func reopened(t *testing.T, r *rig, fs vfs.FS, budget uint64) *Machine {
	t.Helper()
	if err := r.m.Close(); err != nil {
		t.Fatal(err)
	}
	r.m = openBudget(t, fs, budget)
	return r.m
}

func pin(t *testing.T, m *Machine, id tenancy.ID, db tenancy.DatabaseID) Pinned {
	t.Helper()
	p, err := m.Pin(context.Background(), id, db)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func residents(m *Machine, ids []tenancy.ID) (list []int) {
	for i, id := range ids {
		if m.Resident(id, 0) {
			list = append(list, i)
		}
	}
	return list
}

// TestResidency_LeastRecentlyUsedGoFirst: room for three of six; a tenant that was used again outlives those used since.
func TestResidency_LeastRecentlyUsedGoFirst(t *testing.T) {
	fs := vfs.NewMem()
	r, ids, each := filled(t, fs, 6, 300)
	m := reopened(t, r, fs, 3*each+each/2)
	if m.ResidentBytes() != 0 {
		t.Fatalf("%d bytes are resident after the start", m.ResidentBytes())
	}
	for _, step := range []struct {
		use  int
		want string
	}{{0, "[0]"}, {1, "[0 1]"}, {2, "[0 1 2]"}, {0, "[0 1 2]"}, {3, "[0 2 3]"}, {4, "[0 3 4]"}, {5, "[3 4 5]"}, {1, "[1 4 5]"}} {
		p := pin(t, m, ids[step.use], 0)
		p.Release()
		if got := fmt.Sprint(residents(m, ids)); got != step.want {
			t.Fatalf("after tenant %d was used %s are in memory, not %s", step.use, got, step.want)
		}
		if m.ResidentBytes() > m.Budget() {
			t.Fatalf("%d bytes are resident, the budget is %d", m.ResidentBytes(), m.Budget())
		}
	}
}

// TestResidency_PinnedTenantStays: who is in use is not evicted, however long ago it began.
func TestResidency_PinnedTenantStays(t *testing.T) {
	fs := vfs.NewMem()
	r, ids, each := filled(t, fs, 5, 300)
	m := reopened(t, r, fs, 2*each+each/2)
	held := pin(t, m, ids[0], 0)
	for _, id := range ids[1:] {
		p := pin(t, m, id, 0)
		p.Release()
		if !m.Resident(ids[0], 0) {
			t.Fatal("a pinned tenant was evicted")
		}
	}
	held.Release()
	held.Release() // once more does nothing
	for _, id := range ids[1:3] {
		p := pin(t, m, id, 0)
		p.Release()
	}
	if got := fmt.Sprint(residents(m, ids)); got != "[1 2]" {
		t.Fatalf("%s are in memory", got)
	}
}

// TestResidency_WaitsForRoom: a load waits for those in use, and says so when it waited in vain.
func TestResidency_WaitsForRoom(t *testing.T) {
	fs := vfs.NewMem()
	r, ids, each := filled(t, fs, 3, 300)
	m := reopened(t, r, fs, each+each/2)
	held := pin(t, m, ids[0], 0)
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := m.Pin(gone, ids[1], 0); !errors.Is(err, ErrMemoryFull) {
		t.Fatalf("%v", err)
	}
	waiters := make(chan error)
	for _, id := range ids[1:] {
		go func() {
			p, err := m.Pin(context.Background(), id, 0)
			p.Release()
			waiters <- err
		}()
	}
	for m.residency.waiting.Load() < 2 {
		if _, err := m.Graph(ids[0], 0); err != nil { // and whom there is room for is served
			t.Fatal(err)
		}
	}
	held.Release()
	for range ids[1:] {
		if err := <-waiters; err != nil {
			t.Fatal(err)
		}
	}
	if m.ResidentBytes() > m.Budget() {
		t.Fatalf("%d bytes are resident, the budget is %d", m.ResidentBytes(), m.Budget())
	}
}

// TestResidency_TooBigIsRefusedAndLosesNothing names both sizes, is refused again at once, and is whole under a larger
// budget.
func TestResidency_TooBigIsRefusedAndLosesNothing(t *testing.T) {
	fs := vfs.NewMem()
	r, ids, each := filled(t, fs, 2, 3000)
	m := reopened(t, r, fs, each/2)
	var big *TooBigError
	for range 2 {
		if _, err := m.Graph(ids[0], 0); !errors.As(err, &big) || big.BudgetBytes != each/2 || big.SizeBytes <= each/2 || big.Growth {
			t.Fatalf("%v", err)
		}
	}
	if m.ResidentBytes() != 0 {
		t.Fatalf("%d bytes are resident", m.ResidentBytes())
	}
	meta, err := m.Meta(ids[0], 0)
	if err != nil || meta.Nodes != 3000 {
		t.Fatalf("%+v, %v", meta, err)
	}
	m = reopened(t, r, fs, 2*each)
	g, err := m.Graph(ids[0], 0)
	if err != nil || g.Meta() != meta {
		t.Fatalf("%v", err)
	}
}

// TestResidency_TenantIsWhatIsMeasured: two databases that would fit one by one make a tenant that does not.
func TestResidency_TenantIsWhatIsMeasured(t *testing.T) {
	fs := vfs.NewMem()
	r, ids, each := filled(t, fs, 1, 3000)
	other := r.must(&CreateDatabase{Header: r.header(), Tenant: ids[0], Name: "other"}).Value.(*Database).Number
	r.must(r.write(ids[0], other, create(3000, 0)))
	m := reopened(t, r, fs, each+each/2)
	first, err := m.Graph(ids[0], 0)
	var big *TooBigError
	if err == nil {
		_, err = m.Graph(ids[0], other)
	}
	if !errors.As(err, &big) || big.SizeBytes <= big.BudgetBytes {
		t.Fatalf("%v, %v", first != nil, err)
	}
}

// TestCheckRoom_RefusesGrowthOnly: a leader refuses what makes a tenant too large, never what makes it smaller.
func TestCheckRoom_RefusesGrowthOnly(t *testing.T) {
	fs := vfs.NewMem()
	r, ids, each := filled(t, fs, 1, 1000)
	m := reopened(t, r, fs, 2*each)
	base, err := m.Graph(ids[0], 0)
	if err != nil {
		t.Fatal(err)
	}
	check := func(do func(*graph.Draft)) error {
		_, built := r.writeOn(base, ids[0], 0, do)
		return m.CheckRoom(ids[0], 0, base, built)
	}
	if err := check(create(200, 0)); err != nil {
		t.Fatalf("a small write: %v", err)
	}
	var big *TooBigError
	if err := check(create(2000, 0)); !errors.As(err, &big) || !big.Growth || big.BudgetBytes != 2*each {
		t.Fatalf("a large write: %v", err)
	}
	m.residency.setBudget(each / 2)
	if err := check(create(1, 0)); !errors.As(err, &big) {
		t.Fatalf("a write to a tenant that is too large already: %v", err)
	}
	if err := check(func(d *graph.Draft) { _ = d.DeleteRelationship(0) }); err != nil {
		t.Fatalf("a delete: %v", err)
	}
}

// TestApply_ColdTouchesTheStoreOnly: what is applied to an evicted tenant leaves it cold, on the leader's offer too, and
// its bytes are those of a machine that has it in memory.
func TestApply_ColdTouchesTheStoreOnly(t *testing.T) {
	r := newRig(t)
	id := r.tenant("acme")
	r.must(r.write(id, 0, create(100, 0)))
	base, _ := r.m.Graph(id, 0)
	write, built := r.writeOn(base, id, 0, create(5, 9))
	rehearsal, err := r.m.Rehearse(write, base, built)
	if err != nil {
		t.Fatal(err)
	}
	r.m.Offer(rehearsal)
	evictAll(r.m)
	r.must(write)
	if r.m.Resident(id, 0) || r.m.ResidentBytes() != 0 {
		t.Fatal("apply made a cold database resident")
	}
	write, _ = r.writeOn(built, id, 0, create(3, 1))
	r.must(write)
	if r.m.Resident(id, 0) {
		t.Fatal("apply made a cold database resident")
	}
	resident := openMachine(t, vfs.NewMem())
	for _, entry := range r.log {
		resident.Apply(entry)
	}
	if !resident.Resident(id, 0) {
		t.Fatal("the other machine is cold too")
	}
	same(t, r.m, resident)
	if err := resident.Close(); err != nil {
		t.Fatal(err)
	}
}
