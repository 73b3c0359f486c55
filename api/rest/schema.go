package rest

import (
	"net/http"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/graph/value"
)

type nameCount struct {
	Name  string `json:"name"`
	Count uint64 `json:"count"`
}

// indexRow has the columns of SHOW INDEXES.
type indexRow struct {
	ID                uint64   `json:"id"`
	Name              string   `json:"name"`
	State             string   `json:"state"`
	PopulationPercent float64  `json:"populationPercent"`
	Type              string   `json:"type"`
	EntityType        string   `json:"entityType"`
	LabelsOrTypes     []string `json:"labelsOrTypes"`
	Properties        []string `json:"properties"`
	OwningConstraint  *string  `json:"owningConstraint"`
}

// constraintRow has the columns of SHOW CONSTRAINTS.
type constraintRow struct {
	ID            uint64   `json:"id"`
	Name          string   `json:"name"`
	Type          string   `json:"type"`
	EntityType    string   `json:"entityType"`
	LabelsOrTypes []string `json:"labelsOrTypes"`
	Properties    []string `json:"properties"`
	OwnedIndex    *string  `json:"ownedIndex"`
	PropertyType  *string  `json:"propertyType"`
}

// readSchema reads the schema of the database named behind the question mark.
func (s *Server) readSchema(c *call) (api.Schema, error) {
	if err := c.noBody(); err != nil {
		return api.Schema{}, err
	}
	database, err := c.query("database")
	if err != nil {
		return api.Schema{}, err
	}
	return s.service.Schema(c.context, c.principal, database)
}

func (s *Server) schema(c *call) error {
	schema, err := s.readSchema(c)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, struct {
		Labels            []nameCount     `json:"labels"`
		RelationshipTypes []nameCount     `json:"relationship_types"`
		PropertyKeys      []string        `json:"property_keys"`
		Indexes           []indexRow      `json:"indexes"`
		Constraints       []constraintRow `json:"constraints"`
	}{nameCounts(schema.Labels), nameCounts(schema.RelationshipTypes), listOf(schema.PropertyKeys), indexRows(schema), constraintRows(schema)})
}

func (s *Server) schemaLabels(c *call) error {
	schema, err := s.readSchema(c)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, map[string]any{"labels": nameCounts(schema.Labels)})
}

func (s *Server) schemaTypes(c *call) error {
	schema, err := s.readSchema(c)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, map[string]any{"relationship_types": nameCounts(schema.RelationshipTypes)})
}

func (s *Server) schemaIndexes(c *call) error {
	schema, err := s.readSchema(c)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, struct {
		Indexes     []indexRow      `json:"indexes"`
		Constraints []constraintRow `json:"constraints"`
	}{indexRows(schema), constraintRows(schema)})
}

// stats is GET /stats. The maps are written in the order of their names' bytes.
func (s *Server) stats(c *call) error {
	if err := c.noBody(); err != nil {
		return err
	}
	database, err := c.query("database")
	if err != nil {
		return err
	}
	stats, err := s.service.Stats(c.context, c.principal, database)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, struct {
		NodeCount         uint64      `json:"node_count"`
		RelationshipCount uint64      `json:"relationship_count"`
		Labels            countsByKey `json:"labels"`
		RelationshipTypes countsByKey `json:"relationship_types"`
		PropertyKeys      int         `json:"property_keys"`
		Indexes           int         `json:"indexes"`
		StorageBytes      uint64      `json:"storage_bytes"`
	}{stats.Nodes, stats.Relationships, stats.Labels, stats.RelationshipTypes, stats.PropertyKeys, stats.Indexes, stats.StorageBytes})
}

// countsByKey writes counts as an object, in the list's own order.
type countsByKey []api.NameCount

// MarshalJSON implements json.Marshaler.
func (counts countsByKey) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, c := range counts {
		if i > 0 {
			out = append(out, ',')
		}
		out = value.AppendJSONString(out, c.Name)
		out = append(out, ':')
		out = value.AppendJSON(out, value.Int(int64(c.Count)))
	}
	return append(out, '}'), nil
}

func nameCounts(counts []api.NameCount) []nameCount {
	rows := make([]nameCount, 0, len(counts))
	for _, c := range counts {
		rows = append(rows, nameCount{c.Name, c.Count})
	}
	return rows
}

// listOf is never null in JSON.
func listOf(texts []string) []string {
	if texts == nil {
		return []string{}
	}
	return texts
}
