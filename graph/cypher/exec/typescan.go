package exec

import (
	"github.com/hivellm/nexus/graph/cypher/plan"
	"github.com/hivellm/nexus/graph/value"
)

// typeScan finds the relationships of types, one type after another.
type typeScan struct {
	through
	slot  int
	types []int
}

func (c *compiler) typeScan(o *plan.TypeScan) stage {
	slot := o.Relationship.Symbol.Slot
	var types []int
	for _, name := range o.Types {
		types = append(types, c.typ(name))
	}
	return func(next operator, _ *pipe) operator { return &typeScan{through{next}, slot, types} }
}

func (o *typeScan) push(r *run) error {
	g := r.graph()
	for _, name := range o.types {
		typ, ok := r.typ(name)
		if !ok {
			continue
		}
		cursor := g.RelationshipsOfType(typ)
		for id, ok := cursor.Next(); ok; id, ok = cursor.Next() {
			if err := r.visit(); err != nil {
				return err
			}
			r.row[o.slot] = value.Relationship(id)
			if err := o.next.push(r); err != nil {
				return err
			}
		}
	}
	return nil
}
