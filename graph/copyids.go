package graph

import "slices"

// pass brings next within reach of an id by entities that do not stay: no id may lie farther than maxIDGap above it.
func pass[ID ~uint64](d *Draft, next *uint64, id uint64, make func(uint64) (ID, error), remove func(ID) error) error {
	for id > *next+maxIDGap {
		if err := touchID(d, *next+maxIDGap, make, remove); err != nil {
			return err
		}
	}
	return nil
}

// touchID makes an entity that does not stay; after an error nothing was made.
func touchID[ID ~uint64](d *Draft, id uint64, make func(uint64) (ID, error), remove func(ID) error) error {
	before := d.Savepoint()
	made, err := make(id)
	if err == nil {
		err = remove(made)
	}
	if err != nil {
		d.RollbackTo(before)
	}
	return err
}

// lastIDs moves the next ids past those of entities that were deleted: an id is never given twice.
func (c *Copy) lastIDs() copyPhase {
	return func(d *Draft) (bool, error) {
		next, last := &d.m.g.meta, c.source.meta
		node := func(id uint64) (NodeID, error) {
			d.UseIDs(id, 0)
			return d.CreateNode(nil, nil)
		}
		switch {
		case next.NextNode < last.NextNode:
			return true, touchID(d, min(last.NextNode-1, next.NextNode+maxIDGap), node, d.DeleteNode)
		case next.NextRelationship < last.NextRelationship:
			id := min(last.NextRelationship-1, next.NextRelationship+maxIDGap)
			return true, c.touchRelationshipID(d, id, node)
		}
		return false, nil
	}
}

// touchRelationshipID makes a relationship that does not stay. Where no node is left it needs one for its ends, which
// takes the first id that the source never gave.
func (c *Copy) touchRelationshipID(d *Draft, id uint64, node func(uint64) (NodeID, error)) error {
	between := func(end NodeID) error {
		make := func(id uint64) (RelationshipID, error) {
			d.UseIDs(0, id)
			return d.CreateRelationship(c.source.names[typeNames].name(0), end, end, nil)
		}
		return touchID(d, id, make, d.DeleteRelationship)
	}
	ids := c.source.Nodes()
	if end, found := ids.Next(); found {
		return between(end)
	}
	return touchID(d, d.m.g.meta.NextNode, node, func(end NodeID) error {
		if err := between(end); err != nil {
			return err
		}
		return d.DeleteNode(end)
	})
}

// schema copies indexes and constraints while they cover nothing, under their ids. Ids between them belonged to what is
// dropped by now.
func (c *Copy) schema() copyPhase {
	owned := func(x IndexDefinition) bool { return x.OwningConstraint != "" }
	indexes, constraints := slices.DeleteFunc(c.source.Indexes(), owned), c.source.Constraints()
	return func(d *Draft) (bool, error) {
		next := d.m.g.meta.NextSchema
		switch {
		case len(indexes) > 0 && (len(constraints) == 0 || indexes[0].ID < constraints[0].ID):
			x := indexes[0]
			if next < x.ID {
				return true, passSchemaID(d, x)
			}
			if _, err := d.CreateIndex(x); err != nil {
				return true, err
			}
			indexes = indexes[1:]
		case len(constraints) > 0:
			x := constraints[0]
			first := x.ID
			if x.OwnedIndex != "" {
				first-- // the index it owns was made before it
			}
			if next < first {
				return true, passSchemaID(d, x.index())
			}
			if _, err := d.CreateConstraint(x); err != nil {
				return true, err
			}
			constraints = constraints[1:]
		default:
			return false, nil
		}
		return true, nil
	}
}

// passSchemaID uses up one id by an index that does not stay.
func passSchemaID(d *Draft, x IndexDefinition) error {
	x.OwningConstraint = ""
	before := d.Savepoint()
	_, err := d.CreateIndex(x)
	if err == nil {
		err = d.DropIndex(x.Name)
	}
	if err != nil {
		d.RollbackTo(before)
	}
	return err
}
