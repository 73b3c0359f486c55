package rest

import (
	"net/http"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/tenancy"
)

// usedOf is a state limit; Remaining is null where nothing limits.
type usedOf struct {
	Used      uint64        `json:"used"`
	Limit     tenancy.Limit `json:"limit"`
	Remaining *uint64       `json:"remaining"`
}

func used(used uint64, limit tenancy.Limit) usedOf {
	return usedOf{used, limit, remaining(used, limit)}
}

// remaining is what a limit leaves; nil where there is none.
func remaining(used uint64, limit tenancy.Limit) *uint64 {
	number, limited := limit.Number()
	if !limited {
		return nil
	}
	left := number - min(used, number)
	return &left
}

type bytesOf struct {
	Used      uint64        `json:"used_bytes"`
	Limit     tenancy.Limit `json:"limit_bytes"`
	Remaining *uint64       `json:"remaining_bytes"`
}

// periodRow is the running period.
type periodRow struct {
	Name              string        `json:"name"`
	RequestsUsed      uint64        `json:"requests_used"`
	RequestsLimit     tenancy.Limit `json:"requests_limit"`
	RequestsRemaining *uint64       `json:"requests_remaining"`
	WritesUsed        uint64        `json:"writes_used"`
	WritesLimit       tenancy.Limit `json:"writes_limit"`
	WritesRemaining   *uint64       `json:"writes_remaining"`
	ResetsAt          *string       `json:"resets_at"`
}

// totalsRow is what was metered of a period.
type totalsRow struct {
	Period        string `json:"period"`
	Requests      uint64 `json:"requests"`
	Reads         uint64 `json:"reads"`
	Writes        uint64 `json:"writes"`
	RowsOut       uint64 `json:"rows_out"`
	BytesIn       uint64 `json:"bytes_in"`
	BytesOut      uint64 `json:"bytes_out"`
	ComputeMs     uint64 `json:"compute_ms"`
	StoragePeak   uint64 `json:"storage_peak_bytes"`
	StorageMean   uint64 `json:"storage_mean_bytes"`
	UnknownUnits  uint64 `json:"unknown_requests"`
	UnknownWrites uint64 `json:"unknown_writes"`
}

func totalsRowOf(m api.MonthUsage) totalsRow {
	return totalsRow{
		m.Period.String(), m.Totals.Requests, m.Totals.Reads, m.Totals.Writes, m.Totals.RowsOut, m.Totals.BytesIn, m.Totals.BytesOut,
		m.Totals.ComputeMs, m.PeakBytes, m.MeanBytes, m.Unknown.Requests, m.Unknown.Writes,
	}
}

// usageRow is what a tenant uses and may use.
type usageRow struct {
	TenantID      string    `json:"tenant_id"`
	Plan          string    `json:"plan"`
	Status        string    `json:"status"`
	Storage       bytesOf   `json:"storage"`
	Nodes         usedOf    `json:"nodes"`
	Relationships usedOf    `json:"relationships"`
	Databases     usedOf    `json:"databases"`
	Rate          rateRow   `json:"rate"`
	Period        periodRow `json:"period"`
	Usage         totalsRow `json:"usage"`
}

type rateRow struct {
	PerSecond tenancy.Limit `json:"limit_per_second"`
	Burst     tenancy.Limit `json:"burst"`
}

func usageRowOf(found api.TenantUsage) usageRow {
	limits, state, running := found.Account.Limits, found.Usage, found.Running()
	units := running.Used()
	return usageRow{
		TenantID: found.Account.ID.String(), Plan: found.Account.Plan, Status: string(found.Account.Status),
		Storage:       bytesOf{state.Bytes, limits.MaxStorageBytes, remaining(state.Bytes, limits.MaxStorageBytes)},
		Nodes:         used(state.Nodes, limits.MaxNodes),
		Relationships: used(state.Relationships, limits.MaxRelationships),
		Databases:     used(state.Databases, limits.MaxDatabases),
		Rate:          rateRow{limits.RequestsPerSecond, limits.Burst},
		Period: periodRow{
			running.Period.String(), units.Requests, limits.RequestsPerMonth, remaining(units.Requests, limits.RequestsPerMonth),
			units.Writes, limits.WritesPerMonth, remaining(units.Writes, limits.WritesPerMonth), timestamp(running.ResetsAtMs),
		},
		Usage: totalsRowOf(running),
	}
}

// usage is GET /cluster/stats/self.
func (s *Server) usage(c *call) error {
	if err := c.noBody(); err != nil {
		return err
	}
	found, err := s.service.UsageOf(c.context, c.principal)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, usageRowOf(found))
}

// tenantUsage is GET /admin/tenants/{id}/usage: the same for an operator, with the periods that are kept.
func (s *Server) tenantUsage(c *call) error {
	if err := c.noBody(); err != nil {
		return err
	}
	found, err := s.service.TenantUsage(c.context, c.principal, c.parameter("id"))
	if err != nil {
		return err
	}
	periods := make([]totalsRow, 0, len(found.Months))
	for _, m := range found.Months {
		periods = append(periods, totalsRowOf(m))
	}
	return c.answer(http.StatusOK, struct {
		usageRow
		Periods []totalsRow `json:"periods"`
	}{usageRowOf(found), periods})
}
