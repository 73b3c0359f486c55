package rest

import (
	"encoding/hex"
	"net/http"
	"strconv"
	"time"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/api/audit"
)

// auditRow is a record as its tenant sees it. The chain's fields are an administrator's: a tenant must not see how much
// others do.
type auditRow struct {
	Time       string        `json:"time"`
	Node       string        `json:"node"`
	TenantID   *string       `json:"tenant_id"`
	KeyID      *string       `json:"key_id"`
	Function   string        `json:"function"`
	Outcome    audit.Outcome `json:"outcome"`
	Code       string        `json:"code,omitempty"`
	Object     string        `json:"object,omitempty"`
	Rows       *int64        `json:"rows,omitempty"`
	DurationMs int64         `json:"duration_ms"`
	RequestID  *string       `json:"request_id"`
	Seq        uint64        `json:"seq,omitempty"`
	Prev       string        `json:"prev,omitempty"`
	Hash       string        `json:"hash,omitempty"`
}

func auditRowOf(e *audit.Entry, chained bool) auditRow {
	row := auditRow{
		Time: e.Time.UTC().Format("2006-01-02T15:04:05.000Z"), Node: e.Node, TenantID: orNull(e.TenantID), KeyID: orNull(e.KeyID),
		Function: e.Function, Outcome: e.Outcome, Code: e.Code, Object: e.Object,
		DurationMs: e.Duration.Milliseconds(), RequestID: orNull(e.RequestID),
	}
	if e.Rows >= 0 {
		row.Rows = &e.Rows
	}
	if chained {
		row.Seq, row.Prev, row.Hash = e.Seq, e.Prev, e.Hash
	}
	return row
}

// ownAudit is GET /audit: the tenant's own records, of all nodes.
func (s *Server) ownAudit(c *call) error {
	q, err := c.auditQuery()
	if err != nil {
		return err
	}
	page, err := s.service.Audit(c.context, c.principal, q)
	if err != nil {
		return err
	}
	return c.answerAudit(page, false)
}

// allAudit is GET /admin/audit: everybody's records, or with tenant_id those of one tenant.
func (s *Server) allAudit(c *call) error {
	q, err := c.auditQuery()
	if err == nil {
		q.Tenant, err = c.query("tenant_id")
	}
	if err != nil {
		return err
	}
	page, err := s.service.AuditAll(c.context, c.principal, q)
	if err != nil {
		return err
	}
	return c.answerAudit(page, true)
}

func (c *call) auditQuery() (q api.AuditQuery, err error) {
	if err := c.noBody(); err != nil {
		return q, err
	}
	if q.Since, err = c.query("since"); err != nil {
		return q, err
	}
	limit, err := c.query("limit")
	if err != nil || limit == "" {
		return q, err
	}
	if q.Limit, err = strconv.Atoi(limit); err != nil || q.Limit < 1 {
		return q, api.Refuse(api.CodeBadRequest, "limit must be a whole number from 1")
	}
	return q, nil
}

func (c *call) answerAudit(page api.AuditPage, chained bool) error {
	rows := make([]auditRow, 0, len(page.Entries))
	for i := range page.Entries {
		rows = append(rows, auditRowOf(&page.Entries[i], chained))
	}
	return c.answer(http.StatusOK, struct {
		Records []auditRow `json:"records"`
		Next    string     `json:"next"`
		Missing []string   `json:"missing"`
	}{rows, page.Next, orEmpty(page.Missing)})
}

// auditHeads is GET /admin/audit/heads: what "nexus audit verify" holds a node's files against.
func (s *Server) auditHeads(c *call) error {
	if err := c.noBody(); err != nil {
		return err
	}
	heads, seq, chain, err := s.service.AuditHeads(c.principal)
	if err != nil {
		return err
	}
	type headRow struct {
		NodeID  string  `json:"node_id"`
		Seq     uint64  `json:"seq"`
		Hash    string  `json:"hash"`
		NotedAt *string `json:"noted_at"`
	}
	rows := make([]headRow, 0, len(heads))
	for _, h := range heads {
		rows = append(rows, headRow{h.NodeID, h.Seq, hex.EncodeToString(h.Hash[:]), timestamp(h.NotedMs)})
	}
	return c.answer(http.StatusOK, struct {
		Heads      []headRow `json:"heads"`
		AdminSeq   uint64    `json:"admin_seq"`
		AdminChain string    `json:"admin_chain"`
		At         *string   `json:"at"`
	}{rows, seq, hex.EncodeToString(chain[:]), timestamp(time.Now().UnixMilli())})
}
