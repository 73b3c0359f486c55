package graph_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/value"
)

// TestMemoryBytes_AsMeasured builds versions of unlike shapes and compares what they say of themselves with what the
// heap loses when they go.
func TestMemoryBytes_AsMeasured(t *testing.T) {
	for _, shape := range []struct {
		name  string
		build func(t *testing.T) *graph.Graph
	}{
		{"people with an index", func(t *testing.T) *graph.Graph { return social(t, 30_000, 0) }},
		{"people who know ten", func(t *testing.T) *graph.Graph { return social(t, 5_000, 10) }},
		{"bare nodes", func(t *testing.T) *graph.Graph { return made(t, 100_000, nil, nil) }},
		{"one node with all relationships", supernode},
		{"records of 2 KiB", func(t *testing.T) *graph.Graph { return made(t, 5_000, nil, long(2<<10)) }},
		{"records of 100 KiB", func(t *testing.T) *graph.Graph { return made(t, 200, nil, long(100<<10)) }},
		{"many labels", func(t *testing.T) *graph.Graph { return made(t, 20_000, labels(300), nil) }},
		{"relationships with properties", propertied},
		{"three indexes of random texts", indexed},
		{"changed and deleted, a little at a time", churned},
	} {
		t.Run(shape.name, func(t *testing.T) {
			g := shape.build(t)
			said, meta := g.MemoryBytes(), g.Meta()
			with := heap()
			runtime.KeepAlive(g)
			g = nil
			took := with - heap()
			estimate := graph.EstimateMemory(meta)
			t.Logf("says %d KiB, takes %d KiB (%.2f); estimated by its figures %d KiB (%.2f); storage %d KiB; %d nodes, %d relationships",
				said>>10, took>>10, float64(said)/float64(took), estimate>>10, float64(estimate)/float64(took), meta.Bytes>>10, meta.Nodes, meta.Relationships)
			if ratio := float64(said) / float64(took); ratio < 0.7 || ratio > 1.3 {
				t.Errorf("says %d bytes and takes %d: %.2f of it", said, took, ratio)
			}
		})
	}
}

// heap is what is alive.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func long(n int) func(i int) *value.Map {
	return func(i int) *value.Map {
		return value.NewMap([]string{"text"}, []value.Value{value.String(strings.Repeat(fmt.Sprint(i%10), n))})
	}
}

func labels(n int) func(i int) []string {
	return func(i int) []string { return []string{fmt.Sprint("label", i%n)} }
}

// made makes nodes; without labels and properties where those are nil.
func made(t *testing.T, count int, labels func(int) []string, properties func(int) *value.Map) *graph.Graph {
	t.Helper()
	d := graph.NewDraft(graph.Empty(), graph.Stamp{Sequence: 1}, wide)
	for i := range count {
		var l []string
		var p *value.Map
		if labels != nil {
			l = labels(i)
		}
		if properties != nil {
			p = properties(i)
		}
		if _, err := d.CreateNode(l, p); err != nil {
			t.Fatal(err)
		}
	}
	return d.Graph()
}

func supernode(t *testing.T) *graph.Graph {
	d := graph.NewDraft(made(t, 1_000, nil, nil), graph.Stamp{Sequence: 2}, wide)
	for i := range 100_000 {
		if _, err := d.CreateRelationship(fmt.Sprint("R", i%3), 0, graph.NodeID(1+i%999), nil); err != nil {
			t.Fatal(err)
		}
	}
	return d.Graph()
}

func propertied(t *testing.T) *graph.Graph {
	d := graph.NewDraft(made(t, 2_000, labels(1), nil), graph.Stamp{Sequence: 2}, wide)
	for i := range 40_000 {
		if _, err := d.CreateRelationship("R", graph.NodeID(i%2_000), graph.NodeID(i*7%2_000), person(i)); err != nil {
			t.Fatal(err)
		}
	}
	return d.Graph()
}

func indexed(t *testing.T) *graph.Graph {
	d := graph.NewDraft(graph.Empty(), graph.Stamp{Sequence: 1}, wide)
	for _, name := range []string{"a", "b", "c"} {
		if _, err := d.CreateIndex(graph.IndexDefinition{Name: name, LabelOrType: "L", Properties: []string{name}}); err != nil {
			t.Fatal(err)
		}
	}
	random := rand.New(rand.NewPCG(3, 3))
	text := func() value.Value { return value.String(strings.Repeat(fmt.Sprint(random.Uint64()), 1+random.IntN(3))) }
	for range 20_000 {
		if _, err := d.CreateNode([]string{"L"}, value.NewMap([]string{"a", "b", "c"}, []value.Value{text(), text(), text()})); err != nil {
			t.Fatal(err)
		}
	}
	return d.Graph()
}

// churned changes, connects and deletes at random, a few at a time, version upon version.
func churned(t *testing.T) *graph.Graph {
	const nodes = 5_000
	g := social(t, nodes, 2)
	random := rand.New(rand.NewPCG(4, 4))
	for round := range uint64(1_000) {
		d := graph.NewDraft(g, graph.Stamp{Sequence: 2 + round}, wide)
		for range 10 {
			id := graph.NodeID(random.IntN(nodes))
			switch {
			case !d.Graph().HasNode(id):
			case random.IntN(20) == 0 && d.Graph().Degree(id, graph.Both, nil) == 0:
				if err := d.DeleteNode(id); err != nil {
					t.Fatal(err)
				}
			case random.IntN(3) == 0:
				other := graph.NodeID(random.IntN(nodes))
				if d.Graph().HasNode(other) {
					if _, err := d.CreateRelationship("LIKES", id, other, nil); err != nil {
						t.Fatal(err)
					}
				}
			default:
				if _, err := d.SetNodeProperty(id, "name", value.String(strings.Repeat("x", random.IntN(60)))); err != nil {
					t.Fatal(err)
				}
			}
		}
		g = d.Graph()
	}
	return g
}

// TestLoadWithin_GivesUpInTime: what is too large is not loaded, and says so.
func TestLoadWithin_GivesUpInTime(t *testing.T) {
	stored := openDisk(t).database()
	d := graph.NewDraft(graph.Empty(), graph.Stamp{Sequence: 1}, wide)
	for i := range 5_000 {
		if _, err := d.CreateNode([]string{"Person"}, person(i)); err != nil {
			t.Fatal(err)
		}
	}
	g := d.Graph()
	out, err := graph.Apply(graph.Input{Graph: graph.Empty(), Built: g, Changes: d.Changes()})
	if err != nil {
		t.Fatal(err)
	}
	stored.commit(out)
	var large *graph.TooLargeError
	limit := g.MemoryBytes() / 2
	if _, err := graph.LoadWithin(stored.space(), limit); !errors.As(err, &large) || large.MaxBytes != limit || large.FoundBytes <= limit || large.FoundBytes > 2*limit {
		t.Fatalf("%v", err)
	}
	loaded, err := graph.LoadWithin(stored.space(), 2*g.MemoryBytes())
	if err != nil {
		t.Fatal(err)
	}
	if ratio := float64(loaded.MemoryBytes()) / float64(g.MemoryBytes()); ratio < 0.7 || ratio > 1.3 {
		t.Errorf("loaded it takes %.2f of what it took built", ratio)
	}
}
