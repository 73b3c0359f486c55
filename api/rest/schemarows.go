package rest

import (
	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/graph"
)

// Words of SHOW INDEXES and SHOW CONSTRAINTS.
const (
	indexType          = "RANGE"
	entityNode         = "NODE"
	entityRelationship = "RELATIONSHIP"
)

func entityWord(kind graph.EntityKind) string {
	if kind == graph.RelationshipEntity {
		return entityRelationship
	}
	return entityNode
}

// constraintWord is the constraint's type as SHOW CONSTRAINTS names it.
func constraintWord(kind graph.ConstraintKind, entity graph.EntityKind) string {
	word := map[graph.ConstraintKind]string{
		graph.Unique:  "UNIQUENESS",
		graph.Exists:  "PROPERTY_EXISTENCE",
		graph.NodeKey: "NODE_KEY",
	}[kind]
	switch {
	case entity == graph.RelationshipEntity:
		return entityRelationship + "_" + word
	case kind == graph.Exists:
		return entityNode + "_" + word
	}
	return word
}

// populated is the populationPercent of an index that is listed: it is built when it is made or loaded.
const populated = 100.0

func indexRows(schema api.Schema) []indexRow {
	rows := make([]indexRow, 0, len(schema.Indexes))
	for _, d := range schema.Indexes {
		rows = append(rows, indexRow{
			ID: d.ID, Name: d.Name, State: d.State.String(), PopulationPercent: populated, Type: indexType,
			EntityType: entityWord(d.Entity), LabelsOrTypes: []string{d.LabelOrType}, Properties: listOf(d.Properties),
			OwningConstraint: orNull(d.OwningConstraint),
		})
	}
	return rows
}

func constraintRows(schema api.Schema) []constraintRow {
	rows := make([]constraintRow, 0, len(schema.Constraints))
	for _, d := range schema.Constraints {
		rows = append(rows, constraintRow{
			ID: d.ID, Name: d.Name, Type: constraintWord(d.Kind, d.Entity), EntityType: entityWord(d.Entity),
			LabelsOrTypes: []string{d.LabelOrType}, Properties: listOf(d.Properties), OwnedIndex: orNull(d.OwnedIndex),
		})
	}
	return rows
}
