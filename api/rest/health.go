package rest

import (
	"net/http"

	"github.com/hivellm/nexus/tenancy"
)

// index is GET /: who answers here.
func (s *Server) index(c *call) error {
	if err := c.noBody(); err != nil {
		return err
	}
	return c.answer(http.StatusOK, struct {
		Name    string `json:"name"`
		Version string `json:"version"`
		Node    string `json:"node"`
	}{"nexus", s.version, s.nodeName})
}

// health is GET /health: the process answers.
func (s *Server) health(c *call) error {
	if err := c.noBody(); err != nil {
		return err
	}
	return c.answer(http.StatusOK, struct {
		Status  string `json:"status"`
		Version string `json:"version"`
		Node    string `json:"node"`
	}{"ok", s.version, s.nodeName})
}

// ready is GET /ready: this node may get traffic. Raft indexes are shown to operators only (R6).
func (s *Server) ready(c *call) error {
	if err := c.noBody(); err != nil {
		return err
	}
	readiness := s.service.Ready()
	answer := struct {
		Ready        bool    `json:"ready"`
		Leader       bool    `json:"leader"`
		AppliedIndex *uint64 `json:"applied_index,omitempty"`
		Reason       string  `json:"reason,omitempty"`
	}{Ready: readiness.Ready, Leader: readiness.Leader, Reason: readiness.Reason}
	if c.principal.Operator() {
		answer.AppliedIndex = &readiness.AppliedIndex
	}
	status := http.StatusOK
	if !readiness.Ready {
		status = http.StatusServiceUnavailable
		c.response.Header().Set("Retry-After", "1")
	}
	return c.answer(status, answer)
}

type usedOf struct {
	Used  uint64        `json:"used"`
	Limit tenancy.Limit `json:"limit"`
}

type bytesOf struct {
	Used  uint64        `json:"used_bytes"`
	Limit tenancy.Limit `json:"limit_bytes"`
}

// usage is GET /cluster/stats/self. Rate and period are not metered by this version: nothing limits, so their limits are
// null and nothing is counted.
func (s *Server) usage(c *call) error {
	if err := c.noBody(); err != nil {
		return err
	}
	found, err := s.service.UsageOf(c.context, c.principal)
	if err != nil {
		return err
	}
	limits, used := found.Account.Limits, found.Usage
	return c.answer(http.StatusOK, struct {
		TenantID      string  `json:"tenant_id"`
		Plan          string  `json:"plan"`
		Status        string  `json:"status"`
		Storage       bytesOf `json:"storage"`
		Nodes         usedOf  `json:"nodes"`
		Relationships usedOf  `json:"relationships"`
		Databases     usedOf  `json:"databases"`
		Rate          struct {
			PerSecond *uint64 `json:"limit_per_second"`
			Burst     *uint64 `json:"burst"`
		} `json:"rate"`
		Period struct {
			Name          *string `json:"name"`
			RequestsUsed  *uint64 `json:"requests_used"`
			RequestsLimit *uint64 `json:"requests_limit"`
			WritesUsed    *uint64 `json:"writes_used"`
			WritesLimit   *uint64 `json:"writes_limit"`
			ResetsAt      *string `json:"resets_at"`
		} `json:"period"`
	}{
		TenantID: found.Account.ID.String(), Plan: found.Account.Plan, Status: string(found.Account.Status),
		Storage:       bytesOf{used.Bytes, limits.MaxStorageBytes},
		Nodes:         usedOf{used.Nodes, limits.MaxNodes},
		Relationships: usedOf{used.Relationships, limits.MaxRelationships},
		Databases:     usedOf{used.Databases, limits.MaxDatabases},
	})
}
