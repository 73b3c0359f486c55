package hivehub

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// Defaults of the reconciler's clockwork.
const (
	DefaultPoll       = 10 * time.Second
	DefaultUsageEvery = 60 * time.Second
)

// ErrNotRunning says that this node does not reconcile: it does not lead, or not yet, or no more.
var ErrNotRunning = errors.New("hivehub: the reconciler does not run on this node")

// ReconcilerConfig is what a reconciler needs to know.
type ReconcilerConfig struct {
	Client   *Client
	Machine  Machine
	Proposer Proposer
	// Poll and UsageEvery are how often users and keys are pulled and usage is reported; each time within ±20 % of it.
	// The defaults stand for 0.
	Poll, UsageEvery time.Duration
	// Windows are those of freshness; the defaults stand for zeros.
	Windows Windows
	// Logger is told of every change of the state, of rows that are refused, and of what fails; nil is silent.
	Logger *slog.Logger
}

// Reconciler keeps the machine in step with the hub: on the leader, while [Reconciler.Run] runs. Its methods may be
// called at the same time.
type Reconciler struct {
	client   *Client
	machine  Machine
	proposer Proposer
	poll     time.Duration
	every    time.Duration
	windows  Windows
	logger   *slog.Logger
	counts   counts
	wakePull chan struct{} // holds one
	wakeSend chan struct{} // holds one
	asking   *Learner

	mu      sync.Mutex
	running context.Context // guarded by mu; nil when Run does not run
	next    *pullRound      // guarded by mu; the pull that those who come now wait for
	state   State           // guarded by mu; the one logged last
}

// pullRound is a pull that callers wait for.
type pullRound struct {
	done chan struct{}
	err  error // set before done is closed
}

// counts are what a reconciler did since it was made.
type counts struct {
	pulls, pullFailures, users, keys, refused, reports, reportFailures, learned, unknown atomic.Uint64
}

// Counts are what a reconciler did since it was made, for metrics.
type Counts struct {
	// Pulls that brought everything, and those that failed.
	Pulls, PullFailures uint64
	// Users and Keys that changed; Refused rows that could not be used.
	Users, Keys, Refused uint64
	// Reports the hub took, and tries that failed.
	Reports, ReportFailures uint64
	// Learned keys by a question of their own, and questions for keys that the hub does not know either.
	Learned, Unknown uint64
}

// Status is what a person sees of the hub.
type Status struct {
	State    State
	LastPull time.Time
	Breaker  BreakerState
	Counts   Counts
}

// NewReconciler makes a reconciler; nothing runs yet. Errors are ErrConfiguration.
func NewReconciler(config ReconcilerConfig) (*Reconciler, error) {
	if config.Client == nil || config.Machine == nil || config.Proposer == nil {
		return nil, fmt.Errorf("%w: a reconciler needs a client, a machine and a proposer", ErrConfiguration)
	}
	if config.Poll < 0 || config.UsageEvery < 0 {
		return nil, fmt.Errorf("%w: a negative interval", ErrConfiguration)
	}
	for _, d := range []struct {
		value    *time.Duration
		fallback time.Duration
	}{{&config.Poll, DefaultPoll}, {&config.UsageEvery, DefaultUsageEvery}, {&config.Windows.Fresh, DefaultFresh}, {&config.Windows.Stale, DefaultStale}} {
		if *d.value == 0 {
			*d.value = d.fallback
		}
	}
	if err := config.Windows.Check(); err != nil {
		return nil, err
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Reconciler{
		client: config.Client, machine: config.Machine, proposer: config.Proposer, poll: config.Poll, every: config.UsageEvery,
		windows: config.Windows, logger: config.Logger, wakePull: make(chan struct{}, 1), wakeSend: make(chan struct{}, 1),
	}
	r.asking = NewLearner(ClusterQuestions, r.learn)
	return r, nil
}

// Run reconciles until the context ends, which it must when the node stops leading. It returns when all that it
// started has ended. It may be called again, but not twice at once.
func (r *Reconciler) Run(ctx context.Context) error {
	r.mu.Lock()
	if r.running != nil {
		r.mu.Unlock()
		return fmt.Errorf("%w: it runs already", ErrConfiguration)
	}
	r.running = ctx
	r.mu.Unlock()
	r.asking.Open(ctx)

	var work sync.WaitGroup
	work.Go(func() { r.loop(ctx, r.poll, r.wakePull, r.pullRound) })
	work.Go(func() { r.loop(ctx, r.every, r.wakeSend, r.report) })
	work.Wait()

	r.mu.Lock()
	r.running = nil
	left := r.next
	r.next = nil
	r.mu.Unlock()
	if left != nil {
		left.err = ErrNotRunning
		close(left.done)
	}
	r.asking.Close()
	return nil
}

// loop does its work at once, then whenever its time has come or it is woken.
func (r *Reconciler) loop(ctx context.Context, every time.Duration, wake <-chan struct{}, work func(context.Context)) {
	for {
		work(ctx)
		timer := time.NewTimer(every*4/5 + rand.N(every*2/5+1))
		select {
		case <-timer.C:
		case <-wake:
		case <-ctx.Done():
		}
		timer.Stop()
		if ctx.Err() != nil {
			return
		}
	}
}

// PullNow waits for a pull that began after the call. All who come while one is under way share the next.
func (r *Reconciler) PullNow(ctx context.Context) error {
	r.mu.Lock()
	if r.running == nil || r.running.Err() != nil {
		r.mu.Unlock()
		return ErrNotRunning
	}
	if r.next == nil {
		r.next = &pullRound{done: make(chan struct{})}
	}
	round := r.next
	r.mu.Unlock()
	wake(r.wakePull)
	select {
	case <-round.done:
		return round.err
	case <-ctx.Done():
		return fmt.Errorf("pull from the hub: %w", context.Cause(ctx))
	}
}

// ReportNow has usage reported soon, as when a period has ended. It does not wait.
func (r *Reconciler) ReportNow() { wake(r.wakeSend) }

func wake(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// pullRound pulls, and tells those who waited for a pull.
func (r *Reconciler) pullRound(ctx context.Context) {
	r.mu.Lock()
	round := r.next
	r.next = nil
	r.mu.Unlock()
	err := r.pull(ctx)
	switch {
	case err == nil:
		r.counts.pulls.Add(1)
	case ctx.Err() != nil:
		err = ErrNotRunning
	default:
		r.counts.pullFailures.Add(1)
		r.logger.Warn("the hub was not pulled", "error", err, "breaker", r.client.Breaker())
	}
	r.logState()
	if round != nil {
		round.err = err
		close(round.done)
	}
}

// logState tells the log of a state that changed.
func (r *Reconciler) logState() {
	last := r.machine.LastPull()
	state := r.windows.State(time.Now(), last)
	r.mu.Lock()
	before := r.state
	r.state = state
	r.mu.Unlock()
	if state == before {
		return
	}
	level := slog.LevelWarn
	if state == StateFresh {
		level = slog.LevelInfo
	}
	r.logger.Log(context.Background(), level, "what is known of the hub changed its state", "from", before, "to", state, "last_pull", last)
}

// Status is the state now; it is true on every node, running or not.
func (r *Reconciler) Status() Status {
	last := r.machine.LastPull()
	return Status{State: r.windows.State(time.Now(), last), LastPull: last, Breaker: r.client.Breaker(), Counts: Counts{
		Pulls: r.counts.pulls.Load(), PullFailures: r.counts.pullFailures.Load(), Users: r.counts.users.Load(), Keys: r.counts.keys.Load(),
		Refused: r.counts.refused.Load(), Reports: r.counts.reports.Load(), ReportFailures: r.counts.reportFailures.Load(),
		Learned: r.counts.learned.Load(), Unknown: r.counts.unknown.Load(),
	}}
}
