package hivehub

import (
	"sync"
	"time"
)

const (
	// BreakerAfter is how many failures in a row open the breaker.
	BreakerAfter = 5
	// BreakerDelay is how long an open breaker tries nothing, and a half-open one waits for its one try's verdict
	// before it lets another go.
	BreakerDelay = 5 * time.Second
)

// BreakerState is whether calls are tried at all.
type BreakerState string

// The states of the breaker.
const (
	// BreakerClosed: calls are tried.
	BreakerClosed BreakerState = "closed"
	// BreakerOpen: the last tries failed; no call is tried for a while.
	BreakerOpen BreakerState = "open"
	// BreakerHalfOpen: one try is let go, and decides.
	BreakerHalfOpen BreakerState = "half-open"
)

// Breaker is the breaker's state now.
func (c *Client) Breaker() BreakerState { return c.attempts.breaker.state(time.Now()) }

// breaker is a circuit breaker. The zero value is closed. Its methods may be called at the same time.
type breaker struct {
	mu       sync.Mutex
	failures int       // guarded by mu; in a row
	until    time.Time // guarded by mu; when not zero, nothing is tried before
}

// admit reports whether a try may go. When the delay is over, one may; others wait another delay for its verdict.
func (b *breaker) admit(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.until.IsZero() {
		return true
	}
	if now.Before(b.until) {
		return false
	}
	b.until = now.Add(BreakerDelay) // its verdict moves it; when none comes, another try goes then
	return true
}

func (b *breaker) succeed() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failures, b.until = 0, time.Time{}
}

func (b *breaker) fail(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failures++; b.failures >= BreakerAfter {
		b.until = now.Add(BreakerDelay)
	}
}

func (b *breaker) state(now time.Time) BreakerState {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.until.IsZero():
		return BreakerClosed
	case now.Before(b.until):
		return BreakerOpen
	}
	return BreakerHalfOpen
}
