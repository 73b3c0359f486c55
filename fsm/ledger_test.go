package fsm

import (
	"errors"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/hivellm/nexus/graph/store"
	"github.com/hivellm/nexus/tenancy"
	"github.com/hivellm/nexus/tenancy/ledger"
)

var testPeriod = ledger.PeriodOf(testTimeMs)

func (r *rig) limited(name, userID string, requests uint64) tenancy.ID {
	r.t.Helper()
	limits := noLimits()
	limits.RequestsPerMonth = tenancy.LimitOf(requests)
	made := r.must(&CreateTenant{Header: r.header(), Name: name, UserID: userID, Plan: tenancy.PlanUnlimited, Limits: limits})
	return made.Value.(*tenancy.Account).ID
}

// tick applies a step of the ledger and tells how many of its items were refused.
func (r *rig) tick(t ledger.Tick) int {
	r.t.Helper()
	refused, _ := r.must(&LedgerTick{Header: r.header(), Tick: &t}).Value.([]*ledger.RefusedError)
	return len(refused)
}

// spent grants a node units of a tenant and settles some of them.
func (r *rig) spent(id tenancy.ID, granted, spent uint64) {
	r.t.Helper()
	if n := r.tick(ledger.Tick{Opens: []ledger.Open{{ID: "n1", Incarnation: 1}}, Renews: nil}); n > 1 {
		r.t.Fatalf("%d items refused", n)
	}
	node, _ := r.m.Ledger().Cluster().NodeByID("n1")
	if n := r.tick(ledger.Tick{Grants: []ledger.Grant{{Tenant: id, Node: node.Number, Incarnation: 1, Period: testPeriod, Units: ledger.Units{Requests: granted}}}}); n != 0 {
		r.t.Fatalf("%d items refused", n)
	}
	r.settle(id, spent, false)
}

func (r *rig) settle(id tenancy.ID, spent uint64, closed bool) int {
	node, _ := r.m.Ledger().Cluster().NodeByID("n1")
	return r.tick(ledger.Tick{Settles: []ledger.Settle{{
		Tenant: id, Node: node.Number, Incarnation: 1, Period: testPeriod, Drawn: ledger.Units{Requests: spent},
		Spent: ledger.Totals{Requests: spent, Reads: spent}, Closed: closed,
	}}})
}

func TestLedger_TickIsStoredAndPublished(t *testing.T) {
	fs := vfs.NewMem()
	r := newRigOn(t, fs)
	id := r.limited("acme", "", 1000)
	if r.m.Ledger().Cluster() != nil || r.m.Ledger().Book(id) != nil {
		t.Fatal("a ledger before the first tick")
	}
	before := r.m.Ledger()
	r.spent(id, 100, 40)
	if before.Book(id) != nil {
		t.Fatal("what was published has changed")
	}
	check := func(m *Machine) {
		t.Helper()
		l := m.Ledger()
		month, ok := l.Book(id).Month(testPeriod)
		if !ok || month.Totals.Requests != 40 || month.Committed().Requests != 100 || month.Seq != 1 {
			t.Fatalf("%+v", l.Book(id))
		}
		if l.Cluster().Seq != 3 || l.LogTimeMs() != testTimeMs {
			t.Fatalf("%+v at %d", l.Cluster(), l.LogTimeMs())
		}
		count := 0
		l.Books(func(*ledger.Book) bool { count++; return true })
		if count != 1 {
			t.Fatalf("%d books", count)
		}
	}
	check(r.m)
	twin := openMachine(t, vfs.NewMem())
	defer twin.Close()
	transfer(t, r.m, twin)
	check(twin)
	if err := r.m.Close(); err != nil {
		t.Fatal(err)
	}
	r.m = openMachine(t, fs)
	check(r.m)
	if n := r.settle(id, 60, false); n != 0 {
		t.Fatalf("%d refused after the restart", n)
	}
	if used := r.m.Ledger().Book(id).Months[0].Totals.Requests; used != 60 {
		t.Fatalf("%d settled, 60 were spent", used)
	}
}

func TestLedger_News(t *testing.T) {
	r := newRig(t)
	id := r.limited("acme", "", 1000)
	told := func() bool {
		select {
		case <-r.m.LedgerNews():
			return true
		default:
			return false
		}
	}
	told()
	for what, do := range map[string]func(){
		"a tick":     func() { r.spent(id, 10, 1) },
		"an account": func() { r.limited("other", "", 5) },
	} {
		if do(); !told() {
			t.Errorf("%s is no news", what)
		}
	}
	r.must(r.write(id, 0, create(1, 1)))
	if told() {
		t.Error("a write is no news of the ledger")
	}
}

func TestLedger_RemovedMemberDeparts(t *testing.T) {
	r := newRig(t)
	id := r.limited("acme", "", 1000)
	r.spent(id, 100, 40)
	r.must(&RemoveMember{Header: r.header(), NodeID: "unknown"})
	r.must(&RemoveMember{Header: r.header(), NodeID: "n1"})
	if node, _ := r.m.Ledger().Cluster().NodeByID("n1"); !node.Departed {
		t.Fatalf("%+v", node)
	}
	if n := r.settle(id, 60, false); n != 1 {
		t.Fatal("a departed node's word was taken")
	}
	loaded, err := loadState(r.m.store)
	if err != nil {
		t.Fatal(err)
	}
	if node, _ := loaded.ledger.cluster.NodeByID("n1"); !node.Departed {
		t.Fatal("it is not stored")
	}
}

// TestLedger_BookOfADeletedTenant: what was used is billed though the tenant is gone (R20).
func TestLedger_BookOfADeletedTenant(t *testing.T) {
	r := newRig(t)
	local, billed, idle := r.limited("local", "", 1000), r.limited("billed", "user", 1000), r.limited("idle", "other", 1000)
	r.spent(local, 10, 10)
	r.spent(billed, 10, 4)
	for _, id := range []tenancy.ID{local, billed, idle} {
		r.must(&DeleteTenant{Header: r.header(), Tenant: id})
	}
	if r.m.Ledger().Book(local) != nil || r.m.Ledger().Book(idle) != nil {
		t.Fatal("books that nobody asks for stay")
	}
	if _, there := r.m.Ledger().Account(local); there {
		t.Fatal("a deleted tenant without a book is still one of the ledger's")
	}
	if n := r.settle(local, 12, true); n != 1 {
		t.Fatal("a deleted tenant got a new book")
	}
	if account, there := r.m.Ledger().Account(billed); !there || account.Status != tenancy.StatusDeleted || account.UserID != "user" {
		t.Fatalf("%+v", account)
	}
	r.settle(billed, 7, true)
	ack := func(seq uint64) int {
		return r.tick(ledger.Tick{Acks: []ledger.Ack{{Tenant: billed, Period: testPeriod, Seq: seq}}})
	}
	month := r.m.Ledger().Book(billed).Months[0]
	if month.Totals.Requests != 7 || month.Seq != 2 {
		t.Fatalf("%+v", month)
	}
	if ack(1); r.m.Ledger().Book(billed) == nil {
		t.Fatal("the book went before the hub had all of it")
	}
	if ack(2); r.m.Ledger().Book(billed) != nil {
		t.Fatal("the book stays although the hub has it")
	}
	if _, found, err := r.m.store.System().Read(store.Ledger, tenantSuffix(billed)); found || err != nil {
		t.Fatalf("its record stays (%v)", err)
	}
}

func TestLedger_RefusesAStoreItCannotRead(t *testing.T) {
	for name, spoil := range map[string]func(store.BatchSystem){
		"cluster":     func(s store.BatchSystem) { s.Set(store.Ledger, ledgerClusterSuffix, []byte{9}) },
		"book":        func(s store.BatchSystem) { s.Set(store.Ledger, tenantSuffix(tenancy.IDFromNumber(1)), []byte{9}) },
		"another key": func(s store.BatchSystem) { copyBook(t, s) },
	} {
		r := newRig(t)
		r.spent(r.limited("acme", "", 1000), 10, 1)
		b := r.m.store.NewBatch()
		spoil(b.System())
		if err := b.Commit(r.m.Applied()+1, 1); err != nil {
			t.Fatal(err)
		}
		if _, err := loadState(r.m.store); err == nil {
			t.Errorf("%s: loaded", name)
		}
	}
}

func copyBook(t *testing.T, s store.BatchSystem) {
	raw, err := ledger.EncodeBook(&ledger.Book{Tenant: tenancy.IDFromNumber(1), Months: []ledger.Month{{Period: testPeriod}}})
	if err != nil {
		t.Fatal(err)
	}
	s.Set(store.Ledger, tenantSuffix(tenancy.IDFromNumber(77)), raw)
}

// TestResident_FollowersLoadWhatTheLeaderHas is R22.
func TestResident_FollowersLoadWhatTheLeaderHas(t *testing.T) {
	r := newRig(t)
	a, b := r.tenant("a"), r.tenant("b")
	r.must(r.write(a, 0, create(3, 1)))
	r.must(r.write(b, 0, create(3, 1)))
	list := r.m.ResidentTenants()
	if len(list) != 2 {
		t.Fatalf("%v resident", list)
	}
	for range 2 { // the older list goes
		r.must(&LedgerTick{Header: r.header(), Tick: &ledger.Tick{}, Resident: list[:1]})
		r.must(&LedgerTick{Header: r.header(), Tick: &ledger.Tick{}, Resident: list})
	}
	evictAll(r.m)
	wanted := <-r.m.Wanted()
	if len(wanted) != 2 || r.m.Resident(a, 0) {
		t.Fatalf("%v wanted", wanted)
	}
	stop := errors.New("stop")
	if err := r.m.Warm(wanted, func() error { return stop }); !errors.Is(err, stop) {
		t.Fatal(err)
	}
	if err := r.m.Warm(append(wanted, tenancy.IDFromNumber(99)), func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	if !r.m.Resident(a, 0) || !r.m.Resident(b, 0) {
		t.Fatal("not loaded")
	}
	evictAll(r.m)
	r.m.residency.setBudget(1)
	if err := r.m.Warm(wanted, func() error { return nil }); err != nil || r.m.Resident(a, 0) {
		t.Fatalf("loaded beyond the budget (%v)", err)
	}
}
