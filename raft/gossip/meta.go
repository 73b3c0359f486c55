package gossip

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// metaFormat is the first byte of an encoded Meta.
const metaFormat = 1

// maxFieldBytes bounds each text of a Meta, so that all fit what memberlist carries (512 bytes).
const maxFieldBytes = 100

// Meta is what a node tells of itself.
type Meta struct {
	Name    string // the operator's name for it
	Peer    string // host:port of its peer channel
	HTTP    string // host:port of its HTTP door
	Version string
}

// fields lists the texts in wire order. A new one is appended; a reader ignores what it does not know.
func (m *Meta) fields() []*string { return []*string{&m.Name, &m.Peer, &m.HTTP, &m.Version} }

// encode refuses texts that are too long.
func (m Meta) encode() ([]byte, error) {
	out := []byte{metaFormat}
	for _, field := range m.fields() {
		if len(*field) > maxFieldBytes {
			return nil, fmt.Errorf("gossip: %q is longer than %d bytes", *field, maxFieldBytes)
		}
		out = binary.AppendUvarint(out, uint64(len(*field)))
		out = append(out, *field...)
	}
	return out, nil
}

var errMeta = errors.New("gossip: malformed node description")

func decodeMeta(encoded []byte) (Meta, error) {
	var meta Meta
	if len(encoded) == 0 || encoded[0] != metaFormat {
		return meta, errMeta
	}
	rest := encoded[1:]
	for _, field := range meta.fields() {
		size, used := binary.Uvarint(rest)
		if used <= 0 || size > maxFieldBytes || uint64(len(rest)-used) < size {
			return Meta{}, errMeta
		}
		*field = string(rest[used : used+int(size)])
		rest = rest[used+int(size):]
	}
	return meta, nil
}
