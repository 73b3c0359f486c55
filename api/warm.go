package api

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/hivellm/nexus/graph/cypher/exec"
	"github.com/hivellm/nexus/tenancy"
)

// residents is the list of tenants that this leader last told the others to have in memory.
type residents struct {
	mu   sync.Mutex
	told []tenancy.ID // guarded by mu
}

// changed is the list, nil where it was told already.
func (r *residents) changed(now []tenancy.ID) []tenancy.ID {
	r.mu.Lock()
	defer r.mu.Unlock()
	if slices.Equal(r.told, now) {
		return nil
	}
	r.told = now
	return now
}

// warm loads what the leader has in memory, as far as it fits here, until the context ends (R22). A leader has it already.
func (s *Service) warm(ctx context.Context) {
	for {
		var wanted []tenancy.ID
		select {
		case <-ctx.Done():
			return
		case wanted = <-s.machine.Wanted():
		}
		if !s.follows(ctx) {
			continue
		}
		courtesy := exec.Background()
		if err := s.machine.Warm(wanted, func() error {
			courtesy.Offer()
			return ctx.Err()
		}); err != nil {
			return
		}
	}
}

// followsEvery paces the look at whether this node follows.
const followsEvery = 100 * time.Millisecond

// follows waits until it is known whether this node leads or is fresh behind another that does: a list that comes while the
// log is played at a start speaks of what was, and a start loads nothing (R21). false where it leads, or the context ended.
func (s *Service) follows(ctx context.Context) bool {
	look := time.NewTicker(followsEvery)
	defer look.Stop()
	for {
		_, fresh := s.node.Freshness()
		leader, known := s.node.Leader()
		switch {
		case s.lanes.Term() != 0:
			return false
		case fresh && known && leader.ID != s.node.Self().ID:
			return true
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return false
		}
	}
}
