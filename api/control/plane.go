package control

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/hivehub"
	"github.com/hivellm/nexus/raft"
	"github.com/hivellm/nexus/raft/peer"
	"github.com/hivellm/nexus/tenancy"
)

const (
	// DefaultRetention is how long a deleted user's data stays.
	DefaultRetention = 7 * 24 * time.Hour
	// sweepEvery is how often the leader looks whether such data may go.
	sweepEvery = time.Minute
	// pullTimeout bounds a pull that an event asks for.
	pullTimeout = 20 * time.Second
)

// Settings are what an operator decides. Zeros stand for the defaults.
type Settings struct {
	// Client speaks to the hub; the plane closes it. It is needed.
	Client *hivehub.Client
	// Verifier judges pushed events; nil refuses them all.
	Verifier         *hivehub.Verifier
	Poll, UsageEvery time.Duration
	Windows          hivehub.Windows
	// Expired says what goes on when the state is expired.
	Expired Policies
	// Retention is how long a deleted user's data stays.
	Retention time.Duration
}

// Node is what a plane needs of the group.
type Node interface {
	Self() raft.Contact
	Leader() (raft.Contact, bool)
	Call(ctx context.Context, nodeID, method string, request []byte) ([]byte, error)
	HandleCall(method string, admission peer.Admission, handler peer.CallHandler)
	WaitApplied(ctx context.Context, index uint64) error
}

// Config is what a plane stands on.
type Config struct {
	Settings
	Machine *fsm.Machine
	Node    Node
	// Command proposes a system command in the term that this node leads, and waits for its fate.
	Command func(ctx context.Context, make func(fsm.Header) fsm.Command) (fsm.Result, error)
	Logger  *slog.Logger
}

// Plane is a node's side of the control plane. Its methods may be called at the same time.
type Plane struct {
	config     Config
	hub        fsm.Hub
	reconciler *hivehub.Reconciler
	learner    *hivehub.Learner
	logger     *slog.Logger
	end        context.CancelFunc
	counts     counts
	state      atomic.Pointer[hivehub.State] // the one logged last
	leading    sync.Mutex                    // held while Lead runs: a term's run ends before the next begins
}

type counts struct{ events, eventsRefused, learnQuestions, expiredRefusals, dropped atomic.Uint64 }

// Counts are what this node's side did since it started, for metrics.
type Counts struct {
	// Events that were signed and acted on, and those refused.
	Events, EventsRefused uint64
	// LearnQuestions that this node asked about keys it did not know.
	LearnQuestions uint64
	// ExpiredRefusals of calls because the last pull is too old.
	ExpiredRefusals uint64
	// Dropped tenants whose users were deleted long enough ago, by this node as the leader.
	Dropped uint64
}

// New makes a plane and registers what peers may ask of it; nothing is asked of the hub before Lead.
func New(c Config) (*Plane, error) {
	if c.Retention == 0 {
		c.Retention = DefaultRetention
	}
	if c.Windows.Fresh == 0 {
		c.Windows.Fresh = hivehub.DefaultFresh
	}
	if c.Windows.Stale == 0 {
		c.Windows.Stale = max(hivehub.DefaultStale, c.Windows.Fresh)
	}
	p := &Plane{config: c, hub: c.Machine.Hub(), logger: c.Logger}
	var err error
	p.reconciler, err = hivehub.NewReconciler(hivehub.ReconcilerConfig{
		Client: c.Client, Machine: p.hub, Proposer: p, Poll: c.Poll, UsageEvery: c.UsageEvery, Windows: c.Windows, Logger: c.Logger,
	})
	if err != nil {
		return nil, err
	}
	p.learner = hivehub.NewLearner(hivehub.NodeQuestions, p.askLeader)
	life, end := context.WithCancel(context.Background())
	p.end = end
	p.learner.Open(life)
	c.Node.HandleCall(methodLearn, peer.Member, p.serveLearn)
	c.Node.HandleCall(methodPull, peer.Member, p.servePull)
	c.Node.HandleCall(methodStatus, peer.Member, p.serveStatus)
	return p, nil
}

// Close ends questions under way and the client. Whatever runs Lead must have ended it.
func (p *Plane) Close() {
	p.end()
	p.learner.Close()
	p.config.Client.Close()
}

// Propose implements hivehub.Proposer.
func (p *Plane) Propose(ctx context.Context, change hivehub.Change) error {
	result, err := p.config.Command(ctx, func(h fsm.Header) fsm.Command { return &fsm.HubChange{Header: h, Change: change} })
	if err != nil {
		return err
	}
	if out, ok := result.Value.(*fsm.HubOutcome); ok && out.Refused > 0 {
		p.logger.Error("rows of the hub were not applied: what is known stays", "rows", out.Refused)
	}
	return nil
}

// Lead reconciles while this node leads: until the context ends, which it must with the term.
func (p *Plane) Lead(ctx context.Context) {
	p.leading.Lock()
	defer p.leading.Unlock()
	var work sync.WaitGroup
	work.Go(func() {
		if err := p.reconciler.Run(ctx); err != nil {
			p.logger.Error("the hub is not reconciled", "error", err)
		}
	})
	work.Go(func() { p.sweep(ctx) })
	work.Wait()
}

// sweep drops what deleted users left, when its time is over.
func (p *Plane) sweep(ctx context.Context) {
	look := time.NewTicker(sweepEvery)
	defer look.Stop()
	for {
		if err := p.drop(ctx); err != nil && ctx.Err() == nil {
			p.logger.Warn("a deleted user's data was not dropped: it is tried again", "error", err)
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
}

func (p *Plane) drop(ctx context.Context) error {
	for {
		due := p.hub.Overdue(p.config.Retention)
		if len(due) == 0 {
			return nil
		}
		_, err := p.config.Command(ctx, func(h fsm.Header) fsm.Command {
			return &fsm.HubChange{Header: h, Drops: due, RetentionMs: p.config.Retention.Milliseconds()}
		})
		if err != nil {
			return err
		}
		p.counts.dropped.Add(uint64(len(due)))
		p.logger.Info("dropped what deleted users left", "tenants", len(due))
	}
}

// ErrNotPulled says that an event is genuine and the hub could not be asked; the event is to be told again.
var ErrNotPulled = errors.New("the hub could not be asked")

// Event acts on a pushed event: the leader pulls, and this node has applied what came when nil is returned. An error is
// hivehub's of a Verifier, or ErrNotPulled.
func (p *Plane) Event(ctx context.Context, event hivehub.SignedEvent) error {
	if p.config.Verifier == nil {
		p.counts.eventsRefused.Add(1)
		return hivehub.ErrEventSignature
	}
	now, err := p.config.Verifier.Verify(time.Now(), event)
	if err != nil {
		p.counts.eventsRefused.Add(1)
		return err
	}
	p.counts.events.Add(1)
	ctx, cancel := context.WithTimeout(ctx, pullTimeout)
	defer cancel()
	if err := p.pull(ctx); err != nil {
		p.logger.Warn("an event was not acted on", "event", now.Reason, "error", err)
		return errors.Join(ErrNotPulled, err)
	}
	return nil
}

// NewTenants tells whether a tenant may be made now: not while what is known of the hub is stale.
func (p *Plane) NewTenants() bool { return p.State().AllowsNewTenants() }

// Owns tells whether the hub decides a tenant's plan and limits, and whether it lives.
func (p *Plane) Owns(account *tenancy.Account) bool { return p.hub.Knows(account) }
