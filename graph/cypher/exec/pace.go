package exec

import (
	"context"
	"time"
)

// Pacer is told at every checkpoint of a run how far it is: rows answered, bytes held. It returns when the run may go on;
// its error is the reason to end.
type Pacer interface {
	Pace(rows uint64, memoryBytes int64) error
}

// checkpoint looks whether a run may go on, and lets it rest where it is a long one.
func checkpoint(ctx context.Context, now time.Time, courtesy *Courtesy, pacer Pacer, rows uint64, memory int64) error {
	if ctx.Err() != nil {
		return &LimitError{Limit: "time", Cause: context.Cause(ctx)}
	}
	courtesy.offer(now)
	if pacer == nil {
		return nil
	}
	if err := pacer.Pace(rows, memory); err != nil {
		return &LimitError{Limit: "time", Cause: err}
	}
	return nil
}

const (
	// mostSteps and firstSteps are how many steps a run makes between two checkpoints, at most and at first.
	mostSteps, firstSteps = 1024, 64
	// tooLong and tooShort are how long the steps between two checkpoints may take before there are fewer or more.
	tooLong, tooShort = 2 * time.Millisecond, 500 * time.Microsecond
)

// stride is the way from one checkpoint of a run to the next: a number of steps that follows what steps cost.
type stride struct {
	left, steps uint32
	since       time.Time
}

// next begins the way to the next checkpoint.
func (s *stride) next(now time.Time) {
	switch took := now.Sub(s.since); {
	case s.steps == 0:
		s.steps = firstSteps
	case took > tooLong:
		s.steps = max(1, s.steps/2)
	case took < tooShort:
		s.steps = min(mostSteps, s.steps*2)
	}
	s.left, s.since = s.steps, now
}
