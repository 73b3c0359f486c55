package cypher

import (
	"github.com/hivellm/nexus/graph/cypher/fn"
	"github.com/hivellm/nexus/graph/value"
)

// builtins are the procedures that a caller has who names none of his own.
var builtins = fn.NewProcedures(
	listing("db.labels", "label", func(c *fn.Context) []string { return c.Graph.LabelNames() }),
	listing("db.relationshipTypes", "relationshipType", func(c *fn.Context) []string { return c.Graph.TypeNames() }),
	listing("db.propertyKeys", "propertyKey", func(c *fn.Context) []string { return c.Graph.PropertyKeyNames() }),
)

// listing is a procedure without arguments that yields one name a row.
func listing(name, column string, names func(c *fn.Context) []string) *fn.Procedure {
	return &fn.Procedure{
		Name: name, Columns: []string{column},
		Call: func(c *fn.Context, _ []value.Value, yield func(row []value.Value) error) error {
			for _, one := range names(c) {
				if err := yield([]value.Value{value.String(one)}); err != nil {
					return err
				}
			}
			return nil
		},
	}
}
