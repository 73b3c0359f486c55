package rest

import (
	"net/http"

	"github.com/hivellm/nexus/api"
)

// queryRow is a query under way as the operator sees it.
type queryRow struct {
	ID          string  `json:"id"`
	Node        string  `json:"node"`
	TenantID    string  `json:"tenant_id"`
	KeyID       string  `json:"key_id"`
	Function    string  `json:"function"`
	Database    string  `json:"database"`
	Fingerprint string  `json:"fingerprint"`
	State       string  `json:"state"`
	Forwarded   bool    `json:"forwarded"`
	StartedAt   *string `json:"started_at"`
	ElapsedMs   int64   `json:"elapsed_ms"`
	Rows        int64   `json:"rows"`
	MemoryBytes int64   `json:"memory_bytes"`
}

func rowOfQuery(q api.RunningQuery) queryRow {
	return queryRow{
		ID: q.ID, Node: q.Node, TenantID: q.Tenant, KeyID: q.KeyID, Function: q.Function, Database: q.Database,
		Fingerprint: q.Fingerprint, State: q.State, Forwarded: q.Forwarded, StartedAt: timestamp(q.StartedMs),
		ElapsedMs: q.ElapsedMs, Rows: q.Rows, MemoryBytes: q.MemoryBytes,
	}
}

// listQueries is GET /admin/queries: what runs on all nodes.
func (s *Server) listQueries(c *call) error {
	if err := c.noBody(); err != nil {
		return err
	}
	list, missing, err := s.service.Queries(c.context, c.principal)
	if err != nil {
		return err
	}
	rows := make([]queryRow, 0, len(list))
	for _, q := range list {
		rows = append(rows, rowOfQuery(q))
	}
	return c.answer(http.StatusOK, struct {
		Queries []queryRow `json:"queries"`
		Missing []string   `json:"missing"`
	}{rows, orEmpty(missing)})
}

// showQuery is GET /admin/queries/{id}.
func (s *Server) showQuery(c *call) error {
	if err := c.noBody(); err != nil {
		return err
	}
	q, err := s.service.Query(c.context, c.principal, c.parameter("id"))
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, rowOfQuery(q))
}

// killQuery is DELETE /admin/queries/{id}.
func (s *Server) killQuery(c *call) error {
	if err := c.noBody(); err != nil {
		return err
	}
	if err := s.service.KillQuery(c.context, c.principal, c.parameter("id")); err != nil {
		return err
	}
	return c.done()
}

// orEmpty makes an empty list of none, which JSON would show as null.
func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
