package graph

import (
	"github.com/hivellm/nexus/graph/store"
)

// Reader reads the records of one database. store.Space, its snapshots and batches are readers.
type Reader interface {
	// Read returns a copy of a record; false where there is none.
	Read(kind store.Kind, suffix []byte) ([]byte, bool, error)
	// Scan visits the records of a kind from a suffix on, in order; both slices are valid during the call only.
	Scan(kind store.Kind, from []byte, fn func(suffix, value []byte) error) error
}

// Writer takes the records of one database. store.BatchSpace is one.
type Writer interface {
	Set(kind store.Kind, suffix, value []byte)
	Delete(kind store.Kind, suffix []byte)
}

// LoadMeta reads what a database's meta record says; the zero Meta where there is none.
func LoadMeta(r Reader) (Meta, error) {
	record, found, err := r.Read(store.Meta, nil)
	if err != nil || !found {
		return Meta{}, err
	}
	return decodeMeta(record)
}

// appendMeta writes the meta record (docs/specs/records.md).
// WriteMeta writes a database's meta record alone: for who cannot write the rest of a version.
func WriteMeta(w Writer, m Meta) { w.Set(store.Meta, nil, appendMeta(nil, m)) }

func appendMeta(dst []byte, m Meta) []byte {
	dst = append(dst, recordFormat, 0x9a)
	for _, n := range m.figures() {
		dst = appendUint(dst, *n)
	}
	dst = append(dst, 0xc4, byte(len(m.Digest)))
	return append(dst, m.Digest[:]...)
}

func (m *Meta) figures() [9]*uint64 {
	return [...]*uint64{
		&m.Stamp.Term, &m.Stamp.Sequence, &m.NextNode, &m.NextRelationship, &m.NextSchema,
		&m.Nodes, &m.Relationships, &m.Bytes, &m.SchemaVersion,
	}
}

func decodeMeta(record []byte) (Meta, error) {
	var m Meta
	r := frameReader{rest: record}
	format, shape := r.byte(), r.byte()
	for _, n := range m.figures() {
		*n = r.uint()
	}
	if r.bad || format != recordFormat || shape != 0x9a || len(r.rest) != 2+len(m.Digest) || r.byte() != 0xc4 || r.byte() != byte(len(m.Digest)) {
		return Meta{}, malformed("meta record")
	}
	m.Digest = Digest(r.rest)
	return m, nil
}
