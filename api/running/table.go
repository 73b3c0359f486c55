package running

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hivellm/nexus/tenancy"
)

// Config bounds what runs. Zero values mean the defaults.
type Config struct {
	// PerTenant is how many queries of one tenant are under way at once, QueuePerTenant how many more wait.
	PerTenant, QueuePerTenant int
	// Total is how many are under way on the node.
	Total int
	// MemoryBytes is what all queries may hold together.
	MemoryBytes int64
	// Turns is how many long queries run at a time.
	Turns int
}

// The defaults.
const (
	DefaultPerTenant      = 256
	DefaultQueuePerTenant = 256
	DefaultTotal          = 1536
	DefaultMemoryBytes    = 512 << 20
)

// judgeEvery is how often it is looked whether the registry has changed.
const judgeEvery = 100 * time.Millisecond

// Table is what runs on a node. Safe for concurrent use.
type Table struct {
	config Config
	turns  turns

	mu      sync.Mutex // guards all below
	queries map[uint64]*Query
	tenants map[tenancy.ID]*tenant
	queued  int    // of the queries, those that wait for a place
	last    uint64 // number
	held    int64  // bytes of all queries

	counts counts
}

// counts are figures since the start.
type counts struct{ started, killed, revoked, refused, queued, overMemory atomic.Uint64 }

// Figures are what a table tells of itself.
type Figures struct {
	// Running are under way; Queued wait for a place; LongRunning hold a turn and LongWaiting wait for one.
	Running, Queued, LongRunning, LongWaiting int
	MemoryBytes                               int64
	// The rest counts since the start: begun, killed, ended by the registry, refused for a full queue, made to wait for a
	// place, ended for the node's memory.
	Started, Killed, Revoked, Refused, Waited, OverMemory uint64
}

// NewTable makes an empty table.
func NewTable(c Config) *Table {
	for _, f := range []struct {
		of *int
		or int
	}{{&c.PerTenant, DefaultPerTenant}, {&c.QueuePerTenant, DefaultQueuePerTenant}, {&c.Total, DefaultTotal}, {&c.Turns, 1}} {
		if *f.of <= 0 {
			*f.of = f.or
		}
	}
	if c.MemoryBytes <= 0 {
		c.MemoryBytes = DefaultMemoryBytes
	}
	return &Table{
		config: c, turns: turns{free: c.Turns, most: c.Turns, holders: map[*Query]struct{}{}},
		queries: map[uint64]*Query{}, tenants: map[tenancy.ID]*tenant{},
	}
}

// ticket waits for a place.
type ticket struct {
	query *Query
	given chan struct{} // closed with the place
}

// Begin gives a query its place, at once or after a wait in its tenant's queue. The query runs under the context that is
// returned, whose cause tells why it was ended. The error is ErrFull or the context's cause.
func (t *Table) Begin(ctx context.Context, spec Spec) (context.Context, *Query, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	q := &Query{spec: spec, started: time.Now(), table: t, context: ctx, cancel: cancel}
	wait, err := t.enter(q)
	if err != nil {
		cancel(err)
		return nil, nil, err
	}
	if wait == nil {
		return ctx, q, nil
	}
	select {
	case <-wait.given:
		return ctx, q, nil
	case <-ctx.Done():
		t.leave(wait)
		return nil, nil, context.Cause(ctx)
	}
}

// enter lists the query, and gives it a place if there is one.
func (t *Table) enter(q *Query) (*ticket, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	owner := t.tenants[q.spec.Tenant]
	if owner == nil {
		owner = &tenant{id: q.spec.Tenant, counted: q.started}
		t.tenants[owner.id] = owner
	}
	q.tenant = owner
	free := len(t.queries)-t.queued < t.config.Total && owner.running < t.config.PerTenant && len(owner.waiting) == 0
	if !free && len(owner.waiting) >= t.config.QueuePerTenant {
		t.counts.refused.Add(1)
		return nil, ErrFull
	}
	t.last++
	q.number = t.last
	t.queries[q.number] = q
	t.counts.started.Add(1)
	if free {
		owner.running++
		return nil, nil
	}
	t.queued++
	t.counts.queued.Add(1)
	wait := &ticket{query: q, given: make(chan struct{})}
	owner.waiting = append(owner.waiting, wait)
	return wait, nil
}

// leave takes back a query that waited in vain.
func (t *Table) leave(wait *ticket) {
	t.mu.Lock()
	defer t.mu.Unlock()
	owner := wait.query.tenant
	if i := slices.Index(owner.waiting, wait); i >= 0 {
		owner.waiting = slices.Delete(owner.waiting, i, i+1)
		t.queued--
	} else { // it got its place meanwhile
		owner.running--
	}
	t.forget(wait.query)
	t.promote()
}

func (t *Table) end(q *Query) {
	q.cancel(context.Canceled) // only the first cause counts
	if q.long.Load() {
		t.turns.leave(q)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	q.tenant.running--
	t.forget(q)
	t.promote()
}

// forget needs mu.
func (t *Table) forget(q *Query) {
	delete(t.queries, q.number)
	held := q.memory.Swap(0)
	t.held -= held
	q.tenant.held -= held
}

// promote gives free places to those who wait: first to the tenant with the fewest queries under way. Needs mu.
func (t *Table) promote() {
	for t.queued > 0 && len(t.queries)-t.queued < t.config.Total {
		var next *tenant
		for _, owner := range t.tenants {
			if len(owner.waiting) > 0 && owner.running < t.config.PerTenant && (next == nil || owner.running < next.running) {
				next = owner
			}
		}
		if next == nil {
			return
		}
		close(next.waiting[0].given)
		next.waiting = slices.Delete(next.waiting, 0, 1)
		next.running++
		t.queued--
	}
}

// hold notes what a query holds. When all hold too much together, those of a tenant that holds more than its part end.
func (t *Table) hold(q *Query, memory int64) error {
	before := q.memory.Load()
	if memory == before {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	q.memory.Store(memory)
	t.held += memory - before
	q.tenant.held += memory - before
	if t.held <= t.config.MemoryBytes || memory <= before {
		return nil
	}
	holding := int64(0)
	for _, owner := range t.tenants {
		if owner.held > 0 {
			holding++
		}
	}
	if q.tenant.held <= t.config.MemoryBytes/holding {
		return nil
	}
	t.counts.overMemory.Add(1)
	return ErrMemory
}

// Kill ends a query; false when none has the number. One that runs elsewhere is ended there.
func (t *Table) Kill(number uint64) bool {
	t.mu.Lock()
	q := t.queries[number]
	t.mu.Unlock()
	if q == nil || q.State() == Elsewhere {
		return false
	}
	t.counts.killed.Add(1)
	q.cancel(ErrKilled)
	return true
}

// List tells what is under way here, the oldest first.
func (t *Table) List() []Info {
	list := make([]Info, 0)
	for _, q := range t.all() {
		if q.State() != Elsewhere {
			list = append(list, q.info())
		}
	}
	return list
}

func (t *Table) all() []*Query {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := make([]*Query, 0, len(t.queries))
	for _, q := range t.queries {
		list = append(list, q)
	}
	slices.SortFunc(list, func(a, b *Query) int { return int(int64(a.number - b.number)) })
	return list
}

// Figures tells how much is under way.
func (t *Table) Figures() Figures {
	f := Figures{
		Started: t.counts.started.Load(), Killed: t.counts.killed.Load(), Revoked: t.counts.revoked.Load(),
		Refused: t.counts.refused.Load(), Waited: t.counts.queued.Load(), OverMemory: t.counts.overMemory.Load(),
	}
	f.LongRunning, f.LongWaiting = t.turns.figures()
	t.mu.Lock()
	defer t.mu.Unlock()
	f.Queued, f.MemoryBytes = t.queued, t.held
	f.Running = len(t.queries) - t.queued
	return f
}

// Watch ends, until ctx does, what may not go on. changed is asked often and tells whether there is anything to judge
// anew; may returns the reason to end a query, or nil.
func (t *Table) Watch(ctx context.Context, changed func() bool, may func(Spec) error) {
	tick := time.NewTicker(judgeEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if changed() {
			t.judge(may)
		}
		t.sweep()
	}
}

// judge ends the queries that may not go on. Those that run elsewhere are judged there.
func (t *Table) judge(may func(Spec) error) {
	for _, q := range t.all() {
		if q.State() == Elsewhere || q.Ended() != nil {
			continue
		}
		if err := may(q.spec); err != nil {
			t.counts.revoked.Add(1)
			q.cancel(err)
		}
	}
}

// sweep forgets tenants of which nothing is left to know.
func (t *Table) sweep() {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	for id, owner := range t.tenants {
		if owner.running == 0 && len(owner.waiting) == 0 && owner.rested(now) {
			delete(t.tenants, id)
		}
	}
}
