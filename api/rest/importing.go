package rest

import (
	"net/http"

	"github.com/hivellm/nexus/api"
)

// importTenant takes a piece of a copy; an empty body asks where the import stands.
func (s *Server) importTenant(c *call) error {
	database, err := c.query("database")
	if err != nil {
		return err
	}
	in := api.Import{Tenant: c.parameter("id"), Database: database}
	if len(c.body) > 0 {
		if in.Piece, err = api.DecodeImportPiece(c.body); err != nil {
			return err
		}
	}
	state, err := s.service.ImportTenant(c.context, c.principal, in)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, struct {
		Digest        string `json:"digest"` // hexadecimal
		Nodes         uint64 `json:"nodes"`
		Relationships uint64 `json:"relationships"`
		Bytes         uint64 `json:"bytes"`
	}{state.Digest.String(), state.Nodes, state.Relationships, state.Bytes})
}
