package graph

import (
	"github.com/hivellm/nexus/graph/value"
)

// recordFormat is the version of node, relationship, name, schema and meta records (docs/specs/records.md).
const recordFormat = 1

// property is one entry of a record: an interned key and the canonical bytes of its value.
type property struct {
	key   PropertyKey
	value []byte
}

// appendNodeRecord writes a node's record: labels and properties are in the order of their names.
func appendNodeRecord(dst []byte, labels []Label, properties []property) []byte {
	dst = appendArray(append(dst, recordFormat, 0x92), len(labels))
	for _, l := range labels {
		dst = appendUint(dst, uint64(l))
	}
	return appendProperties(dst, properties)
}

// appendProperties writes a map of properties, which are in the order of their names.
func appendProperties(dst []byte, properties []property) []byte {
	dst = appendMap(dst, len(properties))
	for _, p := range properties {
		dst = append(appendUint(dst, uint64(p.key)), p.value...)
	}
	return dst
}

// appendRelationshipRecord writes a relationship's record; properties is its map, nil for none.
func appendRelationshipRecord(dst []byte, r Relationship, properties []byte) []byte {
	dst = append(dst, recordFormat, 0x94)
	dst = appendUint(appendUint(appendUint(dst, uint64(r.Type)), uint64(r.Start)), uint64(r.End))
	if len(properties) == 0 {
		return append(dst, 0x80)
	}
	return append(dst, properties...)
}

// labelScan walks the labels of a node's record.
type labelScan struct {
	rest []byte
	left int
}

// scanLabels begins after the format and array bytes of a well-formed record.
func scanLabels(record []byte) labelScan {
	if len(record) == 0 {
		return labelScan{}
	}
	n, size := readCount(record[2:], 0x90, 0xdc)
	return labelScan{record[2+size:], n}
}

func (s *labelScan) next() (Label, bool) {
	if s.left == 0 {
		return 0, false
	}
	n, size := readUint(s.rest)
	s.rest = s.rest[size:]
	s.left--
	return Label(n), true
}

// nodeProperties returns the map of properties in a node's record.
func nodeProperties(record []byte) []byte {
	if properties := afterLabels(record); properties != nil {
		return properties
	}
	s := scanLabels(record)
	for s.left > 0 {
		s.next()
	}
	return s.rest
}

// afterLabels is nodeProperties for a record of few labels with small ids, nil for any other.
func afterLabels(record []byte) []byte {
	if len(record) < 4 || record[2]&0xf0 != 0x90 {
		return nil
	}
	at := 3 + int(record[2]&0x0f)
	if at >= len(record) {
		return nil
	}
	for _, label := range record[3:at] {
		if label >= 0x80 {
			return nil
		}
	}
	return record[at:]
}

// propertyScan walks a map of properties.
type propertyScan struct {
	rest []byte
	left int
}

func scanProperties(properties []byte) propertyScan {
	if len(properties) == 0 {
		return propertyScan{}
	}
	n, size := readCount(properties, 0x80, 0xde)
	return propertyScan{properties[size:], n}
}

func (s *propertyScan) next() (property, bool) {
	if s.left == 0 {
		return property{}, false
	}
	key, size := readUint(s.rest)
	s.rest = s.rest[size:]
	n := sizeOf(s.rest)
	p := property{PropertyKey(key), s.rest[:n:n]}
	s.rest = s.rest[n:]
	s.left--
	return p, true
}

// findProperty returns the bytes of one property's value, nil where it is absent.
func findProperty(properties []byte, key PropertyKey) []byte {
	if len(properties) == 0 {
		return nil
	}
	n, at := readCount(properties, 0x80, 0xde)
	for range n {
		found, width := uint64(properties[at]), 1
		if found >= 0x80 {
			found, width = readUint(properties[at:])
		}
		at += width
		end := at + sizeOf(properties[at:])
		if found == uint64(key) {
			return properties[at:end:end]
		}
		at = end
	}
	return nil
}

// decodeProperty makes the value of bytes that lie in an immutable record, which was checked when it came; nil bytes are
// null.
func decodeProperty(raw []byte) value.Value {
	if raw == nil {
		return value.Null
	}
	v, err := value.DecodeTrusted(raw)
	if err != nil {
		panic("graph: a record that cannot be read: " + err.Error())
	}
	return v
}

// checkNodeRecord tells whether bytes of outside are a node's record whose names all exist.
func checkNodeRecord(record []byte, g *Graph) error {
	r := frameReader{rest: record}
	if r.byte() != recordFormat || r.byte() != 0x92 {
		return malformed("node record of an unknown format")
	}
	for range r.array() {
		if uint64(r.uint32()) >= g.names[labelNames].count {
			return malformed("node record with an unknown label")
		}
	}
	return checkProperties(&r, g)
}

func checkProperties(r *frameReader, g *Graph) error {
	for range r.mapped() {
		if uint64(r.uint32()) >= g.names[keyNames].count {
			return malformed("record with an unknown property key")
		}
		if r.raw(); r.bad {
			break
		}
	}
	if r.bad || len(r.rest) > 0 {
		return malformed("record")
	}
	return nil
}

// decodeRelationshipRecord reads bytes of outside. The properties alias record; an empty map is nil.
func decodeRelationshipRecord(record []byte, g *Graph) (Relationship, []byte, error) {
	r := frameReader{rest: record}
	if r.byte() != recordFormat || r.byte() != 0x94 {
		return Relationship{}, nil, malformed("relationship record of an unknown format")
	}
	kind := r.uint32()
	found := Relationship{Type(kind), NodeID(r.uint()), NodeID(r.uint())}
	properties := r.rest
	if uint64(kind) >= g.names[typeNames].count {
		return Relationship{}, nil, malformed("relationship record with an unknown type")
	}
	if err := checkProperties(&r, g); err != nil {
		return Relationship{}, nil, err
	}
	if len(properties) == 1 {
		properties = nil
	}
	return found, properties, nil
}

// appendNameRecord writes the record of an interned name.
func appendNameRecord(dst []byte, name string) []byte {
	return value.AppendEncodedString(append(dst, recordFormat), name)
}

func decodeNameRecord(record []byte) (string, error) {
	r := frameReader{rest: record}
	format, name := r.byte(), r.text()
	if r.bad || format != recordFormat || len(r.rest) > 0 {
		return "", malformed("name record")
	}
	return name, nil
}
