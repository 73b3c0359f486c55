package graph

// CreateIndex makes a range index. Without a name it gets one that follows from what it covers. The answer has its id,
// name and state: what its entries count for storage is measured here, they are built later (Build).
func (d *Draft) CreateIndex(definition IndexDefinition) (IndexDefinition, error) {
	if definition.Name == "" {
		definition.Name = madeUpName("index", definition.Entity, definition.LabelOrType, definition.Properties)
	}
	if err := d.m.g.checkIndex(&definition); err != nil {
		return IndexDefinition{}, err
	}
	bytes := uint64(0)
	if x, known := d.m.g.indexOver(definition); known {
		err := d.m.eachCovered(x.definition.Entity, x.name, func(_ uint64, properties []byte) error {
			bytes += x.entryBytes(properties)
			return nil
		})
		if err != nil {
			return IndexDefinition{}, err
		}
	}
	if err := d.define(opCreateIndex, 0, &definition, bytes); err != nil {
		return IndexDefinition{}, err
	}
	x := d.m.g.schema.indexes[d.m.g.schema.index(definition.Name)]
	definition = x.definition
	definition.State, definition.Percent = x.state()
	return definition, nil
}

// CreateConstraint makes a constraint, with its index where it has one, which is built here. Where the data do not keep it
// the answer is a *UniqueViolation that names the first offending pair, or a *MissingPropertyError that names the first
// entity without a property.
func (d *Draft) CreateConstraint(definition ConstraintDefinition) (ConstraintDefinition, error) {
	if definition.Name == "" {
		definition.Name = madeUpName(constraintWords[definition.Kind], definition.Entity, definition.LabelOrType, definition.Properties)
	}
	if err := d.m.g.checkConstraint(&definition); err != nil {
		return ConstraintDefinition{}, err
	}
	if err := d.m.validate(&definition); err != nil {
		return ConstraintDefinition{}, err
	}
	index := definition.index()
	var built *Index
	if definition.Kind.ownsIndex() {
		var err error
		if built, err = d.buildOwned(index); err != nil {
			return ConstraintDefinition{}, err
		}
	}
	if err := d.define(opCreateConstraint, definition.Kind, &index, built.storageBytes()); err != nil {
		return ConstraintDefinition{}, err
	}
	s := &d.m.g.schema
	if built != nil {
		owned := s.ownIndex(s.index(index.Name), d.m.g.token)
		owned.entries, owned.distinct, owned.progress = built.entries, built.distinct, nil
	}
	return s.constraints[s.constraint(definition.Name)], nil
}

// constraintWords begin the names that are made up, by kind: constraints of several kinds may stand over the same.
var constraintWords = [...]string{"constraint", "existence", "key"}

// buildOwned builds the index of a constraint apart from the version.
func (d *Draft) buildOwned(index IndexDefinition) (*Index, error) {
	built, known := d.m.g.indexOver(index)
	if !known {
		return built, nil
	}
	return built, d.m.fill(built, d.m.g.token)
}

// storageBytes returns what the entries count for storage, 0 where there is no index.
func (x *Index) storageBytes() uint64 {
	if x == nil {
		return 0
	}
	return x.bytes
}

func (d *Draft) define(code byte, kind ConstraintKind, x *IndexDefinition, bytes uint64) error {
	strings := len(d.table.strings)
	o := d.begin(code, 0)
	o.constraint, o.entity, o.bytes = kind, x.Entity, bytes
	d.nameLabels([]string{x.Name, x.LabelOrType})
	d.nameLabels(x.Properties)
	_, err := d.run(o, strings)
	return err
}

// DropIndex removes an index; one that a constraint owns is refused with an *OwnedIndexError.
func (d *Draft) DropIndex(name string) error { return d.drop(opDropIndex, name, name) }

// DropConstraint removes a constraint, and its index where it has one.
func (d *Draft) DropConstraint(name string) error {
	index := ""
	if i := d.m.g.schema.constraint(name); i >= 0 {
		index = d.m.g.schema.constraints[i].OwnedIndex
	}
	return d.drop(opDropConstraint, name, index)
}

func (d *Draft) drop(code byte, name, index string) error {
	strings := len(d.table.strings)
	o := d.begin(code, 0)
	if i := d.m.g.schema.index(index); i >= 0 {
		o.bytes = d.m.g.schema.indexes[i].bytes
	}
	d.nameLabels([]string{name})
	_, err := d.run(o, strings)
	return err
}

// defines tells whether an operation is data definition.
func (o *op) defines() bool { return o.code >= opCreateIndex && o.code <= opDropConstraint }

// redefine does on this draft what a definition of other changes says: what entries count is measured anew.
func (d *Draft) redefine(o *op, strings []string) error {
	name := strings[o.names[0]]
	switch o.code {
	case opDropIndex:
		return d.DropIndex(name)
	case opDropConstraint:
		return d.DropConstraint(name)
	}
	definition := IndexDefinition{Name: name, Entity: o.entity, LabelOrType: strings[o.names[1]]}
	for _, ref := range o.names[2:] {
		definition.Properties = append(definition.Properties, strings[ref])
	}
	if o.code == opCreateIndex {
		_, err := d.CreateIndex(definition)
		return err
	}
	_, err := d.CreateConstraint(ConstraintDefinition{
		Name: name, Kind: o.constraint, Entity: o.entity, LabelOrType: definition.LabelOrType, Properties: definition.Properties,
	})
	return err
}
