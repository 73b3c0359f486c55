package graph

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/hivellm/nexus/graph/store"
	"github.com/hivellm/nexus/scripts/planted"
)

// Load makes a version from the records of a database, through the same writes as drafts and the log, and compares
// counts, bytes and digest with what meta says: a difference is a *MismatchError.
func Load(r Reader) (*Graph, error) { return LoadWithin(r, math.MaxUint64) }

// LoadWithin is Load, given up as soon as the version takes more than so many bytes of memory: a *TooLargeError.
func LoadWithin(r Reader, maxMemoryBytes uint64) (*Graph, error) {
	meta, err := LoadMeta(r)
	if err != nil {
		return nil, err
	}
	g := Empty()
	if err := g.loadNames(r); err != nil {
		return nil, err
	}
	if err := g.loadSchema(r); err != nil {
		return nil, err
	}
	m := newMutation(g)
	bounded := boundedReader{Reader: r, g: g, maxBytes: maxMemoryBytes}
	if err := m.loadNodes(&bounded); err != nil {
		return nil, fmt.Errorf("load nodes: %w", err)
	}
	if err := m.loadRelationships(&bounded); err != nil {
		return nil, fmt.Errorf("load relationships: %w", err)
	}
	if err := m.settle(); err != nil {
		return nil, err
	}
	m.countFixed()
	if err := compareMeta(meta, g.meta); err != nil {
		return nil, err
	}
	if err := m.checkDemands(); err != nil {
		return nil, err
	}
	g.meta = meta
	return g, nil
}

func (m *mutation) loadNodes(r Reader) error {
	return r.Scan(store.Node, nil, func(suffix, record []byte) error {
		id, err := store.DecodeID(suffix)
		if err != nil {
			return err
		}
		if id >= maxID {
			return malformed("node %d", id)
		}
		if err := checkNodeRecord(record, m.g); err != nil {
			return err
		}
		return m.writeNode(NodeID(id), nil, record)
	})
}

func (m *mutation) loadRelationships(r Reader) error {
	return r.Scan(store.Relationship, nil, func(suffix, record []byte) error {
		id, err := store.DecodeID(suffix)
		if err != nil {
			return err
		}
		if id >= maxID {
			return malformed("relationship %d", id)
		}
		found, properties, err := decodeRelationshipRecord(record, m.g)
		if err != nil {
			return err
		}
		for _, end := range [...]NodeID{found.Start, found.End} {
			if _, err := m.existingNode(end); err != nil {
				return err
			}
		}
		return m.writeRelationship(RelationshipID(id), found, nil, properties, false, true)
	})
}

// countFixed puts the bytes and digests of names and schema on meta.
func (m *mutation) countFixed() {
	for kind := range nameKinds {
		n := &m.g.names[kind]
		for id := range n.count {
			m.g.meta.Bytes += nameBytes(n.name(uint32(id)))
		}
	}
	for _, x := range m.g.schema.indexes {
		m.countSchema(x.definition.ID, appendIndexRecord(nil, x.definition), true)
	}
	for _, c := range m.g.schema.constraints {
		m.countSchema(c.ID, appendConstraintRecord(nil, c), true)
	}
}

func compareMeta(stored, computed Meta) error {
	if planted.On("digest-never-recomputed") {
		return nil
	}
	for _, c := range []struct {
		what   string
		stored any
		found  any
	}{
		{"count of nodes", stored.Nodes, computed.Nodes},
		{"count of relationships", stored.Relationships, computed.Relationships},
		{"digest", stored.Digest, computed.Digest},
		{"size in bytes", stored.Bytes, computed.Bytes},
	} {
		if c.stored != c.found {
			return &MismatchError{Said: stored.Digest, Found: computed.Digest, What: c.what,
				Stored: fmt.Sprint(c.stored), Computed: fmt.Sprint(c.found)}
		}
	}
	if stored.NextNode < computed.NextNode || stored.NextRelationship < computed.NextRelationship {
		return &MismatchError{Said: stored.Digest, Found: computed.Digest, What: "next ids",
			Stored:   fmt.Sprint(stored.NextNode, stored.NextRelationship),
			Computed: fmt.Sprint(computed.NextNode, computed.NextRelationship)}
	}
	return nil
}

// loadNames reads the interned names; ids must follow each other.
func (g *Graph) loadNames(r Reader) error {
	return r.Scan(store.Name, nil, func(suffix, record []byte) error {
		if len(suffix) != nameSuffixBytes || suffix[0] >= byte(nameKinds) {
			return malformed("key of a name")
		}
		n := &g.names[suffix[0]]
		id := binary.BigEndian.Uint32(suffix[1:])
		name, err := decodeNameRecord(record)
		if err != nil {
			return err
		}
		if _, doubled := n.id(name); doubled || uint64(id) != n.count || id >= MaxNames {
			return malformed("name %d of kind %d", id, suffix[0])
		}
		n.add(name, g.token)
		return nil
	})
}

// loadSchema reads the definitions of indexes, which are empty yet, and constraints.
func (g *Graph) loadSchema(r Reader) error {
	g.schema.token = g.token
	err := r.Scan(store.Schema, nil, func(suffix, record []byte) error {
		id, err := store.DecodeID(suffix)
		if err != nil {
			return err
		}
		index, constraint, err := decodeSchemaRecord(id, record)
		if err != nil {
			return err
		}
		if constraint != nil {
			g.schema.constraints = append(g.schema.constraints, *constraint)
			return nil
		}
		return g.loadIndex(*index)
	})
	if err != nil {
		return err
	}
	return g.resolveDemands()
}

func (g *Graph) loadIndex(d IndexDefinition) error {
	x, known := g.indexOver(d)
	if !known {
		return malformed("index %d over a name that was never given", d.ID)
	}
	g.schema.indexes = append(g.schema.indexes, x)
	return nil
}

// RecomputeDigest scans the version and returns its digest and storage bytes, which must equal those of Meta.
func (g *Graph) RecomputeDigest() (Digest, uint64) {
	scan := *g
	scan.meta = Meta{}
	m := newMutation(&scan)
	nodes := g.Nodes()
	for id, ok := nodes.Next(); ok; id, ok = nodes.Next() {
		m.countNode(id, g.nodeRecord(id))
	}
	relationships := g.Relationships()
	for id, ok := relationships.Next(); ok; id, ok = relationships.Next() {
		r, _ := g.Relationship(id)
		m.countRelationship(id, r, g.relationshipProperties(id))
	}
	m.countFixed()
	return scan.meta.Digest, scan.meta.Bytes
}

func (m *mutation) countNode(id NodeID, record []byte) {
	m.g.meta.Nodes++
	m.g.meta.Bytes += m.nodeBytes(record)
	m.g.meta.Digest = m.g.meta.Digest.add(m.digests.node(m.g, id, record))
}

func (m *mutation) countRelationship(id RelationshipID, r Relationship, properties []byte) {
	m.g.meta.Relationships++
	m.g.meta.Bytes += m.relationshipBytes(r, properties)
	m.g.meta.Digest = m.g.meta.Digest.add(m.digests.relationship(m.g, id, r, properties))
}
