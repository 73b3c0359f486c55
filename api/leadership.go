package api

import (
	"context"
	"time"

	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/graph/cypher/exec"
)

// markTimeout bounds the wait for a mark's place in the log.
const markTimeout = 10 * time.Second

// buildIndexes builds the indexes that this node lacks, whenever there are any, until the context ends (R19).
func (s *Service) buildIndexes(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.machine.IndexWork():
		}
		background, awaited := exec.Background(), exec.Courtesy{}
		err := s.machine.BuildIndexes(func(hurried bool) error {
			if hurried {
				awaited.Offer()
			} else {
				background.Offer()
			}
			return ctx.Err()
		})
		if err != nil && ctx.Err() == nil {
			s.logger.Error("build indexes", "error", err)
		}
	}
}

// followLeadership opens the lanes when this node's machine has applied the TermStart of a term it leads, and closes
// them when that ends (R1, R2). While they are open, the leader compares digests and steers members.
func (s *Service) followLeadership() {
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	s.owned.Go(func() { s.buildIndexes(ctx) })
	s.owned.Go(func() { s.watchQueries(ctx) })
	s.owned.Go(func() { s.warm(ctx) })
	s.owned.Go(func() { s.passNews(ctx) })
	s.owned.Go(func() { s.keepAudit(ctx) })
	s.owned.Go(func() {
		endTerm := func() {}
		defer func() { endTerm() }()
		for change := range s.node.WatchLeadership(ctx) {
			endTerm()
			if !change.Leading {
				s.lanes.Close()
				s.txs.Close()
				s.recordLeadership("ended", change.Term)
				continue
			}
			s.recordLeadership("began", change.Term)
			s.lanes.Open(change.Term)
			s.txs.Open(change.Term)
			term, end := context.WithCancel(ctx)
			endTerm = end
			s.owned.Go(func() { s.digests.Lead(term) })
			s.owned.Go(func() { s.steerMembers(ctx, change.Term) })
			s.owned.Go(func() { s.noteHeads(term) })
			if s.control != nil {
				s.owned.Go(func() { s.control.Lead(term) })
			}
			s.owned.Go(func() { s.ledger.Lead(term) })
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
