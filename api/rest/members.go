package rest

import (
	"context"
	"net/http"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/tenancy"
)

// drainRow is how far a member is on its way out.
type drainRow struct {
	ID                string `json:"id"`
	Name              string `json:"name"`
	State             string `json:"state"`   // "none", "draining", "removed"
	HeldBy            string `json:"held_by"` // in words; "" when nothing holds it
	Answers           bool   `json:"answers"`
	RequestsLeft      int64  `json:"requests_left"`
	TransactionsOpen  int64  `json:"transactions_open"`
	Voters            int    `json:"voters"` // that remain once it left
	FailuresTolerated int    `json:"failures_tolerated"`
}

// drainOf is GET /cluster/members/{id}/drain.
func (s *Server) drainOf(c *call) error { return s.memberStep(c, http.StatusOK, s.service.DrainOf) }

// drainMember is POST /cluster/members/{id}/drain: begun, or under way already.
func (s *Server) drainMember(c *call) error {
	return s.memberStep(c, http.StatusAccepted, s.service.DrainMember)
}

// undrainMember is DELETE /cluster/members/{id}/drain: the node stays.
func (s *Server) undrainMember(c *call) error {
	return s.memberStep(c, http.StatusOK, s.service.UndrainMember)
}

// removeMember is DELETE /cluster/members/{id}: a dead node goes for good.
func (s *Server) removeMember(c *call) error {
	return s.memberStep(c, http.StatusOK, s.service.RemoveMember)
}

func (s *Server) memberStep(c *call, status int, step func(context.Context, tenancy.Principal, string) (api.Drain, error)) error {
	if err := c.noBody(); err != nil {
		return err
	}
	d, err := step(c.context, c.principal, c.parameter("id"))
	if err != nil {
		return err
	}
	return c.answer(status, drainRow{
		ID: d.Node, Name: d.Name, State: d.State, HeldBy: d.HeldBy, Answers: d.Answers, RequestsLeft: d.Requests,
		TransactionsOpen: d.Transactions, Voters: d.Voters, FailuresTolerated: d.FailuresTolerated,
	})
}
