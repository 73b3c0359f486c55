package api

import (
	"context"
	"time"

	"github.com/hivellm/nexus/fsm"
)

// markTimeout bounds the wait for a mark's place in the log.
const markTimeout = 10 * time.Second

// followLeadership opens the lanes when this node's machine has applied the TermStart of a term it leads, and closes
// them when that ends (R1, R2). While they are open, the leader compares digests and steers members.
func (s *Service) followLeadership() {
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	s.owned.Go(func() {
		endTerm := func() {}
		defer func() { endTerm() }()
		for change := range s.node.WatchLeadership(ctx) {
			endTerm()
			if !change.Leading {
				s.lanes.Close()
				s.txs.Close()
				continue
			}
			s.lanes.Open(change.Term)
			s.txs.Open(change.Term)
			term, end := context.WithCancel(ctx)
			endTerm = end
			s.owned.Go(func() { s.digests.Lead(term) })
			s.owned.Go(func() { s.steerMembers(ctx, change.Term) })
		}
	})
}

// mark proposes one mark of this leader's digests, and returns its entry and where the next one goes on.
func (s *Service) mark(ctx context.Context, from int) (index uint64, next int, err error) {
	ctx, cancel := context.WithTimeout(ctx, markTimeout)
	defer cancel()
	result, err := s.command(ctx, func(h fsm.Header) fsm.Command {
		var mark *fsm.DigestMark
		mark, next = s.machine.NextMark(h, from)
		return mark
	})
	return result.Index, next, err
}
