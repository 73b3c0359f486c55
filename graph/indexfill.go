package graph

import "sync/atomic"

// entitiesPerPause is how many entities a long visit looks at between two calls of pause.
const entitiesPerPause = 256

// progress tells how far the build of an index is. The versions of a database share it; it is for people, nothing is
// decided by it.
type progress struct{ done, total atomic.Uint64 }

func newProgress(total uint64) *progress {
	p := &progress{}
	p.total.Store(total)
	return p
}

// state returns the state of an index on this node.
func (x *Index) state() (IndexState, float64) {
	if x.whole() {
		return IndexOnline, 100
	}
	done, total := x.progress.done.Load(), x.progress.total.Load()
	return IndexBuilding, 100 * float64(min(done, total)) / float64(max(1, total))
}

// coveredCount returns how many entities have the label or type of an index.
func (g *Graph) coveredCount(x *Index) uint64 {
	if x.definition.Entity == RelationshipEntity {
		return setCount(&g.typeSets, uint64(x.name))
	}
	return setCount(&g.labelSets, uint64(x.name))
}

// eachCovered visits the entities in memory that have a label or type, by its interned id, with their properties.
func (m *mutation) eachCovered(entity EntityKind, name uint32, fn func(id uint64, properties []byte) error) error {
	sets := &m.g.labelSets
	if entity == RelationshipEntity {
		sets = &m.g.typeSets
	}
	c, n := setCursor{set: sets.at(uint64(name))}, 0
	for id, ok := c.next(); ok; id, ok = c.next() {
		if n++; n%entitiesPerPause == 0 && m.pause != nil {
			if err := m.pause(); err != nil {
				return err
			}
		}
		if err := fn(id, m.g.propertiesOf(entity, id)); err != nil {
			return err
		}
	}
	return nil
}

// propertiesOf returns the properties of an entity that exists.
func (g *Graph) propertiesOf(entity EntityKind, id uint64) []byte {
	if entity == RelationshipEntity {
		return g.relationshipProperties(RelationshipID(id))
	}
	return nodeProperties(g.nodeRecord(NodeID(id)))
}

// fill puts every entity that it covers into a new index, whose entries token writes. One of a constraint is refused with
// the first offending pair.
func (m *mutation) fill(x *Index, token uint64) error {
	return m.eachCovered(x.definition.Entity, x.name, func(id uint64, properties []byte) error {
		values, size, ok := x.appendEntry(m.values[:0], properties)
		m.values = values
		if !ok {
			return nil
		}
		if x.constraint != "" {
			if err := m.checkEntry(x, id, properties); err != nil {
				return err
			}
		}
		x.bytes += size
		x.add(m.values, id, token)
		return nil
	})
}
