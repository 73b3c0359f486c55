package rest

import (
	"net/http"

	"github.com/hivellm/nexus/api/rest/body"
)

type databaseRow struct {
	Name          string  `json:"name"`
	CreatedAt     *string `json:"created_at"`
	Nodes         uint64  `json:"nodes"`
	Relationships uint64  `json:"relationships"`
	Bytes         uint64  `json:"bytes"`
}

func (s *Server) listDatabases(c *call) error {
	if err := c.noBody(); err != nil {
		return err
	}
	databases, err := s.service.Databases(c.context, c.principal)
	if err != nil {
		return err
	}
	rows := make([]databaseRow, 0, len(databases))
	for _, d := range databases {
		rows = append(rows, databaseRow{d.Name, timestamp(d.CreatedAtMs), d.Nodes, d.Relationships, d.Bytes})
	}
	return c.answer(http.StatusOK, map[string]any{"databases": rows})
}

func (s *Server) createDatabase(c *call) error {
	var name string
	if err := c.fields(func(o *body.Object) { name = o.NeededText("name") }); err != nil {
		return err
	}
	made, err := s.service.CreateDatabase(c.context, c.principal, name, &c.cost)
	if err != nil {
		return err
	}
	return c.answer(http.StatusCreated, struct {
		Name      string  `json:"name"`
		CreatedAt *string `json:"created_at"`
	}{made.Name, timestamp(made.CreatedAtMs)})
}

func (s *Server) dropDatabase(c *call) error {
	if err := c.noBody(); err != nil {
		return err
	}
	if err := s.service.DropDatabase(c.context, c.principal, c.parameter("name"), &c.cost); err != nil {
		return err
	}
	return c.done()
}
