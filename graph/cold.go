package graph

import (
	"github.com/hivellm/nexus/graph/store"
)

// coldRecords are the entities of a database that is not in memory: the stored ones under what the mutation wrote.
// The overlay is looked up and never walked.
type coldRecords struct {
	reader        Reader
	nodes         map[NodeID][]byte // nil: gone
	relationships map[RelationshipID]coldRelationship
}

type coldRelationship struct {
	relationship Relationship
	properties   []byte
	exists       bool
}

// loadCold makes a version that has names and schema only.
func loadCold(r Reader, meta Meta) (*Graph, *coldRecords, error) {
	g := Empty()
	g.meta = meta
	if err := g.loadNames(r); err != nil {
		return nil, nil, err
	}
	if err := g.loadSchema(r); err != nil {
		return nil, nil, err
	}
	return g, &coldRecords{
		reader: r, nodes: map[NodeID][]byte{}, relationships: map[RelationshipID]coldRelationship{},
	}, nil
}

func (c *coldRecords) node(g *Graph, id NodeID) ([]byte, error) {
	if record, found := c.nodes[id]; found {
		return record, nil
	}
	record, found, err := c.reader.Read(store.Node, store.AppendID(nil, uint64(id)))
	if err != nil || !found {
		return nil, err
	}
	return record, checkNodeRecord(record, g)
}

func (c *coldRecords) relationship(g *Graph, id RelationshipID) (Relationship, []byte, bool, error) {
	if r, found := c.relationships[id]; found {
		return r.relationship, r.properties, r.exists, nil
	}
	record, found, err := c.reader.Read(store.Relationship, store.AppendID(nil, uint64(id)))
	if err != nil || !found {
		return Relationship{}, nil, false, err
	}
	r, properties, err := decodeRelationshipRecord(record, g)
	return r, properties, err == nil, err
}

// eachNode visits the nodes that have a label: the stored ones that the mutation did not write, then those it did.
func (c *coldRecords) eachNode(g *Graph, written []uint64, l Label, fn func(id NodeID, record []byte) error) error {
	visit := func(id NodeID, record []byte) error {
		if !recordHasLabel(record, l) {
			return nil
		}
		return fn(id, record)
	}
	err := c.reader.Scan(store.Node, nil, func(suffix, record []byte) error {
		id, err := store.DecodeID(suffix)
		if err != nil {
			return err
		}
		if _, over := c.nodes[NodeID(id)]; over {
			return nil
		}
		if err := checkNodeRecord(record, g); err != nil {
			return err
		}
		return visit(NodeID(id), record)
	})
	for _, id := range written {
		if err == nil {
			err = visit(NodeID(id), c.nodes[NodeID(id)])
		}
	}
	return err
}

// eachRelationship visits the relationships of a type as eachNode visits nodes.
func (c *coldRecords) eachRelationship(g *Graph, written []uint64, t Type, fn func(id RelationshipID, properties []byte) error) error {
	err := c.reader.Scan(store.Relationship, nil, func(suffix, record []byte) error {
		id, err := store.DecodeID(suffix)
		if err != nil {
			return err
		}
		if _, over := c.relationships[RelationshipID(id)]; over {
			return nil
		}
		r, properties, err := decodeRelationshipRecord(record, g)
		if err != nil || r.Type != t {
			return err
		}
		return fn(RelationshipID(id), properties)
	})
	for _, id := range written {
		r := c.relationships[RelationshipID(id)]
		if err == nil && r.exists && r.relationship.Type == t {
			err = fn(RelationshipID(id), r.properties)
		}
	}
	return err
}
