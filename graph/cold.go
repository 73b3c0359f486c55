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
