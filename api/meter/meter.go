package meter

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hivellm/nexus/tenancy"
	"github.com/hivellm/nexus/tenancy/ledger"
)

// View is what the machine publishes of the ledger.
type View interface {
	ledger.View
	// Books visits every book, by tenant, until visit returns false.
	Books(visit func(*ledger.Book) bool)
}

// Config is what a meter stands on. All fields are needed but Logger.
type Config struct {
	// Dir is the folder of the spending files: this node's own, and nothing else in it.
	Dir string
	// Node and Cluster are the ids of both.
	Node, Cluster string
	// View is the newest published state; News signals that it may have changed.
	View func() View
	News <-chan struct{}
	// Report takes a report to the leader. It is called from one goroutine.
	Report func(ctx context.Context, encoded []byte) error
	// HasLeader tells whether there is a leader; Draining whether this node shall give back what it holds.
	HasLeader, Draining func() bool
	// NowMs is the wall clock, in Unix milliseconds: it names this process, no more.
	NowMs  func() int64
	Logger *slog.Logger
}

const (
	shards = 256
	// roundEvery is the pace of what has no signal of its own.
	roundEvery = ledger.TickEvery
	// reportTimeout bounds one report's way to the leader.
	reportTimeout = 2 * time.Second
)

// Meter counts what tenants spend on this node, by what the ledger lets it. Safe for concurrent use. Close ends it.
type Meter struct {
	config Config
	header header
	began  time.Time

	shards [shards]atomic.Pointer[map[tenancy.ID]*Tenant]
	// endsNs is when this node's lease ends, by the meter's clock.
	endsNs atomic.Int64
	asked  chan struct{}
	stop   context.CancelFunc
	owned  sync.WaitGroup
	counts counts

	mu sync.Mutex // guards all below, and the control part of every tenant
	// tenants are those of shards, in the order they came.
	tenants []*Tenant
	file    *file
	pasts   []past
	settled bool // nothing is left of earlier processes
	clock   ledger.Clock
	seq     uint64 // of the last report
	sending bool
	allDue  bool // a report of all that there is to say is due
	closed  bool
}

// counts are figures for metrics.
type counts struct{ reports, failed, rateRefused, periodRefused atomic.Uint64 }

// Open reads what earlier processes of this node spent, makes this one's file, and begins to follow the machine.
func Open(c Config) (*Meter, error) {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the spending files: %w", err)
	}
	m := &Meter{config: c, began: time.Now(), asked: make(chan struct{}, 1), header: header{node: c.Node, cluster: c.Cluster, boot: bootID()}}
	var err error
	if m.pasts, err = readPast(c.Dir, m.header, c.Logger); err != nil {
		return nil, err
	}
	m.header.incarnation = m.nextIncarnation()
	name := fileName + strconv.FormatUint(m.header.incarnation, 10)
	if m.file, err = create(filepath.Join(c.Dir, name), m.header); err != nil {
		return nil, err
	}
	for i := range m.shards {
		m.shards[i].Store(&map[tenancy.ID]*Tenant{})
	}
	ctx, cancel := context.WithCancel(context.Background())
	m.stop = cancel
	m.owned.Go(func() { m.run(ctx) })
	return m, nil
}

// nextIncarnation is above every process that this node had: those whose files are here, the one that the ledger knows,
// and, should both be lost, by the wall clock.
func (m *Meter) nextIncarnation() uint64 {
	last := uint64(max(m.config.NowMs(), 1))
	for _, p := range m.pasts {
		last = max(last, p.incarnation+1)
	}
	if node, found := m.config.View().Cluster().NodeByID(m.config.Node); found {
		last = max(last, node.Incarnation+1)
	}
	return last
}

// now is the meter's own monotonic clock, in nanoseconds, from 1.
func (m *Meter) now() int64 { return int64(time.Since(m.began)) + 1 }

// Close stops counting and writes the file to the disk. Requests that come after it are not counted.
func (m *Meter) Close() error {
	m.stop()
	m.owned.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil
	}
	m.closed = true
	for _, t := range m.tenants {
		old := t.month.Swap(deadMonth(t.control.slot.Period))
		old.drained()
	}
	return m.file.close()
}

// deadMonth takes counts that nobody reads: of a tenant that is gone, or of a meter that is closed.
func deadMonth(period ledger.Period) *month { return &month{period: period, slot: &slot{}} }

// shard is where a tenant is found.
func (m *Meter) shard(id tenancy.ID) *atomic.Pointer[map[tenancy.ID]*Tenant] {
	return &m.shards[id.Number()%shards]
}

// Tenant finds a tenant's meter, or begins one: ErrFull where this node's file has no room, ErrClosed once it stops, and
// ledger.ErrTenant for a tenant that is not there.
func (m *Meter) Tenant(id tenancy.ID) (*Tenant, error) {
	if t := (*m.shard(id).Load())[id]; t != nil {
		return t, nil
	}
	return m.begin(id)
}

func (m *Meter) begin(id tenancy.ID) (*Tenant, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	shard := m.shard(id)
	if t := (*shard.Load())[id]; t != nil {
		return t, nil
	}
	if m.closed {
		return nil, ErrClosed
	}
	view, now := m.config.View(), m.now()
	h, ok := ledger.HoldingOf(view, m.header.node, m.header.incarnation, id)
	if account, _ := view.Account(id); !ok || account.Status == tenancy.StatusDeleted {
		return nil, ledger.ErrTenant
	}
	t := &Tenant{id: id, meter: m}
	t.control.slot = ledger.NewSlot(id, h.Period, m.header.incarnation)
	opened, err := m.month(id, h.Period)
	if err != nil {
		return nil, err
	}
	t.month.Store(opened)
	t.lastNs.Store(now)
	m.follow(t, view, now)
	m.tenants = append(m.tenants, t)
	m.reshape(shard, func(next map[tenancy.ID]*Tenant) { next[id] = t })
	return t, nil
}

// month opens a slot of the file.
func (m *Meter) month(id tenancy.ID, period ledger.Period) (*month, error) {
	s, err := m.file.take()
	if err != nil {
		return nil, err
	}
	s.name(id, period, m.header.incarnation)
	return &month{period: period, slot: s}, nil
}

// reshape shows another map of a shard: those who read have the old one or the new.
func (m *Meter) reshape(shard *atomic.Pointer[map[tenancy.ID]*Tenant], change func(map[tenancy.ID]*Tenant)) {
	old := *shard.Load()
	next := make(map[tenancy.ID]*Tenant, len(old)+1)
	for id, t := range old {
		next[id] = t
	}
	change(next)
	shard.Store(&next)
}

// ask wants the leader asked for a tenant at once.
func (m *Meter) ask(t *Tenant) {
	t.waits.asking.Store(true)
	m.wake()
}

func (m *Meter) wake() {
	select {
	case m.asked <- struct{}{}:
	default: // one signal waits already
	}
}

// run is the control path.
func (m *Meter) run(ctx context.Context) {
	every := time.NewTicker(roundEvery)
	defer every.Stop()
	for {
		all := false
		select {
		case <-ctx.Done():
			return
		case <-m.config.News:
		case <-m.asked:
		case <-every.C:
			all = true
		}
		if reports := m.round(all); len(reports) > 0 {
			m.owned.Go(func() { m.send(ctx, reports) })
		}
	}
}

// send takes a round's reports to the leader, in order.
func (m *Meter) send(ctx context.Context, reports [][]byte) {
	for _, encoded := range reports {
		m.counts.reports.Add(1)
		ctx, cancel := context.WithTimeout(ctx, reportTimeout)
		err := m.config.Report(ctx, encoded)
		cancel()
		if err != nil {
			m.counts.failed.Add(1)
			if !errors.Is(err, context.Canceled) {
				m.config.Logger.Debug("a report of what was spent did not arrive", "error", err)
			}
		}
	}
	m.mu.Lock()
	m.sending = false
	m.mu.Unlock()
	m.wake()
}
