package graph

import (
	"encoding/binary"
	"hash"
	"math/bits"

	"golang.org/x/crypto/blake2b"

	"github.com/hivellm/nexus/graph/store"
	"github.com/hivellm/nexus/graph/value"
)

// digestKey is published and fixed: the digest guards against drift, not against forgers (docs/specs/digest.md).
const digestKey = "nexus graph digest, key number 1"

// digester hashes records with their names as text. It belongs to one goroutine.
type digester struct {
	hash   hash.Hash
	buffer []byte
	sum    [16]byte
}

func newDigester() digester {
	h, err := blake2b.New(len(Digest{}), []byte(digestKey))
	if err != nil {
		panic("graph: " + err.Error())
	}
	return digester{hash: h}
}

// node hashes a node's record.
func (d *digester) node(g *Graph, id NodeID, record []byte) Digest {
	b := d.begin(store.Node, uint64(id))
	labels := scanLabels(record)
	b = appendArray(append(b, 0x92), labels.left)
	for l, ok := labels.next(); ok; l, ok = labels.next() {
		b = value.AppendEncodedString(b, g.LabelName(l))
	}
	return d.finish(d.properties(g, b, labels.rest))
}

// relationship hashes a relationship's record.
func (d *digester) relationship(g *Graph, id RelationshipID, r Relationship, properties []byte) Digest {
	b := append(d.begin(store.Relationship, uint64(id)), 0x94)
	b = value.AppendEncodedString(b, g.TypeName(r.Type))
	b = appendUint(appendUint(b, uint64(r.Start)), uint64(r.End))
	return d.finish(d.properties(g, b, properties))
}

// schema hashes the record of an index or constraint, which holds its names as text already.
func (d *digester) schema(id uint64, record []byte) Digest {
	b := d.begin(store.Schema, id)
	return d.finish(append(b[:len(b)-1], record...))
}

// begin starts a message: kind, id, format.
func (d *digester) begin(kind store.Kind, id uint64) []byte {
	b := binary.BigEndian.AppendUint64(append(d.buffer[:0], byte(kind)), id)
	return append(b, recordFormat)
}

func (d *digester) properties(g *Graph, b, properties []byte) []byte {
	s := scanProperties(properties)
	b = appendMap(b, s.left)
	for p, ok := s.next(); ok; p, ok = s.next() {
		b = value.AppendEncodedString(b, g.PropertyKeyName(p.key))
		b = append(b, p.value...)
	}
	return b
}

func (d *digester) finish(b []byte) Digest {
	d.buffer = b
	d.hash.Reset()
	d.hash.Write(b)
	return Digest(d.hash.Sum(d.sum[:0]))
}

// add returns the sum of two digests mod 2^128.
func (d Digest) add(o Digest) Digest {
	low, carry := bits.Add64(d.low(), o.low(), 0)
	high, _ := bits.Add64(d.high(), o.high(), carry)
	return digestOf(high, low)
}

// subtract returns the difference of two digests mod 2^128.
func (d Digest) subtract(o Digest) Digest {
	low, borrow := bits.Sub64(d.low(), o.low(), 0)
	high, _ := bits.Sub64(d.high(), o.high(), borrow)
	return digestOf(high, low)
}

// Plus returns the digest of what d and o are digests of together.
func (d Digest) Plus(o Digest) Digest { return d.add(o) }

// Minus returns the digest of what d is the digest of, without what o is the digest of.
func (d Digest) Minus(o Digest) Digest { return d.subtract(o) }

func (d Digest) high() uint64 { return binary.BigEndian.Uint64(d[:8]) }
func (d Digest) low() uint64  { return binary.BigEndian.Uint64(d[8:]) }

func digestOf(high, low uint64) (d Digest) {
	binary.BigEndian.PutUint64(d[:8], high)
	binary.BigEndian.PutUint64(d[8:], low)
	return d
}
