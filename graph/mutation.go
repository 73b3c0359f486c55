package graph

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// mutation changes a private version: the one place where entities, derived structures, counts, bytes and digest
// move. A draft, Apply and Load each own one. It belongs to one goroutine.
//
// Bytes and digest of an entity are taken off at its first touch and put on when the mutation is settled, so that an
// entity changed ten times is hashed twice.
type mutation struct {
	g        *Graph       // private: names, schema and meta; entities too where cold is nil
	cold     *coldRecords // the entities of a database that is not in memory
	digests  digester
	touched  touchedIDs
	log      *touchedLog  // what was touched at all, for Output; nil in drafts
	decides  bool         // constraints are decided here: a draft's; what the log says was decided
	pause    func() error // called now and then while many entities are visited; nil for nothing
	suspects suspects     // entities that may lack what constraints demand

	properties         []property // scratch
	labels             []Label    // scratch
	resolved           []Label    // scratch of apply
	resolvedProperties []property // scratch of apply
	record             []byte     // scratch
	packed             []byte     // scratch for a relationship's properties
	values             []byte     // scratch for index entries
	others             []byte     // scratch for index entries
	room               mutationRoom
}

// mutationRoom is where the scratch of a small mutation lies, so that it is made with the mutation.
type mutationRoom struct {
	properties, resolvedProperties [4]property
	labels, resolved               [2]Label
	ids                            [2][2]uint64
	record                         [96]byte
	values, others                 [32]byte
}

// touchedIDs are the entities whose bytes and digest are taken off meta.
type touchedIDs struct {
	nodes         idList
	relationships idList
}

// idList is a list of ids. Ids from fresh on were first given in this mutation and are in it since their creation.
type idList struct {
	ids     []uint64
	seen    map[uint64]struct{} // looked up only
	fresh   uint64
	top     uint64 // above every id made in this mutation
	doubled bool   // an id may be in the list twice
}

// add puts an id in and tells whether its old record, if any, must still be taken off.
func (l *idList) add(id uint64, created bool) bool {
	switch {
	case created && id >= l.top:
		l.top = id + 1
	case created && id >= l.fresh:
		l.doubled = true
	case id >= l.fresh:
		return false
	default:
		if _, found := l.seen[id]; found {
			return false
		}
		if l.seen == nil {
			l.seen = map[uint64]struct{}{}
		}
		l.seen[id] = struct{}{}
	}
	l.ids = append(l.ids, id)
	return true
}

// list returns the ids, each once.
func (l *idList) list() []uint64 {
	if l.doubled {
		l.ids, l.doubled = unique(l.ids), false
	}
	return l.ids
}

// reset empties the list; ids from fresh on are not given yet.
func (l *idList) reset(fresh uint64) {
	*l = idList{ids: l.ids[:0], fresh: fresh, top: fresh}
}

// touchedLog remembers what a whole mutation touched.
type touchedLog struct {
	nodes, relationships, schema []uint64
}

func newMutation(g *Graph) *mutation {
	m := &mutation{g: g, digests: newDigester()}
	r := &m.room
	m.properties, m.resolvedProperties = r.properties[:0], r.resolvedProperties[:0]
	m.labels, m.resolved = r.labels[:0], r.resolved[:0]
	m.record, m.values, m.others = r.record[:0], r.values[:0], r.others[:0]
	m.touched.nodes.ids, m.touched.relationships.ids = r.ids[0][:0], r.ids[1][:0]
	m.touched.nodes.reset(g.meta.NextNode)
	m.touched.relationships.reset(g.meta.NextRelationship)
	return m
}

// settle puts the bytes and digests of what was touched on meta.
func (m *mutation) settle() error {
	meta := &m.g.meta
	for _, id := range m.touched.nodes.list() {
		record, err := m.node(NodeID(id))
		if err != nil {
			return err
		}
		if record != nil {
			meta.Bytes += m.nodeBytes(record)
			meta.Digest = meta.Digest.add(m.digests.node(m.g, NodeID(id), record))
		}
	}
	for _, id := range m.touched.relationships.list() {
		r, properties, found, err := m.relationship(RelationshipID(id))
		if err != nil {
			return err
		}
		if found {
			meta.Bytes += m.relationshipBytes(r, properties)
			meta.Digest = meta.Digest.add(m.digests.relationship(m.g, RelationshipID(id), r, properties))
		}
	}
	if m.log != nil {
		m.log.nodes = append(m.log.nodes, m.touched.nodes.ids...)
		m.log.relationships = append(m.log.relationships, m.touched.relationships.ids...)
	}
	m.touched.nodes.reset(meta.NextNode)
	m.touched.relationships.reset(meta.NextRelationship)
	return nil
}

// touchNode takes a node's old record, nil for a new node, off meta at its first touch.
func (m *mutation) touchNode(id NodeID, old []byte) {
	if !m.touched.nodes.add(uint64(id), old == nil) || old == nil {
		return
	}
	m.g.meta.Bytes -= m.nodeBytes(old)
	m.g.meta.Digest = m.g.meta.Digest.subtract(m.digests.node(m.g, id, old))
}

func (m *mutation) touchRelationship(id RelationshipID, r Relationship, properties []byte, existed bool) {
	if !m.touched.relationships.add(uint64(id), !existed) || !existed {
		return
	}
	m.g.meta.Bytes -= m.relationshipBytes(r, properties)
	m.g.meta.Digest = m.g.meta.Digest.subtract(m.digests.relationship(m.g, id, r, properties))
}

// entityKeyBytes is the length of a node's or relationship's key without tenant and database: kind and id.
const entityKeyBytes = 9

// nodeBytes returns what a node counts for storage, with its index entries.
func (m *mutation) nodeBytes(record []byte) uint64 {
	n := uint64(entityKeyBytes + len(record))
	for _, x := range m.g.schema.indexes {
		if x.coversNode(record) {
			n += x.entryBytes(nodeProperties(record))
		}
	}
	return n
}

func (m *mutation) relationshipBytes(r Relationship, properties []byte) uint64 {
	m.record = appendRelationshipRecord(m.record[:0], r, properties)
	n := uint64(entityKeyBytes + len(m.record))
	for _, x := range m.g.schema.indexes {
		if x.coversType(r.Type) {
			n += x.entryBytes(properties)
		}
	}
	return n
}

// node returns a node's record, nil where there is none.
func (m *mutation) node(id NodeID) ([]byte, error) {
	if m.cold != nil {
		return m.cold.node(m.g, id)
	}
	return m.g.nodeRecord(id), nil
}

// existingNode returns a node's record or a NotFoundError.
func (m *mutation) existingNode(id NodeID) ([]byte, error) {
	record, err := m.node(id)
	if err == nil && record == nil {
		err = &NotFoundError{What: "node", ID: uint64(id)}
	}
	return record, err
}

func (m *mutation) relationship(id RelationshipID) (Relationship, []byte, bool, error) {
	if m.cold != nil {
		return m.cold.relationship(m.g, id)
	}
	r, found := m.g.relationshipAt(id)
	if !found {
		return r, nil, false, nil
	}
	return r, m.g.relationshipProperties(id), true, nil
}

func (m *mutation) existingRelationship(id RelationshipID) (Relationship, []byte, error) {
	r, properties, found, err := m.relationship(id)
	if err == nil && !found {
		err = &NotFoundError{What: "relationship", ID: uint64(id)}
	}
	return r, properties, err
}

// intern returns the id of a name, giving one where there is none.
func (m *mutation) intern(kind nameKind, name string) (uint32, error) {
	n := &m.g.names[kind]
	if id, ok := n.id(name); ok {
		return id, nil
	}
	if n.count >= MaxNames {
		return 0, &LimitError{Limit: limitWords[kind], Max: MaxNames, Found: n.count + 1}
	}
	if len(name) > MaxNameBytes {
		return 0, &LimitError{Limit: "name bytes", Max: MaxNameBytes, Found: uint64(len(name))}
	}
	if !utf8.ValidString(name) {
		return 0, malformed("a name that is not UTF-8")
	}
	m.g.meta.Bytes += nameBytes(name)
	return n.add(name, m.g.token), nil
}

// nameBytes returns what an interned name counts for storage: its key (kind 'i', kind of name, id) and record.
func nameBytes(name string) uint64 {
	return uint64(1 + nameSuffixBytes + len(appendNameRecord(nil, name)))
}

// nameSuffixBytes is the length of the suffix of a name's key.
const nameSuffixBytes = 5

// nameMark remembers how many names there are.
type nameMark [nameKinds]uint64

func (m *mutation) markNames() (mark nameMark) {
	for i := range mark {
		mark[i] = m.g.names[i].count
	}
	return mark
}

// unname takes back the names given since a mark: an operation that failed leaves none behind.
func (m *mutation) unname(mark nameMark) {
	for i := range mark {
		n := &m.g.names[i]
		for id := mark[i]; id < n.count; id++ {
			m.g.meta.Bytes -= nameBytes(n.name(uint32(id)))
		}
		n.truncate(mark[i], m.g.token)
	}
}

// sortLabels sorts labels by name and drops doubles.
func (m *mutation) sortLabels(labels []Label) []Label {
	if len(labels) < 2 {
		return labels
	}
	slices.SortFunc(labels, func(a, b Label) int { return strings.Compare(m.g.LabelName(a), m.g.LabelName(b)) })
	return slices.Compact(labels)
}

// sortProperties sorts properties by name; doubles and nulls are an error.
func (m *mutation) sortProperties(list []property) error {
	order := func(a, b property) int {
		return strings.Compare(m.g.PropertyKeyName(a.key), m.g.PropertyKeyName(b.key))
	}
	if !slices.IsSortedFunc(list, order) {
		slices.SortFunc(list, order)
	}
	for i, p := range list {
		if i > 0 && list[i-1].key == p.key || p.value[0] == encodedNull {
			return malformed("a property named twice, or null")
		}
		if len(p.value) > MaxPropertyBytes {
			return &LimitError{Limit: "property bytes", Max: MaxPropertyBytes, Found: uint64(len(p.value))}
		}
	}
	return nil
}

// encodedNull is the encoding of null, which is never stored.
const encodedNull = 0xc0

func checkRecordSize(n int) error {
	if n > MaxRecordBytes {
		return &LimitError{Limit: "record bytes", Max: MaxRecordBytes, Found: uint64(n)}
	}
	return nil
}

// checkNewID tells whether a new entity may have an id.
func checkNewID(id, next uint64) error {
	if id >= maxID || id > next+maxIDGap {
		return &LimitError{Limit: "id gap", Max: min(maxID-1, next+maxIDGap), Found: id}
	}
	return nil
}
