package digest

import (
	"context"
	"time"
)

const (
	// scrubShare is how many times as long as its last step the scrub rests: a twentieth of a core is its most.
	scrubShare = 19
	// shortestRest bounds the pace of steps that take no time.
	shortestRest = time.Millisecond
	// firstScrub is how long after the start the scrub begins, where rounds are not closer than that.
	firstScrub = time.Minute
)

// scrub recounts cold databases for as long as the node runs.
func (k *Keeper) scrub(ctx context.Context) {
	for rest := min(firstScrub, k.config.ScrubEvery); pause(ctx, rest); {
		started := time.Now()
		round, err := k.config.Machine.ScrubStep()
		rest = max(scrubShare*time.Since(started), shortestRest)
		if err != nil && ctx.Err() == nil {
			k.config.Logger.Warn("scrub", "error", err.Error())
		}
		if round {
			rest = k.config.ScrubEvery
		}
	}
}

// pause waits and tells whether the context still runs.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
