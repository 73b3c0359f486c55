package api

import (
	"context"

	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/tenancy"
	"github.com/hivellm/nexus/tenancy/ledger"
)

// TenantUsage is what a tenant uses and may use.
type TenantUsage struct {
	Account tenancy.Account
	Usage   tenancy.Usage
	// Months are its periods, the running one last. It is never empty.
	Months []MonthUsage
}

// MonthUsage is one period of a tenant.
type MonthUsage struct {
	Period ledger.Period
	// Totals are settled; of the running period, with what this node has spent since.
	Totals ledger.Totals
	// Unknown may have been spent: it counts for limits and is never billed.
	Unknown ledger.Units
	// PeakBytes and MeanBytes of storage.
	PeakBytes, MeanBytes uint64
	// ResetsAtMs is the end of the period, Unix milliseconds.
	ResetsAtMs int64
	// Seq numbers the usage row of the period; Acked is the newest one that the hub has.
	Seq, Acked uint64
}

// Used is what counts for the limits.
func (m MonthUsage) Used() ledger.Units {
	return ledger.Units{Requests: m.Totals.Requests + m.Unknown.Requests, Writes: m.Totals.Writes + m.Unknown.Writes}
}

// Running is the period that is spent from now.
func (u TenantUsage) Running() MonthUsage { return u.Months[len(u.Months)-1] }

// UsageOf reads the principal's own account and usage, as a strong read sees them.
func (s *Service) UsageOf(ctx context.Context, p tenancy.Principal) (TenantUsage, error) {
	registry, err := s.strongRegistry(ctx, p, tenancy.FunctionStatsRead)
	if err != nil {
		return TenantUsage{}, err
	}
	account, ok := registry.Account(p.Tenant())
	if !ok {
		return TenantUsage{}, s.explain(fsm.ErrTenantUnknown)
	}
	return s.usage(registry, account), nil
}

// TenantUsage reads a tenant's usage for an operator, as a strong read sees it.
func (s *Service) TenantUsage(ctx context.Context, p tenancy.Principal, id string) (TenantUsage, error) {
	registry, err := s.strongRegistry(ctx, p, tenancy.FunctionTenantRead)
	if err != nil {
		return TenantUsage{}, err
	}
	account, err := findTenant(registry, id)
	if err != nil {
		return TenantUsage{}, s.explain(err)
	}
	return s.usage(registry, account), nil
}

func (s *Service) usage(registry *fsm.Registry, account *tenancy.Account) TenantUsage {
	view := s.machine.Ledger()
	found := TenantUsage{Account: *account, Usage: registry.Usage(account.ID)}
	book := view.Book(account.ID)
	if book == nil {
		book = ledger.Birth(account)
	}
	for _, m := range book.Months {
		found.Months = append(found.Months, monthUsage(m, m.Storage.MeanBytes(m.Storage.LastMs)))
	}
	running := book.Running(view.Cluster(), account)
	last := &found.Months[len(found.Months)-1]
	if last.Period != running { // it has turned with the cluster, and nothing was spent since
		found.Months = append(found.Months, monthUsage(ledger.Month{Period: running}, found.Usage.Bytes))
		last = &found.Months[len(found.Months)-1]
		last.PeakBytes = found.Usage.Bytes
		return found
	}
	last.Totals = last.Totals.Plus(s.meter.Unreported(account.ID))
	last.PeakBytes = max(last.PeakBytes, found.Usage.Bytes)
	if m := book.Months[len(book.Months)-1]; m.Storage.SinceMs != 0 {
		last.MeanBytes = m.Storage.MeanBytes(view.LogTimeMs())
	} else {
		last.MeanBytes = found.Usage.Bytes
	}
	return found
}

func monthUsage(m ledger.Month, meanBytes uint64) MonthUsage {
	return MonthUsage{
		Period: m.Period, Totals: m.Totals, Unknown: m.Lost, PeakBytes: m.Storage.PeakBytes, MeanBytes: meanBytes,
		ResetsAtMs: m.Period.EndsAtMs(), Seq: m.Seq, Acked: m.Acked,
	}
}
