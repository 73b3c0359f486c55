package rest

import (
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/api/audit"
	"github.com/hivellm/nexus/tenancy"
)

// keyAct is where admit leaves the request's act.
const keyAct = "act"

// unknownPath is the function that is recorded where no route was asked for.
const unknownPath = "unknown path"

// act is what is recorded of a request when it is over: by the audit log and by the metrics.
type act struct {
	started    time.Time
	function   string
	object     string // what it was about, where the path or the answer says so
	tenant     string // whose record it is besides the operator's
	rows       int64  // answered; negative for none
	refused    *api.Error
	credential string // of one that was refused, for its key's id
}

// actOf is the act of the request that is served; one of nobody's where the door was not passed.
func actOf(c echo.Context) *act {
	if a, ok := c.Get(keyAct).(*act); ok {
		return a
	}
	return &act{}
}

// planned notes the function that a query's plan asks for.
func (a *act) planned(f tenancy.Function) { a.function = f.Name() }

// begin notes which route is served, and asks whether its act may begin.
func (s *Server) begin(c echo.Context, r route) error {
	a := actOf(c)
	a.function = r.function.Name()
	if names := c.ParamValues(); len(names) > 0 && !strings.HasPrefix(r.path, "/tx") {
		a.object = names[0]
		if strings.HasPrefix(r.path, "/admin/tenants/") {
			a.tenant = names[0]
		}
	}
	return s.service.Audited(r.function)
}

// over records a request that was answered, or cut off.
func (s *Server) over(c echo.Context, a *act) {
	took := time.Since(a.started)
	status := c.Response().Status
	s.seen.observe(a.function, status, took)
	record := audit.Record{Function: a.function}
	principal, known := c.Get(keyPrincipal).(tenancy.Principal)
	switch {
	case known:
		record.KeyID, record.TenantID = principal.KeyID(), a.tenant
		if !principal.Tenant().IsZero() {
			record.TenantID = principal.Tenant().String()
		}
	case a.refused != nil && a.refused.Traits().Status == http.StatusUnauthorized:
		record = api.Denial(a.credential)
	}
	if record.Function == "" {
		record.Function = unknownPath
	}
	record.Time, record.Duration, record.Object, record.Rows = a.started, took, a.object, a.rows
	record.RequestID, _ = c.Get(keyRequestID).(string)
	record.Outcome, record.Code = api.OutcomeOf(a.refused)
	s.service.Record(record)
}
