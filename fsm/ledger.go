package fsm

import (
	"fmt"

	"github.com/tidwall/btree"

	"github.com/hivellm/nexus/graph/store"
	"github.com/hivellm/nexus/tenancy"
	"github.com/hivellm/nexus/tenancy/ledger"
)

// ledgerState is the ledger's part of the state: its rules stand in tenancy/ledger, its records here.
type ledgerState struct {
	cluster *ledger.Cluster // nil before the first tick
	books   *btree.Map[uint64, *ledger.Book]
}

// shown is a copy that is published.
func (l ledgerState) shown() ledgerState { return ledgerState{l.cluster, l.books.Copy()} }

// ledgerClusterSuffix is the suffix of the ledger's one record that is no book; books have their tenant's number.
var ledgerClusterSuffix = []byte("cluster")

// Ledger is what the ledger says at one applied index, with the registry of that index. It implements ledger.View. It is
// immutable, but for StorageBytes, which is that of now. Safe for concurrent use.
//
// A tenant that a hub looks after is found here, with the account it had and StatusDeleted, for as long as its book
// stands: until all leases of it are settled and the hub has acknowledged every month of it.
type Ledger struct {
	cluster   *ledger.Cluster
	books     *btree.Map[uint64, *ledger.Book]
	registry  *Registry
	logTimeMs int64
}

var _ ledger.View = (*Ledger)(nil)

// Ledger returns the newest published state of the ledger.
func (m *Machine) Ledger() *Ledger {
	now := m.published.Load()
	return &Ledger{cluster: now.ledger.cluster, books: now.ledger.books, registry: now.registry, logTimeMs: now.clock.logTimeMs}
}

// LedgerNews signals that the ledger or an account has changed, or may have. It holds one signal, for one who listens.
func (m *Machine) LedgerNews() <-chan struct{} { return m.ledgerNews }

func (m *Machine) tellLedger() {
	select {
	case m.ledgerNews <- struct{}{}:
	default: // one signal waits already
	}
}

// Cluster implements ledger.View.
func (l *Ledger) Cluster() *ledger.Cluster { return l.cluster }

// Book implements ledger.View: nil for a tenant that has not spent anything yet. A month's Seq above its Acked says that
// the hub has not acknowledged all of its Totals.
func (l *Ledger) Book(id tenancy.ID) *ledger.Book {
	b, _ := l.books.Get(id.Number())
	return b
}

// Books visits every book, by tenant, until visit returns false.
func (l *Ledger) Books(visit func(*ledger.Book) bool) {
	l.books.Scan(func(_ uint64, b *ledger.Book) bool { return visit(b) })
}

// Account implements ledger.View.
func (l *Ledger) Account(id tenancy.ID) (*tenancy.Account, bool) {
	return ledgerAccount(l.registry.tenants, l.books, id)
}

// StorageBytes implements ledger.View.
func (l *Ledger) StorageBytes(id tenancy.ID) uint64 { return l.registry.Usage(id).Bytes }

// LogTimeMs implements ledger.View.
func (l *Ledger) LogTimeMs() int64 { return l.logTimeMs }

// ledgerAccount finds an account that the ledger may still write of.
func ledgerAccount(tenants *btree.Map[uint64, *tenant], books *btree.Map[uint64, *ledger.Book], id tenancy.ID) (*tenancy.Account, bool) {
	t, found := tenants.Get(id.Number())
	if !found {
		return nil, false
	}
	if t.account.Status == tenancy.StatusDeleted {
		if _, kept := books.Get(id.Number()); !kept {
			return nil, false
		}
	}
	return t.account, true
}

// ledgerView is the ledger in the middle of a batch.
type ledgerView struct{ *state }

func (v ledgerView) Cluster() *ledger.Cluster { return v.ledger.cluster }

func (v ledgerView) Book(id tenancy.ID) *ledger.Book {
	b, _ := v.ledger.books.Get(id.Number())
	return b
}

func (v ledgerView) Account(id tenancy.ID) (*tenancy.Account, bool) {
	return ledgerAccount(v.tenants, v.ledger.books, id)
}

func (v ledgerView) StorageBytes(id tenancy.ID) uint64 {
	t, found := v.tenants.Get(id.Number())
	if !found {
		return 0
	}
	return t.usage.working.Bytes
}

func (v ledgerView) LogTimeMs() int64 { return v.clock.logTimeMs }

func (b *batch) ledgerTick(c *LedgerTick) Result {
	b.machine.wantResident(c.Resident)
	return Result{Value: b.tick(c.Tick)}
}

// tick applies one step of the ledger, whichever command it came in (what the hub says, turns and acknowledgements, comes in
// commands of its own), and tells which of its items were refused. A tick
// that is not well formed never gets here: no command can be decoded that holds one.
func (b *batch) tick(tick *ledger.Tick) []*ledger.RefusedError {
	change, err := ledger.Apply(ledgerView{b.state}, tick)
	b.must(err)
	b.setLedgerCluster(change.Cluster)
	for _, book := range change.Books {
		b.setBook(book)
	}
	return change.Refused
}

func (b *batch) setLedgerCluster(c *ledger.Cluster) {
	encoded, err := ledger.EncodeCluster(c)
	b.must(err)
	b.records.System().Set(store.Ledger, ledgerClusterSuffix, encoded)
	b.state.ledger.cluster = c
	b.ledgerChanged = true
}

// setBook puts a book into the store and the state; that of a dropped tenant which nobody will ask for again goes.
func (b *batch) setBook(book *ledger.Book) {
	if t, found := b.state.tenants.Get(book.Tenant.Number()); found && t.dropped() && closedForGood(book) {
		b.dropBook(book.Tenant)
		return
	}
	encoded, err := ledger.EncodeBook(book)
	b.must(err)
	b.records.System().Set(store.Ledger, tenantSuffix(book.Tenant), encoded)
	b.state.ledger.books.Set(book.Tenant.Number(), book)
	b.ledgerChanged = true
}

func (b *batch) dropBook(id tenancy.ID) {
	b.records.System().Delete(store.Ledger, tenantSuffix(id))
	b.state.ledger.books.Delete(id.Number())
	b.ledgerChanged = true
}

// closedForGood reports whether all that was spent is settled and acknowledged.
func closedForGood(book *ledger.Book) bool {
	for _, m := range book.Months {
		if !m.Settled() || m.Acked != m.Seq {
			return false
		}
	}
	return true
}

// closeBook is what the ledger does when a tenant is deleted (R20): the book of one that a hub bills stays until the hub has
// it, any other goes at once.
func (b *batch) closeBook(account *tenancy.Account) {
	switch book, found := b.state.ledger.books.Get(account.ID.Number()); {
	case !found:
	case account.UserID == "":
		b.dropBook(account.ID)
	default:
		b.setBook(book)
	}
}

// departed tells the ledger that a member was removed: what its leases leave open counts as spent and unknown.
func (b *batch) departed(nodeID string) {
	if next := b.state.ledger.cluster.Remove(nodeID); next != b.state.ledger.cluster {
		b.setLedgerCluster(next)
	}
}

func (st *state) loadLedger(sys store.System) error {
	return sys.Scan(store.Ledger, nil, func(suffix, value []byte) error {
		if string(suffix) == string(ledgerClusterSuffix) {
			cluster, err := ledger.DecodeCluster(value)
			st.ledger.cluster = cluster
			return err
		}
		book, err := ledger.DecodeBook(value)
		if err != nil {
			return fmt.Errorf("a tenant's book: %w", err)
		}
		if string(tenantSuffix(book.Tenant)) != string(suffix) {
			return malformed("the book of tenant %s under another's key", book.Tenant)
		}
		st.ledger.books.Set(book.Tenant.Number(), book)
		return nil
	})
}
