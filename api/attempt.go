package api

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/hivellm/nexus/api/lane"
	"github.com/hivellm/nexus/raft/peer"
)

// errNotTaken says that a request definitely did not begin anywhere: it may be sent again.
var errNotTaken = errors.New("the request was not taken")

// leaderPatience is how long a request waits for a leader that takes it before the answer is NO_LEADER.
const leaderPatience = 5 * time.Second

func isNotTaken(err error) bool {
	return errors.Is(err, errNotTaken) || errors.Is(err, lane.ErrNotTaken) || errors.Is(err, peer.ErrNotTaken)
}

// didNotHappen tells of a write that has no effect, now or later, because no node took it or because the term it was taken
// in ended without it. The leader that says so may be another node.
func didNotHappen(err error) bool {
	var refused *Error
	return isNotTaken(err) || errors.Is(err, lane.ErrNoLeader) || errors.As(err, &refused) && refused.Code == CodeNoLeader
}

// attempts paces the search for a leader: 5 ms doubling to 80 ms, jittered, until leaderPatience or the context ends.
type attempts struct {
	ctx   context.Context
	until time.Time
	wait  time.Duration
}

func newAttempts(ctx context.Context) *attempts {
	return &attempts{ctx: ctx, until: time.Now().Add(leaderPatience), wait: 5 * time.Millisecond}
}

// pause waits before the next attempt; an error says that there is none.
func (a *attempts) pause() error {
	if time.Now().After(a.until) {
		return errNotTaken
	}
	timer := time.NewTimer(a.wait + rand.N(a.wait))
	defer timer.Stop()
	a.wait = min(2*a.wait, 80*time.Millisecond)
	select {
	case <-timer.C:
		return nil
	case <-a.ctx.Done():
		return context.Cause(a.ctx)
	}
}

// newSeed seeds one query's rand() and randomUUID().
func newSeed() uint64 { return rand.Uint64() }
