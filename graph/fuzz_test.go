package graph

import (
	"errors"
	"testing"

	"github.com/hivellm/nexus/graph/value"
)

// FuzzDecodeOps plays operations of any bytes on a small version: an error or a version that a scan agrees with, never
// a panic.
func FuzzDecodeOps(f *testing.F) {
	base := fuzzBase(f)
	d := NewDraft(base, Stamp{Sequence: 2}, DraftLimits{})
	if _, err := d.CreateNode([]string{"A", "B"}, nil); err != nil {
		f.Fatal(err)
	}
	if _, err := d.SetNodeProperty(0, "k", value.String("text")); err != nil {
		f.Fatal(err)
	}
	if _, err := d.CreateIndex(IndexDefinition{LabelOrType: "A", Properties: []string{"k"}}); err != nil {
		f.Fatal(err)
	}
	f.Add(d.Changes().Ops, d.Changes().Count)
	f.Add([]byte{opsFormat, opDeleteNode, 0}, 1)
	f.Fuzz(func(t *testing.T, ops []byte, count int) {
		changes := Changes{Base: base.Stamp(), Stamp: Stamp{Sequence: 3}, Strings: []string{"A", "B", "k", "R", "index"}, Ops: ops, Count: count}
		checked := CheckChanges(changes)
		out, err := Apply(Input{Graph: base, Meta: base.Meta(), Changes: changes})
		if err == nil && checked != nil {
			t.Fatalf("applied what the check refuses: %v", checked)
		}
		if err != nil {
			return
		}
		var mismatch *MismatchError
		if _, err := BuildAll(out.Graph); errors.As(err, &mismatch) {
			return // what it says of an index is not so, and the node that builds it finds out
		}
		if digest, bytes := out.Graph.RecomputeDigest(); digest != out.Meta.Digest || bytes != out.Meta.Bytes {
			t.Fatalf("a scan gives %v and %d, meta says %+v", digest, bytes, out.Meta)
		}
	})
}

func fuzzBase(t testing.TB) *Graph {
	t.Helper()
	d := NewDraft(Empty(), Stamp{Sequence: 1}, DraftLimits{})
	for range 3 {
		if _, err := d.CreateNode([]string{"A"}, value.NewMap([]string{"k"}, []value.Value{value.Int(1)})); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.CreateRelationship("R", 0, 1, nil); err != nil {
		t.Fatal(err)
	}
	return d.Graph()
}

// FuzzDecodeRecord reads records of any bytes: an error that says malformed, or a record that is walked whole.
func FuzzDecodeRecord(f *testing.F) {
	g := fuzzBase(f)
	f.Add(g.nodeRecord(0))
	f.Add(appendRelationshipRecord(nil, Relationship{0, 0, 1}, nil))
	f.Add(appendIndexRecord(nil, IndexDefinition{Name: "i", LabelOrType: "A", Properties: []string{"k"}}))
	f.Add(appendNameRecord(nil, "name"))
	f.Add(appendMeta(nil, g.Meta()))
	f.Fuzz(func(t *testing.T, record []byte) {
		m := newMutation(g)
		if err := checkNodeRecord(record, g); err == nil {
			m.digests.node(g, 0, record)
			m.nodeBytes(record)
		} else if !errors.Is(err, ErrMalformed) {
			t.Fatal(err)
		}
		if r, properties, err := decodeRelationshipRecord(record, g); err == nil {
			m.digests.relationship(g, 0, r, properties)
		} else if !errors.Is(err, ErrMalformed) {
			t.Fatal(err)
		}
		if index, constraint, err := decodeSchemaRecord(1, record); err == nil && (index == nil) == (constraint == nil) {
			t.Fatal("neither index nor constraint, or both")
		}
		if name, err := decodeNameRecord(record); err == nil && string(appendNameRecord(nil, name)) != string(record) {
			t.Fatalf("name %q from other bytes", name)
		}
		if meta, err := decodeMeta(record); err == nil && len(appendMeta(nil, meta)) > len(record) {
			t.Fatal("meta grew")
		}
	})
}
