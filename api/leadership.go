package api

import (
	"context"
	"errors"
	"time"

	"github.com/hivellm/nexus/fsm"
)

// digestEvery is how often the leader tells its digests through the log (R18).
const digestEvery = 10 * time.Second

// followLeadership opens the lanes when this node's machine has applied the TermStart of a term it leads, and closes
// them when that ends (R1, R2). While they are open, the leader marks digests and steers members.
func (s *Service) followLeadership() {
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	s.owned.Go(func() {
		for change := range s.node.WatchLeadership(ctx) {
			if !change.Leading {
				s.lanes.Close()
				s.txs.Close()
				continue
			}
			s.lanes.Open(change.Term)
			s.txs.Open(change.Term)
			s.owned.Go(func() { s.markDigests(ctx, change.Term) })
			s.owned.Go(func() { s.steerMembers(ctx, change.Term) })
		}
	})
}

// markDigests proposes this leader's digests every now and then while its term lasts, so that every node can hold its
// own against them.
func (s *Service) markDigests(ctx context.Context, term uint64) {
	every := time.NewTicker(digestEvery)
	defer every.Stop()
	for from := 0; s.lanes.Term() == term; {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		var err error
		if from, err = s.markOnce(ctx, from); err != nil && ctx.Err() == nil && !errors.Is(err, errNotTaken) {
			s.logger.Warn("mark digests", "error", err)
		}
	}
}

// markOnce proposes one mark from a position on, and returns where the next one goes on.
func (s *Service) markOnce(ctx context.Context, from int) (next int, err error) {
	ctx, cancel := context.WithTimeout(ctx, digestEvery)
	defer cancel()
	_, err = s.command(ctx, func(h fsm.Header) fsm.Command {
		var mark *fsm.DigestMark
		mark, next = s.machine.NextMark(h, from)
		return mark
	})
	return next, err
}
