package fsm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	hraft "github.com/hashicorp/raft"
	"github.com/tidwall/btree"

	"github.com/hivellm/nexus/fsm/snapshot"
	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/store"
	"github.com/hivellm/nexus/tenancy"
)

// StoreOptions tune the store. Its name stands here because only this package and graph may know the store's (LAW 3).
type StoreOptions = store.Options

// Config is what Open needs.
type Config struct {
	// Dir is the machine's own directory: the live store and the snapshots.
	Dir string
	// ClusterID is the cluster that the node's files say; a snapshot of another one is refused. "" checks nothing.
	ClusterID string
	Logger    *slog.Logger
	Store     StoreOptions
	// MemoryBudgetBytes bounds what the databases in memory take together; 0 = no bound.
	MemoryBudgetBytes uint64
	// Fatal ends the process: the machine cannot go on at an index. It should not return; nil or returning panics.
	Fatal func(index uint64, err error)
}

// Machine is the replicated state machine. Raft calls Apply, ApplyBatch, Snapshot and Restore; everything else is safe
// for concurrent use.
type Machine struct {
	config    Config
	live      *store.Live
	snapshots *snapshot.Store
	watches   *watches
	offers    *offers
	voted     marks
	scrub     scrub
	progress  progress
	damaged   chan struct{}
	residency residency
	lost      atomic.Bool // writes were passed over

	published atomic.Pointer[published]

	// handles guards store: readers of the store hold it shared, Restore and Close alone. Taken before apply.
	handles sync.RWMutex
	store   *store.Store // nil once closed

	// apply is held for a batch (R21). It guards state and what database says.
	apply sync.Mutex
	state *state
	// unbuilt are the databases in memory that lack indexes; guarded by apply. indexWork is told when one is added.
	unbuilt   []*database
	indexWork chan struct{}
	// ledgerNews and wanted are told by apply; each holds one.
	ledgerNews chan struct{}
	wanted     chan []tenancy.ID
	// disagreements are the last ones found by digest marks; guarded by apply.
	disagreements []Disagreement
}

var _ hraft.BatchingFSM = (*Machine)(nil)

// published is what readers see of the machine, at one applied index.
type published struct {
	applied  uint64
	cluster  clusterRecord
	clock    clockRecord
	registry *Registry
	members  *btree.Map[string, memberMark]
	ledger   ledgerState
	hub      hubState
	audit    auditState
}

// Open opens the machine in its directory, or makes an empty one.
func Open(config Config) (*Machine, error) {
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if config.Store.Logger == nil {
		config.Store.Logger = config.Logger
	}
	m := newMachine(config)
	files := config.Store.Files()
	if err := files.MakeDir(config.Dir); err != nil {
		return nil, fmt.Errorf("make the machine's directory: %w", err)
	}
	var err error
	if m.snapshots, err = snapshot.Open(files, files.Join(config.Dir, "snapshots")); err != nil {
		return nil, err
	}
	m.live = store.NewLive(config.Dir, config.Store)
	opened, err := m.live.Open(config.Store)
	if err != nil {
		return nil, err
	}
	if m.state, err = loadState(opened); err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	m.store = opened
	applied, _ := opened.Applied()
	m.publishAll(applied)
	m.watches.endAll(OutcomeSnapshot, m.state.clock.term) // nobody watches yet: it sets the term
	return m, nil
}

func newMachine(config Config) *Machine {
	m := &Machine{
		config: config, watches: newWatches(), offers: newOffers(), damaged: make(chan struct{}, 1), indexWork: make(chan struct{}, 1),
		ledgerNews: make(chan struct{}, 1), wanted: make(chan []tenancy.ID, 1),
	}
	m.residency.setBudget(config.MemoryBudgetBytes)
	return m
}

// Close tells the watches and closes the store with a flush. Raft must be shut down before.
func (m *Machine) Close() error {
	m.watches.endAll(OutcomeClosed, 0)
	m.handles.Lock()
	defer m.handles.Unlock()
	m.apply.Lock()
	defer m.apply.Unlock()
	if m.store == nil {
		return nil
	}
	err := errors.Join(m.scrub.end(), m.store.Close())
	m.store = nil
	return err
}

// Applied returns the index of the last entry whose effect is published.
func (m *Machine) Applied() uint64 { return m.published.Load().applied }

// AppliedTerm returns the term of the last TermStart applied in an entry of its own term, 0 before the first.
func (m *Machine) AppliedTerm() uint64 { return m.published.Load().clock.term }

// TermIndex returns the index of that TermStart.
func (m *Machine) TermIndex() uint64 { return m.published.Load().clock.termIndex }

// LogTimeMs returns log time in Unix milliseconds (R29).
func (m *Machine) LogTimeMs() int64 { return m.published.Load().clock.logTimeMs }

// ClusterID returns the id that ClusterInit gave, "" before it.
func (m *Machine) ClusterID() string { return m.published.Load().cluster.id }

// Epoch returns how often the cluster was recovered from a backup.
func (m *Machine) Epoch() uint32 { return m.published.Load().cluster.epoch }

// FeatureLevel returns the level that the leader may propose (R17).
func (m *Machine) FeatureLevel() uint32 { return m.published.Load().cluster.featureLevel }

// MaxDatabaseBytes returns what one database may hold in storage bytes.
func (m *Machine) MaxDatabaseBytes() uint64 { return m.published.Load().cluster.maxDatabaseBytes }

// Registry returns the newest published snapshot of tenants, keys and databases.
func (m *Machine) Registry() *Registry { return m.published.Load().registry }

// Snapshots returns the store of Raft's snapshots.
func (m *Machine) Snapshots() hraft.SnapshotStore { return m.snapshots }

// DiskUsage returns how many bytes of disk the live store takes.
func (m *Machine) DiskUsage() uint64 {
	m.handles.RLock()
	defer m.handles.RUnlock()
	if m.store == nil {
		return 0
	}
	return m.store.DiskUsage()
}

// WaitApplied returns once Applied is at least index, or with the context's cause.
func (m *Machine) WaitApplied(ctx context.Context, index uint64) error {
	return m.progress.wait(ctx, func() bool { return m.Applied() >= index })
}

// WaitTerm returns the term of the last TermStart applied, once it is above after.
func (m *Machine) WaitTerm(ctx context.Context, after uint64) (uint64, error) {
	err := m.progress.wait(ctx, func() bool { return m.AppliedTerm() > after })
	return m.AppliedTerm(), err
}

// Meta returns the figures of a database's applied version, without loading it.
func (m *Machine) Meta(t tenancy.ID, db tenancy.DatabaseID) (graph.Meta, error) {
	d := m.Registry().find(place{t, db})
	if d == nil {
		return graph.Meta{}, ErrDatabaseUnknown
	}
	return d.published.Load().meta, nil
}

// Digests returns the figures of all databases, by tenant and number, at one applied index. Where this node found its
// records damaged, the digest is theirs and not what the meta record says.
func (m *Machine) Digests() (applied uint64, list []DatabaseDigest) {
	m.apply.Lock()
	defer m.apply.Unlock()
	now := m.published.Load()
	now.registry.tenants.Scan(func(_ uint64, t *tenant) bool {
		for _, d := range t.databases {
			list = append(list, digestOf(d))
		}
		return true
	})
	return now.applied, list
}

// publishAll shows the whole state as it stands at an applied index. It needs apply, or nobody else yet.
func (m *Machine) publishAll(applied uint64) {
	m.publish(applied, &Registry{
		ready: m.state.cluster.id != "", tenants: m.state.tenants.Copy(), keys: m.state.keys.Copy(),
	}, m.state.members.Copy(), m.state.ledger.shown(), m.state.hub.copied())
	m.tellLedger()
}

func (m *Machine) publish(applied uint64, registry *Registry, members *btree.Map[string, memberMark], books ledgerState, hub hubState) {
	m.published.Store(&published{
		applied: applied, cluster: m.state.cluster, clock: m.state.clock, registry: registry, members: members,
		ledger: books, hub: hub, audit: m.state.audit,
	})
	m.progress.broadcast()
}

// fail stops the node: it cannot go on at an index. It does not return.
func (m *Machine) fail(index uint64, err error) {
	m.config.Logger.Error("the state machine cannot go on", "index", index, "error", err.Error())
	if m.config.Fatal != nil {
		m.config.Fatal(index, err)
	}
	panic(&fatalError{index, err})
}

// fatalError is what fail panics with.
type fatalError struct {
	index uint64
	err   error
}

// Error implements error.
func (e *fatalError) Error() string {
	return fmt.Sprintf("state machine stopped at index %d: %v", e.index, e.err)
}

// progress lets readers wait for what is published.
type progress struct {
	mu      sync.Mutex
	changed chan struct{} // guarded by mu; nil while nobody waits; closed by the next broadcast
}

func (p *progress) broadcast() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.changed != nil {
		close(p.changed)
		p.changed = nil
	}
}

// next is closed by the next broadcast.
func (p *progress) next() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.changed == nil {
		p.changed = make(chan struct{})
	}
	return p.changed
}

func (p *progress) wait(ctx context.Context, reached func() bool) error {
	for !reached() {
		changed := p.next()
		if reached() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}
