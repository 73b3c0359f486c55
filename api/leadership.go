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
// them when that ends (R1, R2). While they are open, the leader marks digests.
func (s *Service) followLeadership() {
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	s.owned.Go(func() {
		for change := range s.node.WatchLeadership(ctx) {
			if !change.Leading {
				s.lanes.Close()
				continue
			}
			s.lanes.Open(change.Term)
			s.owned.Go(func() { s.markDigests(ctx, change.Term) })
		}
	})
}

// markDigests proposes this leader's digests every now and then while its term lasts, so that every node can hold its
// own against them.
func (s *Service) markDigests(ctx context.Context, term uint64) {
	every := time.NewTicker(digestEvery)
	defer every.Stop()
	for s.lanes.Term() == term {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		if err := s.markOnce(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, errNotTaken) {
			s.logger.Warn("mark digests", "error", err)
		}
	}
}

func (s *Service) markOnce(ctx context.Context) error {
	_, list := s.machine.Digests()
	stamped := make([]fsm.StampedDigest, 0, min(len(list), fsm.MaxMarkDigests))
	for _, d := range list[:min(len(list), fsm.MaxMarkDigests)] {
		stamped = append(stamped, fsm.StampedDigest{Tenant: d.Tenant, Database: d.Database, Stamp: d.Meta.Stamp, Digest: d.Meta.Digest})
	}
	ctx, cancel := context.WithTimeout(ctx, digestEvery)
	defer cancel()
	_, err := s.command(ctx, func(h fsm.Header) fsm.Command {
		return &fsm.DigestMark{Header: h, Digests: stamped}
	})
	return err
}
