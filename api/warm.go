package api

import (
	"context"
	"slices"
	"sync"

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
		if s.lanes.Term() != 0 {
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
