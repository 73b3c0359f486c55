package graph_test

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/store"
	"github.com/hivellm/nexus/graph/value"
	"github.com/hivellm/nexus/tenancy"
)

// disk is a real store in which each test database has its own space.
type disk struct {
	t     testing.TB
	store *store.Store
	index uint64
	next  tenancy.DatabaseID
}

func openDisk(t testing.TB) *disk {
	t.Helper()
	s, err := store.Open(t.TempDir(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &disk{t: t, store: s, next: 1}
}

// database returns a space nobody used yet.
func (d *disk) database() *database {
	d.next++
	return &database{disk: d, number: d.next}
}

type database struct {
	disk   *disk
	number tenancy.DatabaseID
}

var tenant = tenancy.IDFromNumber(7)

func (b *database) space() store.Space { return b.disk.store.Space(tenant, b.number) }

func (b *database) commit(out *graph.Output) {
	b.disk.t.Helper()
	batch := b.disk.store.NewBatch()
	if err := out.WriteTo(batch.Space(tenant, b.number)); err != nil {
		b.disk.t.Fatal(err)
	}
	b.disk.index++
	if err := batch.Commit(b.disk.index, 1); err != nil {
		b.disk.t.Fatal(err)
	}
}

// dump returns all records as text, and what they count for storage without index entries.
func (b *database) dump() string {
	var text bytes.Buffer
	for _, kind := range []store.Kind{store.Name, store.Schema, store.Node, store.Relationship, store.Meta} {
		err := b.space().Scan(kind, nil, func(suffix, value []byte) error {
			fmt.Fprintf(&text, "%c %x %x\n", kind, suffix, value)
			return nil
		})
		if err != nil {
			b.disk.t.Fatal(err)
		}
	}
	return text.String()
}

// The model: what a graph is, in naive maps.

type modelNode struct {
	labels     map[string]bool
	properties map[string]value.Value
}

type modelRelationship struct {
	kind       string
	start, end graph.NodeID
	properties map[string]value.Value
}

type model struct {
	nodes         map[graph.NodeID]modelNode
	relationships map[graph.RelationshipID]modelRelationship
}

func newModel() *model {
	return &model{map[graph.NodeID]modelNode{}, map[graph.RelationshipID]modelRelationship{}}
}

func (m *model) clone() *model {
	c := newModel()
	for id, n := range m.nodes {
		c.nodes[id] = modelNode{maps.Clone(n.labels), maps.Clone(n.properties)}
	}
	for id, r := range m.relationships {
		r.properties = maps.Clone(r.properties)
		c.relationships[id] = r
	}
	return c
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

func propertyText(properties map[string]value.Value) string {
	var text bytes.Buffer
	for _, key := range sortedKeys(properties) {
		fmt.Fprintf(&text, " %s=%x", key, value.AppendEncoded(nil, properties[key]))
	}
	return text.String()
}

// text says everything about the model that the reading face of a graph tells.
func (m *model) text() string {
	var text bytes.Buffer
	labels, kinds, keys := map[string]int{}, map[string]int{}, map[string]int{}
	count := func(properties map[string]value.Value) {
		for key := range properties {
			keys[key]++
		}
	}
	for _, id := range sortedKeys(m.nodes) {
		n := m.nodes[id]
		fmt.Fprintf(&text, "n%d %v%s", id, sortedKeys(n.labels), propertyText(n.properties))
		count(n.properties)
		for l := range n.labels {
			labels[l]++
		}
		var out, in, loops []string
		for _, r := range sortedKeys(m.relationships) {
			x := m.relationships[r]
			if x.start == id {
				out = append(out, fmt.Sprintf("%s %d>%d", x.kind, r, x.end))
			}
			if x.end == id {
				in = append(in, fmt.Sprintf("%s %d<%d", x.kind, r, x.start))
			}
			if x.start == id && x.end == id {
				loops = append(loops, fmt.Sprint(r))
			}
		}
		slices.Sort(out)
		slices.Sort(in)
		fmt.Fprintf(&text, " %v %v %d\n", out, in, len(out)+len(in)-len(loops))
	}
	for _, id := range sortedKeys(m.relationships) {
		r := m.relationships[id]
		fmt.Fprintf(&text, "r%d %s %d %d%s\n", id, r.kind, r.start, r.end, propertyText(r.properties))
		count(r.properties)
		kinds[r.kind]++
	}
	fmt.Fprintln(&text, labels, kinds, sortedKeys(keys))
	return text.String()
}

// graphText says the same of a graph.
func graphText(g *graph.Graph) string {
	var text bytes.Buffer
	nodes := g.Nodes()
	for id, ok := nodes.Next(); ok; id, ok = nodes.Next() {
		fmt.Fprintf(&text, "n%d %v", id, append([]string{}, g.LabelStrings(id)...))
		mapText(&text, g.NodeProperties(id))
		fmt.Fprintf(&text, " %v %v %d\n", expandText(g, id, graph.Outgoing), expandText(g, id, graph.Incoming), g.Degree(id, graph.Both, nil))
	}
	relationships := g.Relationships()
	for id, ok := relationships.Next(); ok; id, ok = relationships.Next() {
		r, _ := g.Relationship(id)
		fmt.Fprintf(&text, "r%d %s %d %d", id, g.TypeName(r.Type), r.Start, r.End)
		mapText(&text, g.RelationshipProperties(id))
		text.WriteByte('\n')
	}
	labels, kinds := map[string]int{}, map[string]int{}
	for _, name := range g.LabelNames() {
		l, _ := g.Label(name)
		labels[name] = countNodes(g.NodesWithLabel(l))
		if g.LabelCount(l) != uint64(labels[name]) {
			panic("label count of " + name)
		}
	}
	for _, name := range g.TypeNames() {
		k, _ := g.Type(name)
		c := g.RelationshipsOfType(k)
		for _, ok := c.Next(); ok; _, ok = c.Next() {
			kinds[name]++
		}
		if g.TypeCount(k) != uint64(kinds[name]) {
			panic("type count of " + name)
		}
	}
	fmt.Fprintln(&text, labels, kinds, g.PropertyKeyNames())
	return text.String()
}

func countNodes(c graph.NodeCursor) (n int) {
	for _, ok := c.Next(); ok; _, ok = c.Next() {
		n++
	}
	return n
}

func mapText(text *bytes.Buffer, m *value.Map) {
	for i := range m.Len() {
		key, v := m.At(i)
		fmt.Fprintf(text, " %s=%x", key, value.AppendEncoded(nil, v))
	}
}

func expandText(g *graph.Graph, id graph.NodeID, d graph.Direction) []string {
	list := []string{}
	e := g.Expand(id, d, nil)
	for e.Next() {
		arrow := ">"
		if d == graph.Incoming {
			arrow = "<"
		}
		list = append(list, fmt.Sprintf("%s %d%s%d", g.TypeName(e.Type()), e.Relationship(), arrow, e.Other()))
	}
	if n := g.Degree(id, d, nil); n != uint64(len(list)) {
		panic(fmt.Sprintf("degree %d, %d relationships", n, len(list)))
	}
	both := g.Expand(id, graph.Both, nil)
	n := uint64(0)
	for both.Next() {
		n++
	}
	if n != g.Degree(id, graph.Both, nil) {
		panic("degree of both directions")
	}
	slices.Sort(list)
	return list
}

func properties(pairs ...any) *value.Map {
	var b value.MapBuilder
	for i := 0; i < len(pairs); i += 2 {
		b.Set(pairs[i].(string), toValue(pairs[i+1]))
	}
	return b.Map()
}

func toValue(x any) value.Value {
	switch x := x.(type) {
	case int:
		return value.Int(int64(x))
	case string:
		return value.String(x)
	case float64:
		return value.Float(x)
	case value.Value:
		return x
	}
	panic(fmt.Sprintf("no value of a %T", x))
}
