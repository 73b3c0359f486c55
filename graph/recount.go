package graph

import (
	"errors"
	"math"

	"github.com/hivellm/nexus/graph/store"
)

// Recount computes what the meta record of a stored database must say, some records at a time and with none of them
// kept in memory. It belongs to one goroutine, and its reader must show one state until the last step.
type Recount struct {
	reader Reader
	stored Meta
	m      *mutation
	kinds  []store.Kind // what is left to read, the first one from `from` on
	from   []byte
	fixed  bool // names and schema are counted too
}

// errPause ends a scan at the end of a step.
var errPause = errors.New("the step is over")

// NewRecount begins: it reads meta, names and schema.
func NewRecount(r Reader) (*Recount, error) {
	stored, err := LoadMeta(r)
	if err != nil {
		return nil, err
	}
	g, _, err := loadCold(r, Meta{})
	if err != nil {
		return nil, err
	}
	return &Recount{reader: r, stored: stored, m: newMutation(g), kinds: []store.Kind{store.Node, store.Relationship}}, nil
}

// Step reads about sizeBytes of records, at least one, and tells whether the recount is done. An error is final: the
// records cannot be read.
func (c *Recount) Step(sizeBytes int) (done bool, err error) {
	for len(c.kinds) > 0 {
		err := c.reader.Scan(c.kinds[0], c.from, func(suffix, record []byte) error {
			if sizeBytes <= 0 {
				c.from = append(c.from[:0], suffix...)
				return errPause
			}
			sizeBytes -= len(suffix) + len(record)
			return c.count(suffix, record)
		})
		if errors.Is(err, errPause) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		c.kinds, c.from = c.kinds[1:], nil
	}
	if !c.fixed {
		c.m.countFixed()
		c.fixed = true
	}
	return true, nil
}

func (c *Recount) count(suffix, record []byte) error {
	id, err := store.DecodeID(suffix)
	switch {
	case err != nil:
		return err
	case id >= maxID:
		return malformed("entity %d", id)
	}
	meta := &c.m.g.meta
	if c.kinds[0] == store.Node {
		if err := checkNodeRecord(record, c.m.g); err != nil {
			return err
		}
		c.m.countNode(NodeID(id), record)
		meta.NextNode = id + 1
		return nil
	}
	found, properties, err := decodeRelationshipRecord(record, c.m.g)
	if err != nil {
		return err
	}
	c.m.countRelationship(RelationshipID(id), found, properties)
	meta.NextRelationship = id + 1
	return nil
}

// Check returns a *MismatchError where the stored meta does not say what was counted. It may be called once the recount
// is done.
func (c *Recount) Check() error { return compareMeta(c.stored, c.m.g.meta) }

// Meta returns what the meta record must say: counts, bytes and digest are counted, the rest is as stored. It may be
// called once the recount is done.
func (c *Recount) Meta() Meta {
	found, meta := c.m.g.meta, c.stored
	meta.Nodes, meta.Relationships = found.Nodes, found.Relationships
	meta.Bytes, meta.Digest = found.Bytes, found.Digest
	return meta
}

// RecountStore is a whole recount in one step.
func RecountStore(r Reader) (Meta, error) {
	c, err := NewRecount(r)
	if err != nil {
		return Meta{}, err
	}
	if _, err := c.Step(math.MaxInt); err != nil {
		return Meta{}, err
	}
	return c.Meta(), nil
}
