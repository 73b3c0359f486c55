package rest

import "github.com/hivellm/nexus/api"

// indexType is the type of all indexes as SHOW INDEXES names it.
const indexType = "RANGE"

func indexRows(schema api.Schema) []indexRow {
	rows := make([]indexRow, 0, len(schema.Indexes))
	for _, d := range schema.Indexes {
		rows = append(rows, indexRow{
			ID: d.ID, Name: d.Name, State: d.State.String(), PopulationPercent: d.Percent, Type: indexType,
			EntityType: d.Entity.String(), LabelsOrTypes: []string{d.LabelOrType}, Properties: listOf(d.Properties),
			OwningConstraint: orNull(d.OwningConstraint),
		})
	}
	return rows
}

func constraintRows(schema api.Schema) []constraintRow {
	rows := make([]constraintRow, 0, len(schema.Constraints))
	for _, d := range schema.Constraints {
		rows = append(rows, constraintRow{
			ID: d.ID, Name: d.Name, Type: d.Type(), EntityType: d.Entity.String(),
			LabelsOrTypes: []string{d.LabelOrType}, Properties: listOf(d.Properties), OwnedIndex: orNull(d.OwnedIndex),
		})
	}
	return rows
}
