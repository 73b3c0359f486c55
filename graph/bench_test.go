package graph_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/value"
)

var wide = graph.DraftLimits{MaxOperations: 1 << 30, MaxBytes: 1 << 40}

func person(i int) *value.Map {
	return value.NewMap([]string{"age", "city", "id", "name"}, []value.Value{
		value.Int(int64(i % 90)), value.String(fmt.Sprint("city ", i%100)), value.Int(int64(i)), value.String(fmt.Sprint("person number ", i)),
	})
}

// social makes nodes people that know each other, degree relationships for each.
func social(tb testing.TB, nodes, degree int) *graph.Graph {
	tb.Helper()
	d := graph.NewDraft(graph.Empty(), graph.Stamp{Sequence: 1}, wide)
	if _, err := d.CreateIndex(graph.IndexDefinition{Name: "id", LabelOrType: "Person", Properties: []string{"id"}}); err != nil {
		tb.Fatal(err)
	}
	for i := range nodes {
		if _, err := d.CreateNode([]string{"Person"}, person(i)); err != nil {
			tb.Fatal(err)
		}
	}
	random := rand.New(rand.NewPCG(1, 1))
	for i := range nodes * degree {
		if _, err := d.CreateRelationship("KNOWS", graph.NodeID(i%nodes), graph.NodeID(random.IntN(nodes)), nil); err != nil {
			tb.Fatal(err)
		}
	}
	return d.Graph()
}

// BenchmarkCreateNode makes nodes with four properties, so many to a transaction; changes are handed out each time.
func BenchmarkCreateNode(b *testing.B) {
	for _, size := range []int{1, 1000} {
		b.Run(fmt.Sprint(size, "_a_transaction"), func(b *testing.B) {
			g, p := social(b, 10_000, 0), person(1)
			label := []string{"Person"}
			b.ReportAllocs()
			b.ResetTimer()
			for made := 0; made < b.N; {
				d := graph.NewDraft(g, graph.Stamp{Sequence: 2}, wide)
				for range size {
					if _, err := d.CreateNode(label, p); err != nil {
						b.Fatal(err)
					}
				}
				made += size
				g = d.Graph()
				d.Changes()
			}
		})
	}
}

// BenchmarkCreateRelationship connects nodes at random, so many to a transaction.
func BenchmarkCreateRelationship(b *testing.B) {
	for _, size := range []int{1, 1000} {
		b.Run(fmt.Sprint(size, "_a_transaction"), func(b *testing.B) {
			g := social(b, 10_000, 5)
			random := rand.New(rand.NewPCG(2, 2))
			b.ReportAllocs()
			b.ResetTimer()
			for made := 0; made < b.N; {
				d := graph.NewDraft(g, graph.Stamp{Sequence: 2}, wide)
				for range size {
					if _, err := d.CreateRelationship("KNOWS", graph.NodeID(random.IntN(10_000)), graph.NodeID(random.IntN(10_000)), nil); err != nil {
						b.Fatal(err)
					}
				}
				made += size
				g = d.Graph()
			}
		})
	}
}

// BenchmarkSupernode adds one relationship, in its own transaction, to a node that has so many.
func BenchmarkSupernode(b *testing.B) {
	for _, size := range []int{10, 1000, 1_000_000} {
		b.Run(fmt.Sprint("after_", size), func(b *testing.B) {
			d := graph.NewDraft(graph.Empty(), graph.Stamp{Sequence: 1}, wide)
			for range 1000 {
				if _, err := d.CreateNode(nil, nil); err != nil {
					b.Fatal(err)
				}
			}
			for i := range size {
				if _, err := d.CreateRelationship("R", 0, graph.NodeID(1+i%999), nil); err != nil {
					b.Fatal(err)
				}
			}
			g := d.Graph()
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				d := graph.NewDraft(g, graph.Stamp{Sequence: 2}, wide)
				if _, err := d.CreateRelationship("R", 0, graph.NodeID(1+i%999), nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkApply plays a transaction of so many created nodes on the version in memory.
func BenchmarkApply(b *testing.B) {
	for _, size := range []int{1, 1000, 50_000} {
		b.Run(fmt.Sprint(size, "_nodes"), func(b *testing.B) {
			g := social(b, 10_000, 0)
			d := graph.NewDraft(g, graph.Stamp{Sequence: 2}, wide)
			for i := range size {
				if _, err := d.CreateNode([]string{"Person"}, person(i)); err != nil {
					b.Fatal(err)
				}
			}
			in := graph.Input{Graph: g, Meta: g.Meta(), Changes: d.Changes()}
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				if _, err := graph.Apply(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRead looks nodes up by index, reads a property, expands one and two steps.
func BenchmarkRead(b *testing.B) {
	const nodes = 10_000
	g := social(b, nodes, 5)
	x, _ := g.Index("id")
	name, _ := g.PropertyKey("name")
	kind, _ := g.Type("KNOWS")
	types := []graph.Type{kind}
	b.Run("seek", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			c := x.Seek([]value.Value{value.Int(int64(i % nodes))})
			if _, ok := c.Next(); !ok {
				b.Fatal("not found")
			}
		}
	})
	b.Run("property", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			if g.NodeProperty(graph.NodeID(i%nodes), name).IsNull() {
				b.Fatal("no name")
			}
		}
	})
	b.Run("expand", func(b *testing.B) {
		b.ReportAllocs()
		n := 0
		for i := range b.N {
			for e := g.Expand(graph.NodeID(i%nodes), graph.Outgoing, types); e.Next(); {
				n++
			}
		}
	})
	b.Run("two_hops", func(b *testing.B) {
		b.ReportAllocs()
		n := 0
		for i := range b.N {
			for e := g.Expand(graph.NodeID(i%nodes), graph.Outgoing, types); e.Next(); {
				for f := g.Expand(e.Other(), graph.Outgoing, types); f.Next(); {
					n++
				}
			}
		}
	})
	b.Run("scan_property", func(b *testing.B) {
		age, _ := g.PropertyKey("age")
		label, _ := g.Label("Person")
		b.ReportAllocs()
		for range b.N {
			sum := int64(0)
			c := g.NodesWithLabel(label)
			for id, ok := c.Next(); ok; id, ok = c.Next() {
				sum += g.NodeProperty(id, age).Int()
			}
		}
	})
}

// BenchmarkMemory prints the bytes of memory that a node with four properties and an index entry, and a relationship
// without properties, take.
func BenchmarkMemory(b *testing.B) {
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	for range b.N {
		start := heap()
		nodes := social(b, 100_000, 0)
		withNodes := heap()
		all := social(b, 100_000, 5)
		withAll := heap()
		b.ReportMetric(float64(withNodes-start)/100_000, "bytes/node")
		b.ReportMetric(float64(withAll-withNodes-(withNodes-start))/500_000, "bytes/relationship")
		runtime.KeepAlive(nodes)
		runtime.KeepAlive(all)
	}
}

// BenchmarkLoad loads 20 000 nodes and 100 000 relationships from the store, with one index, and compares the digest.
func BenchmarkLoad(b *testing.B) {
	stored := openDisk(b).database()
	g := graph.Empty()
	random := rand.New(rand.NewPCG(1, 1))
	for i := range 6 {
		d := graph.NewDraft(g, graph.Stamp{Sequence: uint64(i) + 1}, wide)
		for j := range 20_000 {
			var err error
			if i == 0 {
				_, err = d.CreateNode([]string{"Person"}, person(j))
			} else {
				_, err = d.CreateRelationship("KNOWS", graph.NodeID(j), graph.NodeID(random.IntN(20_000)), nil)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
		out, err := graph.Apply(graph.Input{Graph: g, Meta: g.Meta(), Changes: d.Changes()})
		if err != nil {
			b.Fatal(err)
		}
		stored.commit(out)
		g = out.Graph
	}
	b.ResetTimer()
	for range b.N {
		if _, err := graph.Load(stored.space()); err != nil {
			b.Fatal(err)
		}
	}
}
