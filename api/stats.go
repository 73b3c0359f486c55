package api

import "github.com/hivellm/nexus/graph/cypher"

// StatFields names every figure of a query's stats, in the order of answers.
var StatFields = []struct {
	Name string
	Of   func(*cypher.Stats) uint64
}{
	{"nodes_created", func(s *cypher.Stats) uint64 { return uint64(s.NodesCreated) }},
	{"nodes_deleted", func(s *cypher.Stats) uint64 { return uint64(s.NodesDeleted) }},
	{"relationships_created", func(s *cypher.Stats) uint64 { return uint64(s.RelationshipsCreated) }},
	{"relationships_deleted", func(s *cypher.Stats) uint64 { return uint64(s.RelationshipsDeleted) }},
	{"properties_set", func(s *cypher.Stats) uint64 { return uint64(s.PropertiesSet) }},
	{"labels_added", func(s *cypher.Stats) uint64 { return uint64(s.LabelsAdded) }},
	{"labels_removed", func(s *cypher.Stats) uint64 { return uint64(s.LabelsRemoved) }},
	{"indexes_added", func(s *cypher.Stats) uint64 { return uint64(s.IndexesAdded) }},
	{"indexes_removed", func(s *cypher.Stats) uint64 { return uint64(s.IndexesRemoved) }},
	{"constraints_added", func(s *cypher.Stats) uint64 { return uint64(s.ConstraintsAdded) }},
	{"constraints_removed", func(s *cypher.Stats) uint64 { return uint64(s.ConstraintsRemoved) }},
}
