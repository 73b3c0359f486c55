package api

import (
	"context"
	"errors"
	"time"

	"github.com/hivellm/nexus/api/meter"
	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/raft/peer"
	"github.com/hivellm/nexus/scripts/planted"
	"github.com/hivellm/nexus/tenancy"
	"github.com/hivellm/nexus/tenancy/ledger"
)

// A request is charged once, at the node whose door it came to (R13): its rate by Rate, before its body is looked at; its
// units of the period by charge, when all that could refuse it without running it has been asked. Whatever is forwarded is
// authorized again by the leader and never charged again. Operators have no tenant and are not limited.

// methodSpent takes a node's report of what it spent to the leader.
const methodSpent = "ledger.report"

// Cost is what a request is charged, in units of the period (ARCHITECTURE §8).
type Cost struct{ Requests, Writes uint64 }

// Traffic is what a door sees of a request.
type Traffic struct{ BytesIn, BytesOut uint64 }

// Rate admits a request by its tenant's rate, or refuses it: RATE_LIMIT_EXCEEDED. Each door asks once for each request,
// after the route's function and the body's size. Errors are *Error.
func (s *Service) Rate(ctx context.Context, p tenancy.Principal) error {
	if p.Tenant().IsZero() {
		return nil
	}
	t, err := s.meter.Tenant(p.Tenant())
	if err == nil {
		err = t.Rate(ctx)
	}
	if err != nil {
		return s.tellLimit(p, s.explain(err))
	}
	return nil
}

// charge spends the units of a request that is about to run: one request, and one write where its plan can write.
func (s *Service) charge(ctx context.Context, request Request, writes bool) error {
	if planted.On("charge-skipped") && writes {
		return nil
	}
	cost, err := s.spend(ctx, request.Principal, writes)
	if err == nil && request.Cost != nil {
		*request.Cost = cost
	}
	return err
}

// chargeWrite is charge for what is no query and changes something.
func (s *Service) chargeWrite(ctx context.Context, p tenancy.Principal, cost *Cost) error {
	return s.charge(ctx, Request{Principal: p, Cost: cost}, true)
}

func (s *Service) spend(ctx context.Context, p tenancy.Principal, writes bool) (Cost, error) {
	if p.Tenant().IsZero() {
		return Cost{}, nil
	}
	t, err := s.meter.Tenant(p.Tenant())
	if err != nil {
		return Cost{}, err
	}
	if err := t.Spend(ctx, writes); err != nil {
		return Cost{}, s.tellLimit(p, s.explain(err))
	}
	if writes {
		return Cost{1, 1}, nil
	}
	return Cost{1, 0}, nil
}

// tellLimit adds the figures of the limit that a request met, where its error does not carry them.
func (s *Service) tellLimit(p tenancy.Principal, e *Error) *Error {
	standing, limited := s.Standing(p)
	if !limited || e.Code != CodeRateLimitExceeded {
		return e
	}
	switch e.Quota {
	case meter.QuotaRate:
		e.Limit, e.Used = standing.PerSecond, standing.PerSecond
	case meter.QuotaRequests:
		e.Limit, e.Used = standing.Requests.Limit, standing.Requests.Used
		if !standing.Requests.Limited {
			e.Quota, e.Limit, e.Used = meter.QuotaWrites, standing.Writes.Limit, standing.Writes.Used
		}
		e.ResetsAtMs = standing.Period.EndsAtMs()
	}
	return e
}

// Standing is where the principal's tenant stands on this node; false where nothing limits it.
func (s *Service) Standing(p tenancy.Principal) (meter.Standing, bool) {
	if p.Tenant().IsZero() {
		return meter.Standing{}, false
	}
	t, err := s.meter.Tenant(p.Tenant())
	if err != nil || !t.Limited() {
		return meter.Standing{}, false
	}
	account, ok := s.machine.Registry().Account(p.Tenant())
	if !ok {
		return meter.Standing{}, false
	}
	return t.Standing(account.Limits), true
}

// Count notes what a door saw of a request, whatever became of it.
func (s *Service) Count(p tenancy.Principal, traffic Traffic) {
	s.count(p, meter.Done{BytesIn: traffic.BytesIn, BytesOut: traffic.BytesOut})
}

// countRun notes rows and time of a query that ran. One that failed counts its time only where that was the reason: it
// computed until a limit stopped it.
func (s *Service) countRun(p tenancy.Principal, summary Summary, began time.Time, err error) {
	done := meter.Done{RowsOut: summary.Rows, ComputeUs: uint64(summary.Compute.Microseconds())}
	if err != nil {
		if s.explained(err) != CodeQueryLimitExceeded {
			return
		}
		done.ComputeUs = uint64(time.Since(began).Microseconds())
	}
	s.count(p, done)
}

// explained is the code that an error will get, where it is one of a limit.
func (s *Service) explained(err error) Code {
	var known *Error
	if errors.As(err, &known) {
		return known.Code
	}
	if e := explainTyped(err); e != nil {
		return e.Code
	}
	return ""
}

func (s *Service) count(p tenancy.Principal, done meter.Done) {
	if p.Tenant().IsZero() || done == (meter.Done{}) {
		return
	}
	if t, err := s.meter.Tenant(p.Tenant()); err == nil { // else the tenant went, and nobody is billed for what is left
		t.Count(done)
	}
}

// MeterFigures tells what this node's meter counted since it was opened.
func (s *Service) MeterFigures() meter.Figures { return s.meter.Figures() }

// openMeter opens the meter and the leader's part, which waits for a term, and passes the machine's news to both.
func (s *Service) openMeter(dir, clusterID string) (err error) {
	view := func() meter.View { return s.machine.Ledger() }
	news := make(chan struct{}, 1)
	s.ledger = meter.NewLeader(meter.LeaderConfig{View: view, Propose: s.proposeTick, MaxStaleness: s.maxStaleness, Logger: s.logger})
	s.meter, err = meter.Open(meter.Config{
		Dir: dir, Node: s.node.Self().ID, Cluster: clusterID, View: view, News: news, Report: s.reportSpent,
		HasLeader: s.hasLeader, Draining: s.draining, NowMs: nowMs, Logger: s.logger,
	})
	s.passNews = func(ctx context.Context) {
		for {
			select {
			case <-ctx.Done():
				return
			case <-s.machine.LedgerNews():
			}
			s.ledger.Wake()
			select {
			case news <- struct{}{}:
			default: // one signal waits already
			}
		}
	}
	return err
}

func (s *Service) hasLeader() bool {
	_, found := s.node.Leader()
	return found || s.lanes.Term() != 0
}

// proposeTick puts a tick into the log, with what this leader has in memory (R22), where that has changed.
func (s *Service) proposeTick(ctx context.Context, tick *ledger.Tick) error {
	_, err := s.command(ctx, func(h fsm.Header) fsm.Command {
		return &fsm.LedgerTick{Header: h, Tick: tick, Resident: s.residents.changed(s.machine.ResidentTenants())}
	})
	return err
}

// reportSpent takes a report to the leader.
func (s *Service) reportSpent(ctx context.Context, encoded []byte) error {
	self := s.node.Self().ID
	if s.lanes.Term() != 0 {
		return s.ledger.Report(self, encoded)
	}
	leader, ok := s.node.Leader()
	if !ok || leader.ID == self {
		return errNotTaken
	}
	_, err := s.node.Call(ctx, leader.ID, methodSpent, encoded)
	return err
}

// serveSpent takes a node's report in.
func (s *Service) serveSpent(_ context.Context, from string, report []byte) ([]byte, error) {
	switch err := s.ledger.Report(from, report); {
	case errors.Is(err, meter.ErrNotLeading):
		return nil, peer.Refuse(refusedNotLeading, "this node does not lead")
	case err != nil:
		return nil, peer.Refuse(peer.CodeRefused, "%v", err)
	}
	return nil, nil
}
