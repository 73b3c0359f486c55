package hivehub

import (
	"context"
	"errors"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
)

const (
	// MaxTries is how often a call is tried.
	MaxTries = 3
	// firstPause and maxPause bound the pauses between tries, which double; jitter spreads each by half.
	firstPause  = 100 * time.Millisecond
	maxPause    = time.Second
	pauseJitter = 0.5
	// BreakerAfter is how many failures in a row open the breaker, BreakerDelay how long it then tries nothing.
	BreakerAfter = 5
	BreakerDelay = 5 * time.Second
)

// BreakerState is whether calls are tried at all.
type BreakerState string

// The states of the breaker.
const (
	// BreakerClosed: calls are tried.
	BreakerClosed BreakerState = "closed"
	// BreakerOpen: the last five tries failed; for five seconds no call is tried.
	BreakerOpen BreakerState = "open"
	// BreakerHalfOpen: the next try decides.
	BreakerHalfOpen BreakerState = "half-open"
)

// Breaker is the breaker's state now.
func (c *Client) Breaker() BreakerState {
	switch {
	case c.attempts.breaker.IsOpen() && c.attempts.breaker.RemainingDelay() > 0:
		return BreakerOpen
	case c.attempts.breaker.IsClosed():
		return BreakerClosed
	}
	return BreakerHalfOpen
}

// attempts decides how often a call is tried, and whether at all. Only transient failures are tried again and counted
// by the breaker; every try counts.
type attempts struct {
	retry   failsafe.Executor[[]byte]
	breaker circuitbreaker.CircuitBreaker[[]byte]
}

func newAttempts() *attempts {
	retry := retrypolicy.NewBuilder[[]byte]().
		HandleIf(func(_ []byte, err error) bool { return isTransient(err) }).
		WithMaxAttempts(MaxTries).
		WithBackoff(firstPause, maxPause).
		WithJitterFactor(pauseJitter).
		ReturnLastFailure().
		Build()
	return &attempts{
		retry:   failsafe.With[[]byte](retry),
		breaker: circuitbreaker.NewBuilder[[]byte]().WithFailureThreshold(BreakerAfter).WithSuccessThreshold(1).WithDelay(BreakerDelay).Build(),
	}
}

func isTransient(err error) bool {
	var failed *CallError
	return errors.As(err, &failed) && failed.transient()
}

// run tries until an answer, a refusal, the third failure or the end of the context.
func (a *attempts) run(ctx context.Context, what call, try func(context.Context) ([]byte, error)) ([]byte, error) {
	tries := 0
	data, err := a.retry.WithContext(ctx).Get(func() ([]byte, error) {
		if !a.breaker.TryAcquirePermit() {
			return nil, &CallError{Call: what.String(), Kind: ErrBreakerOpen}
		}
		tries++
		data, err := try(ctx)
		a.settle(ctx, err)
		return data, err
	})
	if err == nil {
		return data, nil
	}
	var failed *CallError
	if !errors.As(err, &failed) { // the context ended between two tries
		failed = &CallError{Call: what.String(), Kind: ErrHTTP, Cause: err}
	}
	failed.Tries = tries
	return nil, failed
}

// settle tells the breaker how a try went. A try that its caller ended says nothing of the hub, but a half-open
// breaker waits for a verdict: it opens again and asks the next caller later.
func (a *attempts) settle(ctx context.Context, err error) {
	switch {
	case !isTransient(err):
		a.breaker.RecordSuccess()
	case ctx.Err() == nil || a.breaker.IsHalfOpen():
		a.breaker.RecordFailure()
	}
}
