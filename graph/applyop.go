package graph

// apply plays one operation, and returns how much it changed: 0 means that the version is as it was. It is what a
// draft's methods, a replay and the log all go through. An error leaves entities as they were; names that it interned
// are the caller's to take back.
func (m *mutation) apply(t *stringTable, o *op) (changed int, err error) {
	switch o.code {
	case opCreateNode, opAddLabels, opRemoveLabels:
		return m.applyLabels(t, o)
	case opCreateRelationship:
		return m.applyRelationship(t, o)
	case opSetNodeProperty, opSetRelationshipProperty:
		return m.applyProperty(t, o)
	case opDeleteNode:
		return 1, m.deleteNode(NodeID(o.id))
	case opDeleteRelationship:
		return 1, m.deleteRelationship(RelationshipID(o.id))
	}
	return 1, m.applySchema(t, o)
}

func (m *mutation) applyLabels(t *stringTable, o *op) (int, error) {
	if o.code != opCreateNode {
		if _, err := m.existingNode(NodeID(o.id)); err != nil {
			return 0, err
		}
	}
	labels := m.resolved[:0]
	for _, ref := range o.names {
		id, err := t.resolve(m, labelNames, ref)
		if err != nil {
			return 0, err
		}
		labels = append(labels, Label(id))
	}
	m.resolved = labels
	switch o.code {
	case opAddLabels:
		return m.addLabels(NodeID(o.id), labels)
	case opRemoveLabels:
		return m.removeLabels(NodeID(o.id), labels)
	}
	properties, err := m.resolveProperties(t, o)
	if err != nil {
		return 0, err
	}
	return 1, m.createNode(NodeID(o.id), labels, properties)
}

func (m *mutation) applyRelationship(t *stringTable, o *op) (int, error) {
	kind, err := t.resolve(m, typeNames, o.names[0])
	if err != nil {
		return 0, err
	}
	properties, err := m.resolveProperties(t, o)
	if err != nil {
		return 0, err
	}
	r := Relationship{Type(kind), NodeID(o.start), NodeID(o.end)}
	return 1, m.createRelationship(RelationshipID(o.id), r, properties)
}

func (m *mutation) resolveProperties(t *stringTable, o *op) ([]property, error) {
	list := m.resolvedProperties[:0]
	for _, p := range o.properties {
		id, err := t.resolve(m, keyNames, p.key)
		if err != nil {
			return nil, err
		}
		list = append(list, property{PropertyKey(id), p.value})
	}
	m.resolvedProperties = list
	return list, nil
}

func (m *mutation) applyProperty(t *stringTable, o *op) (int, error) {
	p := o.properties[0]
	raw := p.value
	if raw[0] == encodedNull {
		raw = nil
	}
	var err error
	if o.code == opSetNodeProperty {
		_, err = m.existingNode(NodeID(o.id))
	} else {
		_, _, err = m.existingRelationship(RelationshipID(o.id))
	}
	if err != nil {
		return 0, err
	}
	key, err := t.resolve(m, keyNames, p.key)
	if err != nil {
		return 0, err
	}
	var changed bool
	if o.code == opSetNodeProperty {
		changed, err = m.setNodeProperty(NodeID(o.id), PropertyKey(key), raw)
	} else {
		changed, err = m.setRelationshipProperty(RelationshipID(o.id), PropertyKey(key), raw)
	}
	if changed {
		return 1, err
	}
	return 0, err
}

func (m *mutation) applySchema(t *stringTable, o *op) error {
	name := t.strings[o.names[0]]
	switch o.code {
	case opDropIndex:
		return m.dropIndex(name, o.bytes)
	case opDropConstraint:
		return m.dropConstraint(name, o.bytes)
	}
	properties := make([]string, 0, len(o.names)-2)
	for _, ref := range o.names[2:] {
		properties = append(properties, t.strings[ref])
	}
	over := t.strings[o.names[1]]
	if o.code == opCreateIndex {
		return m.createIndex(IndexDefinition{Name: name, Entity: o.entity, LabelOrType: over, Properties: properties}, o.bytes)
	}
	return m.createConstraint(ConstraintDefinition{
		Name: name, Kind: o.constraint, Entity: o.entity, LabelOrType: over, Properties: properties,
	}, o.bytes)
}
