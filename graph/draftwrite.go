package graph

import (
	"github.com/hivellm/nexus/graph/value"
)

// CreateNode makes a node. Null properties are left out.
func (d *Draft) CreateNode(labels []string, props *value.Map) (NodeID, error) {
	id, err := d.nextID(NodeEntity)
	if err != nil {
		return 0, err
	}
	strings := len(d.table.strings)
	o := d.begin(opCreateNode, id)
	d.nameLabels(labels)
	if err = d.encodeProperties(props); err != nil {
		d.table.truncate(strings)
		return 0, err
	}
	if _, err = d.run(o, strings); err != nil {
		return 0, err
	}
	d.took(NodeEntity)
	return NodeID(id), nil
}

// CreateRelationship makes a relationship between two nodes. Null properties are left out.
func (d *Draft) CreateRelationship(typ string, from, to NodeID, props *value.Map) (RelationshipID, error) {
	id, err := d.nextID(RelationshipEntity)
	if err != nil {
		return 0, err
	}
	strings := len(d.table.strings)
	o := d.begin(opCreateRelationship, id)
	o.names = append(o.names, d.table.ref(typ))
	o.start, o.end = uint64(from), uint64(to)
	if err = d.encodeProperties(props); err != nil {
		d.table.truncate(strings)
		return 0, err
	}
	if _, err = d.run(o, strings); err != nil {
		return 0, err
	}
	d.took(RelationshipEntity)
	return RelationshipID(id), nil
}

// SetNodeProperty sets a property, or removes it where v is null, and tells whether anything changed.
func (d *Draft) SetNodeProperty(id NodeID, key string, v value.Value) (bool, error) {
	if r := d.m.g.reads; r != nil {
		r.setProperty(d.m.g, &r.nodes, ofNodes, uint64(id), key)
	}
	if record := d.m.g.nodeRecord(id); v.IsNull() && record != nil {
		k, known := d.m.g.names[keyNames].id(key)
		if !known || findProperty(nodeProperties(record), PropertyKey(k)) == nil {
			return false, nil
		}
	}
	return d.setProperty(opSetNodeProperty, uint64(id), key, v)
}

// SetRelationshipProperty sets a property, or removes it where v is null, and tells whether anything changed.
func (d *Draft) SetRelationshipProperty(id RelationshipID, key string, v value.Value) (bool, error) {
	if r := d.m.g.reads; r != nil {
		r.setProperty(d.m.g, &r.relationships, ofRelationships, uint64(id), key)
	}
	if _, found := d.m.g.relationshipAt(id); found && v.IsNull() {
		k, known := d.m.g.names[keyNames].id(key)
		if !known || findProperty(d.m.g.relationshipProperties(id), PropertyKey(k)) == nil {
			return false, nil
		}
	}
	return d.setProperty(opSetRelationshipProperty, uint64(id), key, v)
}

func (d *Draft) setProperty(code byte, id uint64, key string, v value.Value) (bool, error) {
	strings := len(d.table.strings)
	o := d.begin(code, id)
	raw, err := storable(d.values, key, v)
	if err != nil {
		return false, err
	}
	d.values = raw
	o.properties = append(o.properties, opProperty{d.table.ref(key), raw})
	changed, err := d.run(o, strings)
	return changed > 0, err
}

// AddLabels adds labels to a node and returns how many it did not have.
func (d *Draft) AddLabels(id NodeID, labels []string) (added int, err error) {
	return d.changeLabels(opAddLabels, id, labels)
}

// RemoveLabels removes labels from a node and returns how many it had.
func (d *Draft) RemoveLabels(id NodeID, labels []string) (removed int, err error) {
	known := make([]string, 0, len(labels))
	for _, l := range labels {
		if _, ok := d.m.g.names[labelNames].id(l); ok {
			known = append(known, l)
		}
	}
	return d.changeLabels(opRemoveLabels, id, known)
}

func (d *Draft) changeLabels(code byte, id NodeID, labels []string) (int, error) {
	if r := d.m.g.reads; r != nil {
		r.nodeLabels(id)
	}
	strings := len(d.table.strings)
	o := d.begin(code, uint64(id))
	d.nameLabels(labels)
	return d.run(o, strings)
}

// DeleteRelationship removes a relationship.
func (d *Draft) DeleteRelationship(id RelationshipID) error {
	_, err := d.run(d.begin(opDeleteRelationship, uint64(id)), len(d.table.strings))
	return err
}

// DeleteNode removes a node; a *ConnectedError while it still has relationships.
func (d *Draft) DeleteNode(id NodeID) error {
	_, err := d.run(d.begin(opDeleteNode, uint64(id)), len(d.table.strings))
	return err
}
