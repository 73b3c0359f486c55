package rest

import "net/http"

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
