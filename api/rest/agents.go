package rest

import (
	"net/http"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/tenancy"
)

// pathAgents is where agents come in. The door behind it speaks their protocol, and asks for each tool's own function.
const pathAgents = "/mcp"

// Agent is a request for the agents' door: whose it is, and its body, which was read and bounded here.
type Agent struct {
	Principal tenancy.Principal
	RequestID string
	ArrivedMs int64
	Body      []byte
	Told      *api.Told
}

// Agents answers requests of agents; an error says that nothing was answered, and is the request's own fault.
type Agents func(w http.ResponseWriter, r *http.Request, a Agent) error

// agents hands a request to the agents' door.
func (s *Server) agents(c *call) error {
	if c.request.Method != http.MethodPost {
		c.response.Header().Set("Allow", http.MethodPost)
		return api.Refuse(api.CodeMethodNotAllowed, "This path takes POST: no stream and no session outlives a request")
	}
	if s.config.Agents == nil {
		return api.Refuse(api.CodeNotFound, "This node has no door for agents")
	}
	told := api.Told{Cost: &c.cost, Rows: -1}
	err := s.config.Agents(c.response, c.request, Agent{
		Principal: c.principal, RequestID: c.requestID, ArrivedMs: c.arrivedMs, Body: c.body, Told: &told,
	})
	if err != nil {
		return api.Refuse(api.CodeBadRequest, "%s", err)
	}
	recorded := actOf(c.echo)
	recorded.rows, recorded.refused = told.Rows, told.Refused
	if !told.Function.IsZero() {
		recorded.planned(told.Function)
	}
	return nil
}
