package rest

import (
	"net/http"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/api/rest/body"
	"github.com/hivellm/nexus/tenancy"
)

type tenantRow struct {
	ID           string         `json:"id"`
	Name         string         `json:"name"`
	UserID       *string        `json:"user_id"`
	Status       string         `json:"status"`
	Plan         string         `json:"plan"`
	Limits       tenancy.Limits `json:"limits"`
	LimitVersion uint64         `json:"limit_version"`
	CreatedAt    *string        `json:"created_at"`
}

func tenantRowOf(a tenancy.Account) tenantRow {
	return tenantRow{
		ID: a.ID.String(), Name: a.Name, UserID: orNull(a.UserID), Status: string(a.Status), Plan: a.Plan,
		Limits: a.Limits, LimitVersion: a.LimitVersion, CreatedAt: timestamp(a.CreatedAtMs),
	}
}

// limitFields names the limits as requests do.
var limitFields = []struct {
	name string
	of   func(*tenancy.Limits) *tenancy.Limit
}{
	{"max_nodes", func(l *tenancy.Limits) *tenancy.Limit { return &l.MaxNodes }},
	{"max_relationships", func(l *tenancy.Limits) *tenancy.Limit { return &l.MaxRelationships }},
	{"max_storage_bytes", func(l *tenancy.Limits) *tenancy.Limit { return &l.MaxStorageBytes }},
	{"max_databases", func(l *tenancy.Limits) *tenancy.Limit { return &l.MaxDatabases }},
	{"requests_per_second", func(l *tenancy.Limits) *tenancy.Limit { return &l.RequestsPerSecond }},
	{"burst", func(l *tenancy.Limits) *tenancy.Limit { return &l.Burst }},
	{"requests_per_month", func(l *tenancy.Limits) *tenancy.Limit { return &l.RequestsPerMonth }},
	{"writes_per_month", func(l *tenancy.Limits) *tenancy.Limit { return &l.WritesPerMonth }},
	{"max_query_ms", func(l *tenancy.Limits) *tenancy.Limit { return &l.MaxQueryMs }},
	{"max_result_rows", func(l *tenancy.Limits) *tenancy.Limit { return &l.MaxResultRows }},
	{"max_query_memory_bytes", func(l *tenancy.Limits) *tenancy.Limit { return &l.MaxQueryMemoryBytes }},
}

// readLimits reads limits: a missing field is the plan's, null is no limit.
func readLimits(o *body.Object) (limits tenancy.Limits) {
	o.Nested("limits", func(l *body.Object) {
		for _, field := range limitFields {
			switch n, null, stands := l.Number(field.name); {
			case null:
				*field.of(&limits) = tenancy.NoLimit()
			case stands:
				*field.of(&limits) = tenancy.LimitOf(n)
			}
		}
	})
	return limits
}

func (s *Server) listTenants(c *call) error {
	if err := c.noBody(); err != nil {
		return err
	}
	accounts, err := s.service.Tenants(c.context, c.principal)
	if err != nil {
		return err
	}
	rows := make([]tenantRow, 0, len(accounts))
	for _, a := range accounts {
		rows = append(rows, tenantRowOf(a))
	}
	return c.answer(http.StatusOK, map[string]any{"tenants": rows})
}

func (s *Server) createTenant(c *call) error {
	var spec api.TenantSpec
	err := c.fields(func(o *body.Object) {
		spec.Name = o.NeededText("name")
		spec.UserID = o.Text("user_id")
		spec.Plan = o.Text("plan")
		spec.Limits = readLimits(o)
	})
	if err != nil {
		return err
	}
	account, err := s.service.CreateTenant(c.context, c.principal, spec)
	if err != nil {
		return err
	}
	a := actOf(c.echo)
	a.object, a.tenant = account.ID.String(), account.ID.String()
	return c.answer(http.StatusCreated, tenantRowOf(account))
}

func (s *Server) showTenant(c *call) error {
	if err := c.noBody(); err != nil {
		return err
	}
	account, err := s.service.Tenant(c.context, c.principal, c.parameter("id"))
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, tenantRowOf(account))
}

func (s *Server) updateTenant(c *call) error {
	change := api.TenantChange{ID: c.parameter("id")}
	err := c.fields(func(o *body.Object) {
		change.Name = o.OptionalText("name")
		change.Plan = o.OptionalText("plan")
		if status := o.OptionalText("status"); status != nil {
			change.Status = (*tenancy.AccountStatus)(status)
		}
		if limits := readLimits(o); o.Has("limits") {
			change.Limits = &limits
		}
	})
	if err != nil {
		return err
	}
	return s.changeTenant(c, change)
}

func (s *Server) changeTenant(c *call, change api.TenantChange) error {
	account, err := s.service.UpdateTenant(c.context, c.principal, change)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, tenantRowOf(account))
}

func (s *Server) suspendTenant(c *call) error { return s.setStatus(c, tenancy.StatusSuspended) }

func (s *Server) resumeTenant(c *call) error { return s.setStatus(c, tenancy.StatusActive) }

func (s *Server) setStatus(c *call, status tenancy.AccountStatus) error {
	if err := c.noBody(); err != nil {
		return err
	}
	return s.changeTenant(c, api.TenantChange{ID: c.parameter("id"), Status: &status})
}

func (s *Server) deleteTenant(c *call) error {
	if err := c.noBody(); err != nil {
		return err
	}
	if err := s.service.DeleteTenant(c.context, c.principal, c.parameter("id")); err != nil {
		return err
	}
	return c.done()
}
