package meter

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/hivellm/nexus/tenancy/ledger"
)

// ErrNotLeading says that this node plans no ticks: the report belongs to another.
var ErrNotLeading = errors.New("this node does not lead the ledger")

// LeaderConfig is what a leader of the ledger stands on. All fields are needed but Logger.
type LeaderConfig struct {
	View func() View
	// Propose puts a tick into the log in the term that is led, and returns once it is applied here or never will be.
	Propose func(ctx context.Context, tick *ledger.Tick) error
	// MaxStaleness is auth.max_staleness.
	MaxStaleness time.Duration
	Logger       *slog.Logger
}

// Leader plans the ledger's ticks while this node leads. Safe for concurrent use.
type Leader struct {
	config LeaderConfig
	began  time.Time
	woken  chan struct{}

	mu      sync.Mutex
	planner *ledger.Planner // guarded by mu; nil while this node does not lead
}

// NewLeader makes a leader that leads nothing yet.
func NewLeader(c LeaderConfig) *Leader {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &Leader{config: c, began: time.Now(), woken: make(chan struct{}, 1)}
}

func (l *Leader) now() int64 { return int64(time.Since(l.began)) + 1 }

// Report takes a node's report: ErrNotLeading where this node plans nothing, ledger.ErrBusy where too many wait. from is
// the node that sent it.
func (l *Leader) Report(from string, encoded []byte) error {
	r, err := ledger.DecodeReport(encoded)
	if err != nil {
		return err
	}
	if r.Node != from {
		return errors.New("a report in another node's name")
	}
	return l.tell(func(p *ledger.Planner) error { return p.Report(r, l.now()) })
}

// Turn passes a hub's word on that a tenant's period begins, Ack one that it has a usage row. Both as Report.
func (l *Leader) Turn(t ledger.Turn) error {
	return l.tell(func(p *ledger.Planner) error { return p.Turn(t) })
}

// Ack is told at Turn.
func (l *Leader) Ack(a ledger.Ack) error {
	return l.tell(func(p *ledger.Planner) error { return p.Ack(a) })
}

func (l *Leader) tell(word func(*ledger.Planner) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.planner == nil {
		return ErrNotLeading
	}
	err := word(l.planner)
	l.Wake()
	return err
}

// Wake lets the leader look again: the machine has changed.
func (l *Leader) Wake() {
	select {
	case l.woken <- struct{}{}:
	default: // one signal waits already
	}
}

// Lead plans ticks until the context ends: with the term, once its TermStart is applied here. One tick is on its way at a
// time; where there is nothing to say there is none.
func (l *Leader) Lead(ctx context.Context) {
	l.mu.Lock()
	own := ledger.NewPlanner(l.config.MaxStaleness, l.now())
	l.planner = own
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.planner == own { // else the next term has begun
			l.planner = nil
		}
	}()
	for ctx.Err() == nil {
		tick, wait := l.next(own)
		if tick == nil {
			l.pause(ctx, wait)
			continue
		}
		if err := l.config.Propose(ctx, tick); err != nil && ctx.Err() == nil {
			l.config.Logger.Debug("a tick of the ledger was not applied", "error", err)
			l.pause(ctx, int64(ledger.TickEvery/20)) // reports come again: they are cumulative
		}
	}
}

// next is the tick that is due, or how long there will be none.
func (l *Leader) next(p *ledger.Planner) (tick *ledger.Tick, wait int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	view, now := l.config.View(), l.now()
	p.Observe(view.Cluster(), now)
	at, due := p.Due(view, now)
	switch {
	case !due:
		return nil, int64(time.Hour)
	case at > now:
		return nil, at - now
	}
	if tick = p.Plan(view, now); tick == nil {
		return nil, int64(ledger.TickEvery)
	}
	return tick, 0
}

// pause waits for a word, or until a time has passed.
func (l *Leader) pause(ctx context.Context, wait int64) {
	timer := time.NewTimer(time.Duration(wait))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-l.woken:
	case <-ctx.Done():
	}
}
