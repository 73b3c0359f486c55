package graph

import "slices"

// checkIndex refuses the definition of an index that is malformed or stands already.
func (g *Graph) checkIndex(d *IndexDefinition) error {
	if err := g.checkDefinition(d.Name, d.LabelOrType, d.Properties); err != nil {
		return err
	}
	for _, x := range g.schema.indexes {
		have := &x.definition
		if have.Entity == d.Entity && have.LabelOrType == d.LabelOrType && slices.Equal(have.Properties, d.Properties) {
			return &AlreadyExistsError{What: have.what(), Name: have.Name, SameSchema: true}
		}
	}
	return g.checkName(d.Name)
}

// what tells whether an index stands for itself or for a constraint.
func (d *IndexDefinition) what() string {
	if d.OwningConstraint != "" {
		return "constraint"
	}
	return "index"
}

// checkConstraint does so for a constraint.
func (g *Graph) checkConstraint(d *ConstraintDefinition) error {
	if d.Kind.ownsIndex() {
		index := d.index()
		return g.checkIndex(&index)
	}
	return g.checkExists(d)
}

// checkExists is for a constraint without an index: it may stand beside an index, and beside a constraint of another kind,
// over the same.
func (g *Graph) checkExists(d *ConstraintDefinition) error {
	if err := g.checkDefinition(d.Name, d.LabelOrType, d.Properties); err != nil {
		return err
	}
	if len(d.Properties) > 1 {
		return &UnsupportedError{Feature: "an existence constraint over several properties (make one for each)"}
	}
	for _, have := range g.schema.constraints {
		if have.Kind == Exists && have.Entity == d.Entity && have.LabelOrType == d.LabelOrType && slices.Equal(have.Properties, d.Properties) {
			return &AlreadyExistsError{What: "constraint", Name: have.Name, SameSchema: true}
		}
	}
	return g.checkName(d.Name)
}

func (g *Graph) checkDefinition(name, over string, properties []string) error {
	if name == "" || over == "" || len(properties) == 0 || slices.Contains(properties, "") {
		return malformed("an index or constraint without name, label or property")
	}
	if n := len(g.schema.indexes) + len(g.schema.constraints); n >= MaxSchema-1 {
		return &LimitError{Limit: "indexes and constraints", Max: MaxSchema, Found: uint64(n + 2)}
	}
	return nil
}

// checkName refuses a name that an index or a constraint has.
func (g *Graph) checkName(name string) error {
	if i := g.schema.index(name); i >= 0 {
		return &AlreadyExistsError{What: g.schema.indexes[i].definition.what(), Name: name}
	}
	if g.schema.constraint(name) >= 0 {
		return &AlreadyExistsError{What: "constraint", Name: name}
	}
	return nil
}
