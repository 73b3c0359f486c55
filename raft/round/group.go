package round

import (
	"context"
	"sync"
	"time"

	"github.com/hivellm/nexus/scripts/planted"
)

// Call does the shared work for everyone who joined. It must end when its context does.
type Call[T any] func(ctx context.Context) (T, error)

// Group shares a call between those who arrived before it was sent. Its methods may be called from any goroutine.
type Group[T any] struct {
	call    Call[T]
	timeout time.Duration
	mu      sync.Mutex
	gather  *flight[T] // guarded by mu: not sent yet, may be joined
	sent    *flight[T] // guarded by mu: under way, must not be joined
	closed  bool       // guarded by mu
	running sync.WaitGroup
	ctx     context.Context
	cancel  context.CancelFunc
}

// flight is one call, sent or gathering.
type flight[T any] struct {
	done  chan struct{}
	value T
	err   error
}

// NewGroup makes a group whose calls last at most timeout.
func NewGroup[T any](timeout time.Duration, call Call[T]) *Group[T] {
	ctx, cancel := context.WithCancel(context.Background())
	return &Group[T]{call: call, timeout: timeout, ctx: ctx, cancel: cancel}
}

// Do waits for a call that is sent after Do was called.
func (g *Group[T]) Do(ctx context.Context) (T, error) {
	joined := g.join()
	select {
	case <-joined.done:
		return joined.value, joined.err
	case <-ctx.Done():
		var zero T
		return zero, context.Cause(ctx)
	}
}

// Close cancels what is under way and waits for it.
func (g *Group[T]) Close() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.cancel()
	g.running.Wait()
}

// join finds or makes the flight that is not sent yet, and starts the sender when none runs.
func (g *Group[T]) join() *flight[T] {
	g.mu.Lock()
	defer g.mu.Unlock()
	if planted.On("join-sent-round") && g.sent != nil {
		return g.sent
	}
	if g.gather != nil {
		return g.gather
	}
	g.gather = &flight[T]{done: make(chan struct{})}
	joined := g.gather
	if g.closed {
		g.gather = nil
		joined.err = context.Canceled
		close(joined.done)
		return joined
	}
	if g.sent == nil {
		g.sendLocked()
	}
	return joined
}

// sendLocked closes the gathering flight to newcomers and runs it. The caller holds mu.
func (g *Group[T]) sendLocked() {
	g.sent, g.gather = g.gather, nil
	g.running.Add(1)
	go g.run(g.sent)
}

func (g *Group[T]) run(current *flight[T]) {
	defer g.running.Done()
	for current != nil {
		ctx, cancel := context.WithTimeout(g.ctx, g.timeout)
		current.value, current.err = g.call(ctx)
		cancel()
		close(current.done)
		g.mu.Lock()
		current, g.gather = g.gather, nil
		g.sent = current
		g.mu.Unlock()
	}
}
