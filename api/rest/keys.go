package rest

import (
	"math"
	"net/http"
	"time"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/api/rest/body"
	"github.com/hivellm/nexus/tenancy"
)

// keyRow is a key without its secret.
type keyRow struct {
	KeyID            string              `json:"key_id"`
	Key              string              `json:"key,omitempty"` // once, to its maker
	TenantID         *string             `json:"tenant_id"`
	Role             string              `json:"role"`
	Name             string              `json:"name"`
	AllowedFunctions tenancy.FunctionSet `json:"allowed_functions"`
	CreatedAt        *string             `json:"created_at"`
	ExpiresAt        *string             `json:"expires_at"`
	RevokedAt        *string             `json:"revoked_at"`
	GraceUntil       *string             `json:"grace_until,omitempty"`
}

func keyRowOf(r tenancy.KeyRecord) keyRow {
	return keyRow{
		KeyID: r.ID, TenantID: orNull(r.Tenant.String()), Role: string(r.Role), Name: r.Name,
		AllowedFunctions: r.AllowedFunctions,
		CreatedAt:        timestamp(r.CreatedAtMs), ExpiresAt: timestamp(r.ExpiresAtMs),
		RevokedAt: timestamp(r.RevokedAtMs), GraceUntil: timestamp(r.GraceUntilMs),
	}
}

func newKeyRow(made api.NewKey) keyRow {
	row := keyRowOf(made.Record)
	row.Key = made.Text
	return row
}

func (s *Server) listKeys(c *call) error {
	if err := c.noBody(); err != nil {
		return err
	}
	records, err := s.service.Keys(c.context, c.principal)
	if err != nil {
		return err
	}
	rows := make([]keyRow, 0, len(records))
	for _, r := range records {
		rows = append(rows, keyRowOf(r))
	}
	return c.answer(http.StatusOK, map[string]any{"keys": rows})
}

func (s *Server) showKey(c *call) error {
	if err := c.noBody(); err != nil {
		return err
	}
	records, err := s.service.Keys(c.context, c.principal)
	if err != nil {
		return err
	}
	for _, r := range records {
		if r.ID == c.parameter("id") {
			return c.answer(http.StatusOK, keyRowOf(r))
		}
	}
	return api.Refuse(api.CodeNotFound, "There is no such key")
}

// createKey is POST /admin/keys. Without a role, a key with a tenant is the tenant's.
func (s *Server) createKey(c *call) error {
	var spec api.KeySpec
	err := c.fields(func(o *body.Object) { spec = readKeySpec(o) })
	if err != nil {
		return err
	}
	made, err := s.service.CreateKey(c.context, c.principal, spec)
	if err != nil {
		return err
	}
	actOf(c.echo).object = made.Record.ID
	return c.answer(http.StatusCreated, newKeyRow(made))
}

func readKeySpec(o *body.Object) api.KeySpec {
	spec := api.KeySpec{Tenant: o.Text("tenant_id"), Name: o.NeededText("name"), ExpiresAtMs: readTime(o, "expires_at")}
	role := tenancy.Role(o.Text("role"))
	spec.Operator = role == tenancy.RoleOperator
	switch {
	case role == "":
		role = tenancy.RoleTenant
	case !role.Known():
		o.Refuse("role", "must be \"tenant\" or \"operator\"")
	}
	switch {
	case spec.Operator && spec.Tenant != "":
		o.Refuse("tenant_id", "must be absent from an operator's key")
	case !spec.Operator && spec.Tenant == "":
		o.Refuse("tenant_id", "is needed for a tenant's key")
	}
	functions, err := tenancy.FunctionSetOf(o.Texts("allowed_functions"))
	if err == nil {
		err = functions.CheckFor(role)
	}
	if err != nil {
		o.Refuse("allowed_functions", "is refused: %s", err)
	}
	spec.Functions = functions
	return spec
}

// readTime reads an instant; 0 when absent.
func readTime(o *body.Object, field string) int64 {
	text := o.Text(field)
	if text == "" {
		return 0
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.UnixMilli() <= 0 {
		o.Refuse(field, "must be a time such as 2027-01-31T12:00:00Z")
		return 0
	}
	return at.UnixMilli()
}

func (s *Server) revokeKey(c *call) error {
	if err := c.noBody(); err != nil {
		return err
	}
	record, err := s.service.RevokeKey(c.context, c.principal, c.parameter("id"))
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, keyRowOf(record))
}

// rotateKey is POST /admin/keys/{id}/rotate {"grace_seconds"}: without grace the old key ends at once.
func (s *Server) rotateKey(c *call) error {
	rotation := api.KeyRotation{ID: c.parameter("id")}
	err := c.optionalFields(func(o *body.Object) {
		rotation.GraceMs = 1000 * o.Integer("grace_seconds", 0, math.MaxInt32)
	})
	if err != nil {
		return err
	}
	made, err := s.service.RotateKey(c.context, c.principal, rotation)
	if err != nil {
		return err
	}
	return c.answer(http.StatusCreated, newKeyRow(made))
}
