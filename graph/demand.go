package graph

import "github.com/hivellm/nexus/scripts/planted"

// demand is what a constraint of kind Exists or Key wants of each entity that it covers: none of the properties is absent.
// It is resolved from the constraint's definition, so that a write compares numbers only.
type demand struct {
	constraint string
	entity     EntityKind
	name       uint32 // the interned label or type
	over       string
	keys       []PropertyKey
	properties []string
}

// resolveDemands makes the demands that the constraints of the schema have.
func (g *Graph) resolveDemands() error {
	g.schema.demands = nil
	for i := range g.schema.constraints {
		c := &g.schema.constraints[i]
		if c.Kind == Unique {
			continue
		}
		d, known := g.demandOf(c)
		if !known {
			return malformed("constraint %d over a name that was never given", c.ID)
		}
		g.schema.demands = append(g.schema.demands, d)
	}
	return nil
}

// demandOf resolves what a constraint demands; false where one of its names was never given, and stands as unknownName.
func (g *Graph) demandOf(c *ConstraintDefinition) (demand, bool) {
	complete := true
	resolve := func(kind nameKind, name string) uint32 {
		id, known := g.names[kind].id(name)
		if !known {
			id, complete = unknownName, false
		}
		return id
	}
	d := demand{constraint: c.Name, entity: c.Entity, over: c.LabelOrType, properties: c.Properties}
	d.name = resolve(c.Entity.names(), c.LabelOrType)
	for _, p := range c.Properties {
		d.keys = append(d.keys, PropertyKey(resolve(keyNames, p)))
	}
	return d, complete
}

// lacking returns which of the demanded properties is absent, -1 where none is.
func (d *demand) lacking(properties []byte) int {
	for i, k := range d.keys {
		if findProperty(properties, k) == nil {
			return i
		}
	}
	return -1
}

// suspects are the entities that lacked a demanded property when they were last written: whether they still do is asked at
// the end of the statement. There are no more of them than operations.
type suspects struct{ nodes, relationships []uint64 }

func (s suspects) clone() suspects {
	return suspects{append([]uint64(nil), s.nodes...), append([]uint64(nil), s.relationships...)}
}

// suspectNode notes a node whose new record lacks a demanded property; old is nil for a new node.
func (m *mutation) suspectNode(id NodeID, old, record []byte) {
	if old != nil && planted.On("existence-of-new-nodes-only") {
		return
	}
	for i := range m.g.schema.demands {
		d := &m.g.schema.demands[i]
		if d.entity == NodeEntity && recordHasLabel(record, Label(d.name)) && d.lacking(nodeProperties(record)) >= 0 {
			m.suspects.nodes = append(m.suspects.nodes, uint64(id))
			return
		}
	}
}

func (m *mutation) suspectRelationship(id RelationshipID, t Type, properties []byte) {
	for i := range m.g.schema.demands {
		d := &m.g.schema.demands[i]
		if d.entity == RelationshipEntity && Type(d.name) == t && d.lacking(properties) >= 0 {
			m.suspects.relationships = append(m.suspects.relationships, uint64(id))
			return
		}
	}
}

// checkDemands tells whether every entity written since the last call has what constraints demand of it: a
// *MissingPropertyError names the first that has not.
func (m *mutation) checkDemands() error {
	for _, id := range unique(m.suspects.nodes) {
		if err := m.checkDemandsOf(NodeEntity, id); err != nil {
			return err
		}
	}
	for _, id := range unique(m.suspects.relationships) {
		if err := m.checkDemandsOf(RelationshipEntity, id); err != nil {
			return err
		}
	}
	m.suspects = suspects{m.suspects.nodes[:0], m.suspects.relationships[:0]}
	return nil
}

// checkDemandsOf is for one entity; one that is gone has nothing to keep.
func (m *mutation) checkDemandsOf(entity EntityKind, id uint64) error {
	for i := range m.g.schema.demands {
		d := &m.g.schema.demands[i]
		if d.entity != entity || !m.g.covers(d, id) {
			continue
		}
		if at := d.lacking(m.g.propertiesOf(entity, id)); at >= 0 {
			return m.missing(d, at, id)
		}
	}
	return nil
}

// covers tells whether an entity exists and has a demand's label or type.
func (g *Graph) covers(d *demand, id uint64) bool {
	if d.entity == NodeEntity {
		return recordHasLabel(g.nodeRecord(NodeID(id)), Label(d.name))
	}
	r, exists := g.relationshipAt(RelationshipID(id))
	return exists && r.Type == Type(d.name)
}

// missing is the refusal that names a property which an entity lacks. It tells of what was read.
func (m *mutation) missing(d *demand, at int, id uint64) error {
	if r := m.g.reads; r != nil {
		if d.entity == NodeEntity {
			r.nodeLabels(NodeID(id))
			r.setProperty(m.g, &r.nodes, ofNodes, id, d.properties[at])
		} else {
			r.relationship(RelationshipID(id))
			r.setProperty(m.g, &r.relationships, ofRelationships, id, d.properties[at])
		}
	}
	return &MissingPropertyError{Constraint: d.constraint, Entity: d.entity, Over: d.over, Key: d.properties[at], ID: id}
}

// validate tells whether the data have what a constraint that is about to be made demands: a *MissingPropertyError names
// the first entity that lacks it.
func (m *mutation) validate(c *ConstraintDefinition) error {
	if c.Kind == Unique {
		return nil
	}
	d, _ := m.g.demandOf(c)
	return m.eachCovered(d.entity, d.name, func(id uint64, properties []byte) error {
		if at := d.lacking(properties); at >= 0 {
			return m.missing(&d, at, id)
		}
		return nil
	})
}
