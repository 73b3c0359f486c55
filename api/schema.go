package api

import (
	"context"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/tenancy"
)

// Schema tells what a database holds by name.
type Schema struct {
	Labels            []NameCount
	RelationshipTypes []NameCount
	PropertyKeys      []string
	Indexes           []graph.IndexDefinition
	Constraints       []graph.ConstraintDefinition
}

// NameCount is a label or type with its exact count.
type NameCount struct {
	Name  string
	Count uint64
}

// Stats are the exact counts of one database, and the storage of all its records.
type Stats struct {
	Nodes, Relationships      uint64
	Labels, RelationshipTypes []NameCount
	PropertyKeys, Indexes     int
	StorageBytes              uint64
}

// Schema reads a database's schema as a strong read sees it. database "" = default.
func (s *Service) Schema(ctx context.Context, p tenancy.Principal, database string) (Schema, error) {
	pinned, err := s.strongVersion(ctx, p, tenancy.FunctionSchemaRead, database)
	if err != nil {
		return Schema{}, err
	}
	defer pinned.Release()
	return schemaOf(pinned.Graph), nil
}

func schemaOf(g *graph.Graph) Schema {
	return Schema{
		Labels: labelCounts(g), RelationshipTypes: typeCounts(g), PropertyKeys: g.PropertyKeyNames(),
		Indexes: g.Indexes(), Constraints: g.Constraints(),
	}
}

// Stats reads a database's counts as a strong read sees them. database "" = default.
func (s *Service) Stats(ctx context.Context, p tenancy.Principal, database string) (Stats, error) {
	pinned, err := s.strongVersion(ctx, p, tenancy.FunctionStatsRead, database)
	if err != nil {
		return Stats{}, err
	}
	defer pinned.Release()
	return statsOf(pinned.Graph), nil
}

func statsOf(g *graph.Graph) Stats {
	meta := g.Meta()
	return Stats{
		Nodes: meta.Nodes, Relationships: meta.Relationships,
		Labels: labelCounts(g), RelationshipTypes: typeCounts(g),
		PropertyKeys: len(g.PropertyKeyNames()), Indexes: len(g.Indexes()), StorageBytes: meta.Bytes,
	}
}

func labelCounts(g *graph.Graph) []NameCount {
	names := g.LabelNames()
	counts := make([]NameCount, 0, len(names))
	for _, name := range names {
		if label, ok := g.Label(name); ok {
			counts = append(counts, NameCount{name, g.LabelCount(label)})
		}
	}
	return counts
}

func typeCounts(g *graph.Graph) []NameCount {
	names := g.TypeNames()
	counts := make([]NameCount, 0, len(names))
	for _, name := range names {
		if t, ok := g.Type(name); ok {
			counts = append(counts, NameCount{name, g.TypeCount(t)})
		}
	}
	return counts
}
