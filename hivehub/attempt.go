package hivehub

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

const (
	// MaxTries is how often a call is tried.
	MaxTries = 3
	// firstPause and maxPause bound the pauses between tries, which double; jitter takes or adds up to half of each.
	firstPause = 100 * time.Millisecond
	maxPause   = time.Second
)

// attempts decides how often a call is tried, and whether at all. Only transient failures are tried again and counted
// by the breaker; every try counts.
type attempts struct {
	breaker breaker
	random  func() float64
}

func newAttempts() *attempts { return &attempts{random: rand.Float64} }

func isTransient(err error) bool {
	var failed *CallError
	return errors.As(err, &failed) && failed.transient()
}

// run tries until an answer, a refusal, the third failure or the end of the context.
func (a *attempts) run(ctx context.Context, what call, try func(context.Context) ([]byte, error)) ([]byte, error) {
	pause := firstPause
	for tries := 1; ; tries++ {
		if !a.breaker.admit(time.Now()) {
			return nil, &CallError{Call: what.String(), Kind: ErrBreakerOpen, Tries: tries - 1}
		}
		data, err := try(ctx)
		a.settle(ctx, err)
		if err == nil {
			return data, nil
		}
		var failed *CallError
		if errors.As(err, &failed) {
			failed.Tries = tries
		}
		if !isTransient(err) || tries == MaxTries || !wait(ctx, jittered(pause, a.random())) {
			return nil, err
		}
		pause = min(2*pause, maxPause)
	}
}

// settle tells the breaker how a try went. A try that its caller ended says nothing of the hub: where the breaker
// waited for this one's verdict, it lets another go after its delay.
func (a *attempts) settle(ctx context.Context, err error) {
	switch {
	case !isTransient(err):
		a.breaker.succeed()
	case ctx.Err() == nil:
		a.breaker.fail(time.Now())
	}
}

// jittered spreads a pause: half of it to one and a half.
func jittered(pause time.Duration, random float64) time.Duration {
	return pause/2 + time.Duration(random*float64(pause))
}

// wait waits; false when the context ended before.
func wait(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
