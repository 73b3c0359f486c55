package graph

import "errors"

// Copy cuts a version into changes that make it again on an empty database, ids included: first indexes and constraints,
// then nodes, then relationships, each by ascending id, and last whatever keeps later ids above those that were ever
// given. The cuts depend on the version alone, so who was broken off finds his place by the digest. It holds in memory
// what it has copied so far. It belongs to one goroutine.
type Copy struct {
	source *Graph
	made   *Graph // what a database is that took all pieces so far
	limits DraftLimits
	phases []copyPhase // what is left
}

// copyPhase copies the next thing of its kind; false when none is left. One that failed left nothing behind, and is copied
// again by the next call.
type copyPhase func(*Draft) (bool, error)

// NewCopy begins a copy of a version. The limits are those of one piece.
func NewCopy(source *Graph, limits DraftLimits) *Copy {
	c := &Copy{source: source.Untracked(), made: Empty(), limits: limits}
	c.phases = []copyPhase{c.schema(), c.nodes(), c.relationships(), c.lastIDs()}
	return c
}

// Made tells of a database that took all pieces so far.
func (c *Copy) Made() Meta { return c.made.Meta() }

// Next makes the next piece; one without operations when all is copied. An entity that does not fit into a piece of its
// own is a *LimitError.
func (c *Copy) Next() (Changes, error) {
	draft := NewDraft(c.made, Stamp{Term: 1, Sequence: c.made.Stamp().Sequence + 1}, c.limits)
	for len(c.phases) > 0 {
		more, err := c.phases[0](draft)
		if full := (*LimitError)(nil); errors.As(err, &full) && !draft.Empty() {
			break
		}
		if err != nil {
			return Changes{}, err
		}
		if !more {
			c.phases = c.phases[1:]
		}
	}
	c.made = draft.Graph()
	return draft.Changes(), nil
}

// nodes copies nodes.
func (c *Copy) nodes() copyPhase {
	ids := c.source.Nodes()
	id, ok := ids.Next()
	return func(d *Draft) (bool, error) {
		if !ok {
			return false, nil
		}
		if err := c.node(d, id); err != nil {
			return true, err
		}
		id, ok = ids.Next()
		return true, nil
	}
}

// node makes a node, and on the way to an id that is far off others like it, which do not stay.
func (c *Copy) node(d *Draft, id NodeID) error {
	labels, properties := c.source.LabelStrings(id), c.source.NodeProperties(id)
	make := func(id uint64) (NodeID, error) {
		d.UseIDs(id, 0)
		return d.CreateNode(labels, properties)
	}
	if err := pass(d, &d.m.g.meta.NextNode, uint64(id), make, d.DeleteNode); err != nil {
		return err
	}
	_, err := make(uint64(id))
	return err
}

// relationships copies relationships.
func (c *Copy) relationships() copyPhase {
	ids := c.source.Relationships()
	id, ok := ids.Next()
	return func(d *Draft) (bool, error) {
		if !ok {
			return false, nil
		}
		if err := c.relationship(d, id); err != nil {
			return true, err
		}
		id, ok = ids.Next()
		return true, nil
	}
}

// relationship makes a relationship as node makes a node.
func (c *Copy) relationship(d *Draft, id RelationshipID) error {
	r, _ := c.source.Relationship(id)
	typ, properties := c.source.TypeName(r.Type), c.source.RelationshipProperties(id)
	make := func(id uint64) (RelationshipID, error) {
		d.UseIDs(0, id)
		return d.CreateRelationship(typ, r.Start, r.End, properties)
	}
	if err := pass(d, &d.m.g.meta.NextRelationship, uint64(id), make, d.DeleteRelationship); err != nil {
		return err
	}
	_, err := make(uint64(id))
	return err
}
