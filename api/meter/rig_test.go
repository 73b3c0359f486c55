package meter

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hivellm/nexus/tenancy"
	"github.com/hivellm/nexus/tenancy/ledger"
)

const testTimeMs = 1_800_000_000_000

// rig is a cluster of meters over one machine that applies at once. Its leader may be away, its nodes cut off.
type rig struct {
	t      *testing.T
	dir    string
	leader *Leader
	endsAt context.CancelFunc
	led    sync.WaitGroup

	mu    sync.Mutex
	state *state
	nodes []*node
	ticks int
	away  bool
}

// state is the machine's, immutable once shown.
type state struct {
	cluster  *ledger.Cluster
	books    []*ledger.Book
	accounts []*tenancy.Account
	timeMs   int64
}

func (s *state) Cluster() *ledger.Cluster       { return s.cluster }
func (s *state) StorageBytes(tenancy.ID) uint64 { return 7 }
func (s *state) LogTimeMs() int64               { return s.timeMs }
func (s *state) Books(f func(*ledger.Book) bool) {
	_ = !slices.ContainsFunc(s.books, func(b *ledger.Book) bool { return !f(b) })
}
func (s *state) Book(id tenancy.ID) *ledger.Book {
	if i := slices.IndexFunc(s.books, func(b *ledger.Book) bool { return b.Tenant == id }); i >= 0 {
		return s.books[i]
	}
	return nil
}

func (s *state) Account(id tenancy.ID) (*tenancy.Account, bool) {
	if i := slices.IndexFunc(s.accounts, func(a *tenancy.Account) bool { return a.ID == id }); i >= 0 {
		return s.accounts[i], true
	}
	return nil, false
}

// node is a meter with what it stands on.
type node struct {
	*Meter
	rig      *rig
	id       string
	news     chan struct{}
	cut      bool
	draining bool
}

// newRig starts n meters with a leader.
func newRig(t *testing.T, n int, accounts ...*tenancy.Account) *rig {
	r := &rig{t: t, dir: t.TempDir(), state: &state{timeMs: testTimeMs, accounts: accounts}}
	r.leader = NewLeader(LeaderConfig{View: r.view, Propose: r.propose, MaxStaleness: 10 * time.Second})
	r.lead()
	for i := range n {
		r.nodes = append(r.nodes, &node{rig: r, id: fmt.Sprintf("n%d", i+1)})
		r.nodes[i].open()
	}
	return r
}

func account(number uint64, change func(*tenancy.Limits)) *tenancy.Account {
	_, limits, err := tenancy.ResolveLimits(tenancy.PlanUnlimited, tenancy.Limits{})
	if err != nil {
		panic(err)
	}
	change(&limits)
	return &tenancy.Account{ID: tenancy.IDFromNumber(number), Name: fmt.Sprint("t", number), Plan: "p", Status: tenancy.StatusActive, Limits: limits, CreatedAtMs: testTimeMs}
}

func monthly(number, requests uint64) *tenancy.Account {
	return account(number, func(l *tenancy.Limits) { l.RequestsPerMonth = tenancy.LimitOf(requests) })
}

func (r *rig) view() View {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state
}

func (r *rig) propose(_ context.Context, tick *ledger.Tick) error {
	r.mu.Lock()
	r.ticks++
	change, err := ledger.Apply(r.state, tick)
	r.mu.Unlock()
	if err != nil {
		return err
	}
	r.change(func(s *state) {
		s.cluster = change.Cluster
		for _, b := range change.Books {
			s.books = slices.DeleteFunc(s.books, func(o *ledger.Book) bool { return o.Tenant == b.Tenant })
			s.books = append(s.books, b)
		}
	})
	return nil
}

// change applies an entry of the log, and tells everybody.
func (r *rig) change(do func(*state)) {
	r.mu.Lock()
	next := *r.state
	next.books, next.accounts = slices.Clone(next.books), slices.Clone(next.accounts)
	do(&next)
	r.state = &next
	nodes := slices.Clone(r.nodes)
	r.mu.Unlock()
	r.leader.Wake()
	for _, n := range nodes {
		select {
		case n.news <- struct{}{}:
		default:
		}
	}
}

// lead begins a term; the leader leads until depose.
func (r *rig) lead() {
	ctx, cancel := context.WithCancel(context.Background())
	r.endsAt = cancel
	r.led.Go(func() { r.leader.Lead(ctx) })
	r.setAway(false)
}

func (r *rig) depose() {
	r.endsAt()
	r.led.Wait()
	r.setAway(true)
}

func (r *rig) setAway(away bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.away = away
}

func (r *rig) hasLeader() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.away
}

func (n *node) open() {
	n.rig.t.Helper()
	if err := n.reopen(); err != nil {
		n.rig.t.Fatal(err)
	}
}

func (n *node) reopen() error {
	n.news = make(chan struct{}, 1)
	m, err := Open(Config{
		Dir: filepath.Join(n.rig.dir, n.id), Node: n.id, Cluster: "c", View: n.rig.view, News: n.news, HasLeader: n.rig.hasLeader,
		Draining: func() bool { return n.isSet(&n.draining) }, NowMs: func() int64 { return time.Now().UnixMilli() },
		Report: func(_ context.Context, encoded []byte) error {
			if n.isSet(&n.cut) {
				return errors.New("cut off")
			}
			return n.rig.leader.Report(n.id, encoded)
		},
	})
	n.Meter = m
	return err
}

func (n *node) isSet(flag *bool) bool {
	n.rig.mu.Lock()
	defer n.rig.mu.Unlock()
	return *flag
}

func (n *node) set(flag *bool, to bool) {
	n.rig.mu.Lock()
	defer n.rig.mu.Unlock()
	*flag = to
}

// kill ends a process as kill -9 does: what it mapped stays as it is, and nobody says goodbye.
func (n *node) kill() {
	n.stop()
	n.owned.Wait()
}

// close ends the rig.
func (r *rig) close() {
	for _, n := range r.nodes {
		if err := n.Close(); err != nil {
			r.t.Error(err)
		}
	}
	r.depose()
}

func (r *rig) used(id tenancy.ID) ledger.Totals {
	var sum ledger.Totals
	if b := r.view().Book(id); b != nil {
		for _, m := range b.Months {
			sum.Requests += m.Totals.Requests
			sum.Writes += m.Totals.Writes
			sum.Reads += m.Totals.Reads
			sum.RowsOut += m.Totals.RowsOut
			sum.BytesOut += m.Totals.BytesOut
			sum.ComputeMs += m.Totals.ComputeMs
		}
	}
	return sum
}

// ask is one request at a node's door.
func (n *node) ask(id tenancy.ID, write bool) error {
	t, err := n.Tenant(id)
	if err != nil {
		return err
	}
	if err := t.Rate(context.Background()); err != nil {
		return err
	}
	return t.Spend(context.Background(), write)
}

// awaitReal waits in real time, for tests outside a bubble.
func awaitReal(t *testing.T, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for every := time.NewTicker(5 * time.Millisecond); ; <-every.C {
		if holds() {
			every.Stop()
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
	}
}
