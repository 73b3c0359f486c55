package main

import (
	"log/slog"
	"net/http"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/api/rest"
	"github.com/hivellm/nexus/mcp"
)

// agentsDoor makes the agents' door and fits it to HTTP's: the two stand on one floor and do not know each other.
func agentsDoor(service *api.Service, logger *slog.Logger) rest.Agents {
	door := mcp.New(mcp.Config{Service: service, Logger: logger})
	return func(w http.ResponseWriter, r *http.Request, a rest.Agent) error {
		return door.Serve(w, r, a.Body, mcp.Caller{Principal: a.Principal, RequestID: a.RequestID, ArrivedMs: a.ArrivedMs, Told: a.Told})
	}
}
