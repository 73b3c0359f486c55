package mcp

import (
	"fmt"

	"github.com/hivellm/nexus/api"
)

type propertyRow struct {
	Name  string   `json:"name"`
	Types []string `json:"types"`
	// Count is of the sample.
	Count uint64 `json:"count"`
}

type describedRow struct {
	Name       string        `json:"name"`
	Count      uint64        `json:"count"`
	Sampled    uint64        `json:"sampled"`
	Properties []propertyRow `json:"properties"`
}

type patternRow struct {
	Pattern string `json:"pattern"`
	Count   uint64 `json:"count"`
}

type indexRow struct {
	Name          string   `json:"name"`
	State         string   `json:"state"`
	EntityType    string   `json:"entity_type"`
	LabelsOrTypes []string `json:"labels_or_types"`
	Properties    []string `json:"properties"`
}

type constraintRow struct {
	Name          string   `json:"name"`
	Type          string   `json:"type"`
	LabelsOrTypes []string `json:"labels_or_types"`
	Properties    []string `json:"properties"`
}

// schemaRow is a database's schema as models read it.
type schemaRow struct {
	Labels            []describedRow  `json:"labels"`
	RelationshipTypes []describedRow  `json:"relationship_types"`
	Patterns          []patternRow    `json:"patterns"`
	Indexes           []indexRow      `json:"indexes"`
	Constraints       []constraintRow `json:"constraints"`
	Note              string          `json:"note"`
	Truncated         bool            `json:"truncated"`
}

// sampleNote says how the figures were found.
var sampleNote = fmt.Sprintf("counts of labels and relationship types are exact; properties and patterns are sampled from at most %d entities of each", api.SampleSize)

func getSchema(w *work, a arguments) (result, error) {
	d, err := w.service.ToolSchema(w.context, w.Principal, a.text("database"), w.Told.Cost)
	if err != nil {
		return nil, err
	}
	return fitted(schemaOf(d))
}

func schemaOf(d api.Description) schemaRow {
	s := schemaRow{
		Labels: describedRows(d.Labels), RelationshipTypes: describedRows(d.RelationshipTypes), Patterns: make([]patternRow, 0, len(d.Patterns)),
		Indexes: make([]indexRow, 0, len(d.Indexes)), Constraints: make([]constraintRow, 0, len(d.Constraints)), Note: sampleNote, Truncated: d.Partial,
	}
	for _, p := range d.Patterns {
		s.Patterns = append(s.Patterns, patternRow{endOf(p.From) + "-[" + typed([]string{p.Type}) + "]->" + endOf(p.To), p.Count})
	}
	for _, i := range d.Indexes {
		s.Indexes = append(s.Indexes, indexRow{i.Name, i.State.String(), i.Entity.String(), []string{i.LabelOrType}, orEmpty(i.Properties)})
	}
	for _, c := range d.Constraints {
		s.Constraints = append(s.Constraints, constraintRow{c.Name, c.Type(), []string{c.LabelOrType}, orEmpty(c.Properties)})
	}
	return s
}

func endOf(label string) string {
	if label == "" {
		return "()"
	}
	return "(" + labelled([]string{label}) + ")"
}

func describedRows(list []api.Described) []describedRow {
	out := make([]describedRow, 0, len(list))
	for _, d := range list {
		row := describedRow{d.Name, d.Count, d.Sampled, make([]propertyRow, 0, len(d.Properties))}
		for _, p := range d.Properties {
			row.Properties = append(row.Properties, propertyRow{p.Name, p.Kinds, p.Count})
		}
		out = append(out, row)
	}
	return out
}

// fitted encodes a schema; of one that is too large it tells the half that matters more, and says so.
func fitted(s schemaRow) (result, error) {
	for {
		encoded, err := resultOf(s)
		if err != nil || len(quieted(encoded)) <= maxAnswerBytes {
			return encoded, err
		}
		s.Truncated = true
		s.Labels, s.RelationshipTypes, s.Patterns = half(s.Labels), half(s.RelationshipTypes), half(s.Patterns)
		s.Indexes, s.Constraints = half(s.Indexes), half(s.Constraints)
	}
}

func half[T any](list []T) []T { return list[:len(list)/2] }

type countRow struct {
	Name  string `json:"name"`
	Count uint64 `json:"count"`
}

func getStats(w *work, a arguments) (result, error) {
	s, err := w.service.ToolStats(w.context, w.Principal, a.text("database"), w.Told.Cost)
	if err != nil {
		return nil, err
	}
	labels, types := counted(s.Labels), counted(s.RelationshipTypes)
	return resultOf(struct {
		NodeCount         uint64     `json:"node_count"`
		RelationshipCount uint64     `json:"relationship_count"`
		Labels            []countRow `json:"labels"`
		RelationshipTypes []countRow `json:"relationship_types"`
		PropertyKeys      int        `json:"property_keys"`
		Indexes           int        `json:"indexes"`
		StorageBytes      uint64     `json:"storage_bytes"`
		Truncated         bool       `json:"truncated"`
	}{
		s.Nodes, s.Relationships, labels, types, s.PropertyKeys, s.Indexes, s.StorageBytes,
		len(labels) < len(s.Labels) || len(types) < len(s.RelationshipTypes),
	})
}

// Bounds of a list of counts.
const (
	maxCounts       = 200
	maxCountedBytes = 512
)

func counted(counts []api.NameCount) []countRow {
	list := make([]countRow, 0, min(len(counts), maxCounts))
	for _, c := range counts {
		if len(list) < maxCounts && len(c.Name) <= maxCountedBytes {
			list = append(list, countRow{c.Name, c.Count})
		}
	}
	return list
}

func listDatabases(w *work, _ arguments) (result, error) {
	databases, err := w.service.ToolDatabases(w.context, w.Principal, w.Told.Cost)
	if err != nil {
		return nil, err
	}
	type row struct {
		Name          string `json:"name"`
		Nodes         uint64 `json:"nodes"`
		Relationships uint64 `json:"relationships"`
		StorageBytes  uint64 `json:"storage_bytes"`
	}
	list := make([]row, 0, len(databases))
	for _, d := range databases {
		list = append(list, row{d.Name, d.Nodes, d.Relationships, d.Bytes})
	}
	return resultOf(map[string]any{"databases": list})
}
