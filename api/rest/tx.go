package rest

import (
	"net/http"
	"strconv"
	"time"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/api/rest/body"
	"github.com/hivellm/nexus/graph/value"
)

// maxIdleMs bounds timeout_ms of POST /tx so that it fits a duration; the service caps it long before.
const maxIdleMs = 1 << 40

// beginTx is POST /tx.
func (s *Server) beginTx(c *call) error {
	var spec api.TxSpec
	err := c.optionalFields(func(o *body.Object) {
		spec.Database, spec.Bookmark = o.Text("database"), o.Text("bookmark")
		spec.Idle = time.Duration(o.Integer("timeout_ms", 1, maxIdleMs)) * time.Millisecond
		switch mode := o.Text("access_mode"); mode {
		case "", "write":
		case "read":
			spec.ReadOnly = true
		default:
			o.Refuse("access_mode", "must be \"read\" or \"write\"")
		}
	})
	if err != nil {
		return err
	}
	begun, err := s.service.BeginTx(c.context, c.principal, spec)
	if err != nil {
		return err
	}
	return c.answer(http.StatusCreated, struct {
		ID        string  `json:"id"`
		ExpiresAt *string `json:"expires_at"`
	}{begun.ID, timestamp(begun.ExpiresAtMs)})
}

// txStatement is POST /tx/{id}: one statement, its rows as JSON or as lines.
func (s *Server) txStatement(c *call) error {
	asked, err := body.ParseCypher(c.body)
	if err != nil {
		return err
	}
	if asked.MaxStalenessMs != 0 {
		return api.Refuse(api.CodeBadRequest, "A statement in a transaction has no max_staleness_ms")
	}
	if len(c.request.Header.Values(headerIdempotencyKey)) > 0 {
		return api.Refuse(api.CodeBadRequest, "A statement in a transaction takes no Idempotency-Key: its commit may be sent again as it is")
	}
	request := api.Request{
		Principal:   c.principal,
		OnPlan:      actOf(c.echo).planned,
		Query:       asked.Query,
		Parameters:  asked.Parameters,
		Database:    asked.Database,
		Consistency: api.Consistency(asked.Consistency),
		Bookmark:    asked.Bookmark,
		Timeout:     time.Duration(asked.TimeoutMs) * time.Millisecond,
		ArrivedMs:   c.arrivedMs,
		Cost:        &c.cost,
	}
	run := func(sink api.Sink) (api.Summary, error) {
		return s.service.TxCypher(c.context, c.parameter("id"), request, sink)
	}
	if wantsLines(c.request.Header.Values("Accept")) {
		return s.inLines(c, run)
	}
	return s.inRows(c, run)
}

// commitTx is POST /tx/{id}/commit.
func (s *Server) commitTx(c *call) error {
	if err := c.noBody(); err != nil {
		return err
	}
	done, err := s.service.CommitTx(c.context, c.principal, c.parameter("id"), c.arrivedMs)
	if err != nil {
		return err
	}
	out := append([]byte(nil), `{"bookmark":`...)
	out = value.AppendJSONString(out, done.Bookmark)
	out = append(appendStats(append(out, ','), &api.Summary{Stats: done.Stats}), '}')
	if done.Replayed {
		out = append(out[:len(out)-1], `,"replayed":true}`...)
	}
	header := c.response.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(len(out)))
	c.response.WriteHeader(http.StatusOK)
	_, err = c.response.Write(out)
	return err
}

// rollbackTx is DELETE /tx/{id}.
func (s *Server) rollbackTx(c *call) error {
	if err := c.noBody(); err != nil {
		return err
	}
	if err := s.service.RollbackTx(c.context, c.principal, c.parameter("id")); err != nil {
		return err
	}
	return c.done()
}
