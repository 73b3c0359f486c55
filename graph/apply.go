package graph

import (
	"encoding/binary"
	"fmt"

	"github.com/hivellm/nexus/graph/store"
	"github.com/hivellm/nexus/scripts/planted"
)

// Input is what Apply works on.
type Input struct {
	Reader  Reader // the stored records; needed where Graph is nil
	Meta    Meta   // what the database's meta record says
	Graph   *Graph // the version of Meta's stamp; nil where the database is not in memory
	Built   *Graph // the version that a lane has built from exactly these changes, or nil
	Changes Changes
}

// Output is what changes lead to. Nothing is written before WriteTo: an Output that is dropped leaves nothing behind.
type Output struct {
	Meta  Meta
	Graph *Graph // nil where the database is not in memory

	m     *mutation
	base  Meta     // what was there before
	names nameMark // and how many names
	log   touchedLog
}

// Apply plays changes on the version they were computed on. With Graph it makes the next version; without, it works on
// the records that Reader has and gives the same Meta. It decides by its input alone. Constraints are checked where the
// version is in memory; a cold one trusts the check of the draft, whose base is the same.
func Apply(in Input) (*Output, error) {
	if in.Changes.Base != in.Meta.Stamp {
		return nil, fmt.Errorf("apply changes of %v to %v: %w", in.Changes.Base, in.Meta.Stamp, ErrBase)
	}
	if in.Graph != nil && in.Graph.meta.Stamp != in.Meta.Stamp {
		return nil, fmt.Errorf("version %v in memory, %v stored: %w", in.Graph.meta.Stamp, in.Meta.Stamp, ErrBase)
	}
	if in.Graph != nil && in.Built != nil && in.Built.meta.Stamp == in.Changes.Stamp {
		return applyBuilt(in)
	}
	m, err := in.mutation()
	if err != nil {
		return nil, err
	}
	m.log = &touchedLog{}
	names := m.markNames()
	m.g.meta.Stamp = in.Changes.Stamp
	if err := m.play(in.Changes); err != nil {
		return nil, err
	}
	if err := m.checkDemands(); err != nil {
		return nil, err
	}
	if err := m.settle(); err != nil {
		return nil, err
	}
	out := &Output{Meta: m.g.meta, m: m, base: in.Meta, names: names, log: *m.log}
	if m.cold == nil {
		out.Graph = m.g
	}
	return out, nil
}

// mutation begins above the version in memory, or above the stored records.
func (in *Input) mutation() (*mutation, error) {
	if in.Graph != nil {
		g := *in.Graph
		g.token++
		return newMutation(&g), nil
	}
	g, cold, err := loadCold(in.Reader, in.Meta)
	if err != nil {
		return nil, err
	}
	m := newMutation(g)
	m.cold = cold
	return m, nil
}

// play applies all operations of changes.
func (m *mutation) play(c Changes) error {
	r, err := readOps(c)
	if err != nil {
		return err
	}
	table := stringTable{strings: c.Strings}
	for n := 0; ; n++ {
		o, err := r.next()
		if err != nil {
			return err
		}
		if o == nil {
			if n != c.Count {
				return malformed("%d operations where %d are announced", n, c.Count)
			}
			return nil
		}
		if _, err := m.apply(&table, o); err != nil {
			return fmt.Errorf("operation %d: %w", n, err)
		}
	}
}

// applyBuilt takes the version that was built from these changes: only what they touch is looked up.
func applyBuilt(in Input) (*Output, error) {
	r, err := readOps(in.Changes)
	if err != nil {
		return nil, err
	}
	out := &Output{Meta: in.Built.meta, Graph: in.Built, m: &mutation{g: in.Built}, base: in.Meta}
	for i := range out.names {
		out.names[i] = in.Graph.names[i].count
	}
	for {
		o, err := r.next()
		if err != nil {
			return nil, err
		}
		if o == nil {
			break
		}
		switch o.code {
		case opCreateNode, opSetNodeProperty, opAddLabels, opRemoveLabels, opDeleteNode:
			out.log.nodes = append(out.log.nodes, o.id)
		case opCreateRelationship, opSetRelationshipProperty, opDeleteRelationship:
			out.log.relationships = append(out.log.relationships, o.id)
		default:
			out.log.schema = schemaDifference(in.Graph, in.Built)
		}
	}
	return out, nil
}

// schemaDifference lists the ids of all indexes and constraints of either version.
func schemaDifference(a, b *Graph) (ids []uint64) {
	for _, g := range []*Graph{a, b} {
		for _, x := range g.schema.indexes {
			ids = append(ids, x.definition.ID)
		}
		for _, c := range g.schema.constraints {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// WriteTo writes the records that changed, new names and meta. It may be called once.
func (o *Output) WriteTo(w Writer) error {
	o.writeNames(w)
	for _, id := range unique(o.log.schema) {
		put(w, store.Schema, id, o.m.g.schemaRecord(id))
	}
	for _, id := range unique(o.log.nodes) {
		record, err := o.m.node(NodeID(id))
		if err != nil {
			return err
		}
		if planted.On("skipped-record") && id%50 == 49 && id < o.base.NextNode {
			continue
		}
		put(w, store.Node, id, record)
	}
	var scratch []byte
	for _, id := range unique(o.log.relationships) {
		r, properties, found, err := o.m.relationship(RelationshipID(id))
		if err != nil {
			return err
		}
		scratch = scratch[:0]
		if found {
			scratch = appendRelationshipRecord(scratch, r, properties)
		}
		put(w, store.Relationship, id, scratch)
	}
	w.Set(store.Meta, nil, appendMeta(nil, o.Meta))
	return nil
}

// put writes a record, or deletes it where it is empty.
func put(w Writer, kind store.Kind, id uint64, record []byte) {
	var suffix [8]byte
	binary.BigEndian.PutUint64(suffix[:], id)
	if len(record) == 0 {
		w.Delete(kind, suffix[:])
		return
	}
	w.Set(kind, suffix[:], record)
}

func (o *Output) writeNames(w Writer) {
	for kind := range nameKinds {
		n := &o.m.g.names[kind]
		for id := o.names[kind]; id < n.count; id++ {
			w.Set(store.Name, nameSuffix(kind, uint32(id)), appendNameRecord(nil, n.name(uint32(id))))
		}
	}
}

// nameSuffix is the suffix of a name's key: its kind, then its id.
func nameSuffix(kind nameKind, id uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{byte(kind)}, id)
}
