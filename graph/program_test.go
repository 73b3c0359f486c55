package graph_test

import (
	"errors"
	"fmt"
	"slices"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/value"
)

// program makes random steps on a draft and on a model at once. choose returns a number below n.
type program struct {
	choose func(n int) int
	model  *model
	schema bool // also make and drop indexes and constraints
}

var labelWords = []string{"Person", "City", "Ärger", "a", "B"}
var typeWords = []string{"KNOWS", "LIVES_IN", "x"}
var keyWords = []string{"name", "age", "zone", "É", "a"}

func (p *program) word(words []string) string { return words[p.choose(len(words))] }

func (p *program) value() value.Value {
	switch p.choose(7) {
	case 0:
		return value.Int(int64(p.choose(5)))
	case 1:
		return value.Float(float64(p.choose(5)))
	case 2:
		return value.String(fmt.Sprint("text ", p.choose(4)))
	case 3:
		return value.List([]value.Value{value.Int(int64(p.choose(300))), value.String("é")})
	case 4:
		return value.Bool(p.choose(2) == 0)
	case 5:
		return value.Bytes(make([]byte, p.choose(3)*700))
	}
	return value.Int(-1 << uint(p.choose(60)))
}

func (p *program) properties() map[string]value.Value {
	properties := map[string]value.Value{}
	for range p.choose(4) {
		properties[p.word(keyWords)] = p.value()
	}
	return properties
}

func asMap(properties map[string]value.Value) *value.Map {
	var b value.MapBuilder
	for _, key := range sortedKeys(properties) {
		b.Set(key, properties[key])
	}
	return b.Map()
}

func (p *program) node() (graph.NodeID, bool) {
	ids := sortedKeys(p.model.nodes)
	if len(ids) == 0 {
		return 0, false
	}
	if p.choose(3) == 0 {
		return ids[0], true
	}
	return ids[p.choose(len(ids))], true
}

func (p *program) relationship() (graph.RelationshipID, bool) {
	ids := sortedKeys(p.model.relationships)
	if len(ids) == 0 {
		return 0, false
	}
	return ids[p.choose(len(ids))], true
}

// step makes one change; refusals by constraints are expected and leave the model alone.
func (p *program) step(d *graph.Draft) error {
	var err error
	switch p.choose(12) {
	case 0, 1, 2:
		err = p.createNode(d)
	case 3, 4, 5:
		err = p.createRelationship(d)
	case 6:
		err = p.setNode(d)
	case 7:
		err = p.setRelationship(d)
	case 8:
		err = p.labels(d)
	case 9:
		err = p.deleteNode(d)
	case 10:
		if id, ok := p.relationship(); ok {
			err = d.DeleteRelationship(id)
			delete(p.model.relationships, id)
		}
	case 11:
		if p.schema && p.choose(3) == 0 {
			err = p.ddl(d)
		}
	}
	var violation *graph.UniqueViolation
	if errors.As(err, &violation) {
		return nil
	}
	return err
}

func (p *program) createNode(d *graph.Draft) error {
	labels := map[string]bool{}
	var list []string
	for range p.choose(4) {
		l := p.word(labelWords)
		labels[l] = true
		list = append(list, l)
	}
	properties := p.properties()
	id, err := d.CreateNode(list, asMap(properties))
	if err != nil {
		return err
	}
	p.model.nodes[id] = modelNode{labels, properties}
	return nil
}

func (p *program) createRelationship(d *graph.Draft) error {
	start, ok := p.node()
	end, _ := p.node()
	if !ok {
		return nil
	}
	kind, properties := p.word(typeWords), p.properties()
	id, err := d.CreateRelationship(kind, start, end, asMap(properties))
	if err != nil {
		return err
	}
	p.model.relationships[id] = modelRelationship{kind, start, end, properties}
	return nil
}

func (p *program) change() (string, value.Value) {
	if p.choose(3) == 0 {
		return p.word(keyWords), value.Null
	}
	return p.word(keyWords), p.value()
}

func setModel(properties map[string]value.Value, key string, v value.Value) {
	if v.IsNull() {
		delete(properties, key)
	} else {
		properties[key] = v
	}
}

func (p *program) setNode(d *graph.Draft) error {
	id, ok := p.node()
	if !ok {
		return nil
	}
	key, v := p.change()
	if _, err := d.SetNodeProperty(id, key, v); err != nil {
		return err
	}
	setModel(p.model.nodes[id].properties, key, v)
	return nil
}

func (p *program) setRelationship(d *graph.Draft) error {
	id, ok := p.relationship()
	if !ok {
		return nil
	}
	key, v := p.change()
	if _, err := d.SetRelationshipProperty(id, key, v); err != nil {
		return err
	}
	setModel(p.model.relationships[id].properties, key, v)
	return nil
}

func (p *program) labels(d *graph.Draft) error {
	id, ok := p.node()
	if !ok {
		return nil
	}
	list := []string{p.word(labelWords), p.word(labelWords)}
	has := p.model.nodes[id].labels
	before := len(has)
	if p.choose(2) == 0 {
		added, err := d.AddLabels(id, list)
		if err != nil {
			return err
		}
		has[list[0]], has[list[1]] = true, true
		return expect("labels added", added, len(has)-before)
	}
	removed, err := d.RemoveLabels(id, list)
	if err != nil {
		return err
	}
	delete(has, list[0])
	delete(has, list[1])
	return expect("labels removed", removed, before-len(has))
}

func expect(what string, got, want int) error {
	if got != want {
		return fmt.Errorf("%s: %d, not %d", what, got, want)
	}
	return nil
}

// deleteNode deletes a node, with its relationships or not at all.
func (p *program) deleteNode(d *graph.Draft) error {
	id, ok := p.node()
	if !ok {
		return nil
	}
	var connected []graph.RelationshipID
	for _, r := range sortedKeys(p.model.relationships) {
		if x := p.model.relationships[r]; x.start == id || x.end == id {
			connected = append(connected, r)
		}
	}
	if len(connected) > 0 {
		var e *graph.ConnectedError
		if err := d.DeleteNode(id); !errors.As(err, &e) || e.Relationships != uint64(len(connected)) {
			return fmt.Errorf("delete a node with %d relationships: %v", len(connected), err)
		}
		if p.choose(2) == 0 {
			return nil
		}
	}
	for _, r := range connected {
		if err := d.DeleteRelationship(r); err != nil {
			return err
		}
		delete(p.model.relationships, r)
	}
	delete(p.model.nodes, id)
	return d.DeleteNode(id)
}

// ddl makes or drops an index or constraint; what exists already or does not exist is refused and fine.
func (p *program) ddl(d *graph.Draft) error {
	keys := []string{p.word(keyWords)}
	if p.choose(3) == 0 {
		if second := p.word(keyWords); second != keys[0] {
			keys = append(keys, second)
		}
	}
	entity, over := graph.NodeEntity, p.word(labelWords)
	if p.choose(3) == 0 {
		entity, over = graph.RelationshipEntity, p.word(typeWords)
	}
	var err error
	switch p.choose(4) {
	case 0:
		_, err = d.CreateIndex(graph.IndexDefinition{Entity: entity, LabelOrType: over, Properties: keys})
	case 1:
		_, err = d.CreateConstraint(graph.ConstraintDefinition{Entity: entity, LabelOrType: over, Properties: keys})
	case 2:
		if list := d.Graph().Indexes(); len(list) > 0 {
			err = d.DropIndex(list[p.choose(len(list))].Name)
		}
	case 3:
		if list := d.Graph().Constraints(); len(list) > 0 {
			err = d.DropConstraint(list[p.choose(len(list))].Name)
		}
	}
	var exists *graph.AlreadyExistsError
	var owned *graph.OwnedIndexError
	if errors.As(err, &exists) || errors.As(err, &owned) {
		return nil
	}
	return err
}

// checkIndexes compares every index of a graph with what the model says it must hold. What is not whole yet is built.
func checkIndexes(g *graph.Graph, m *model) error {
	g, err := graph.BuildAll(g)
	if err != nil {
		return err
	}
	for _, definition := range g.Indexes() {
		if err := checkIndex(g, m, definition); err != nil {
			return fmt.Errorf("index %s on %v %v: %w", definition.Name, definition.LabelOrType, definition.Properties, err)
		}
	}
	return nil
}

func checkIndex(g *graph.Graph, m *model, d graph.IndexDefinition) error {
	x, _ := g.Index(d.Name)
	entries := map[uint64][]value.Value{}
	put := func(id uint64, properties map[string]value.Value) {
		var values []value.Value
		for _, key := range d.Properties {
			if v, ok := properties[key]; ok {
				values = append(values, v)
			}
		}
		if len(values) == len(d.Properties) {
			entries[id] = values
		}
	}
	if d.Entity == graph.NodeEntity {
		for id, n := range m.nodes {
			if n.labels[d.LabelOrType] {
				put(uint64(id), n.properties)
			}
		}
	} else {
		for id, r := range m.relationships {
			if r.kind == d.LabelOrType {
				put(uint64(id), r.properties)
			}
		}
	}
	if err := expect("entries", int(x.Len()), len(entries)); err != nil {
		return err
	}
	groups := map[string][]uint64{}
	for _, id := range sortedKeys(entries) {
		var key []byte
		for _, v := range entries[id] {
			key = value.AppendOrdered(key, v)
		}
		groups[string(key)] = append(groups[string(key)], id)
	}
	if err := expect("distinct values", int(x.DistinctEstimate()), len(groups)); err != nil {
		return err
	}
	for id, values := range entries {
		var key []byte
		for _, v := range values {
			key = value.AppendOrdered(key, v)
		}
		var found []uint64
		c := x.Seek(values)
		for id, ok := c.Next(); ok; id, ok = c.Next() {
			found = append(found, uint64(id))
		}
		if !slices.Equal(found, groups[string(key)]) {
			return fmt.Errorf("seek of the values of %d: %v, not %v", id, found, groups[string(key)])
		}
	}
	return nil
}
