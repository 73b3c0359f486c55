package answer

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/value"
)

func properties(pairs ...any) *value.Map {
	var b value.MapBuilder
	for i := 0; i < len(pairs); i += 2 {
		b.Set(pairs[i].(string), pairs[i+1].(value.Value))
	}
	return b.Map()
}

// small is Ann KNOWS Bob.
func small(t *testing.T) *graph.Graph {
	t.Helper()
	d := graph.NewDraft(graph.Empty(), graph.Stamp{Term: 1, Sequence: 1}, graph.DraftLimits{})
	ann, err := d.CreateNode([]string{"Person", "Admin"}, properties("name", value.String("Ann"), "age", value.Int(42)))
	if err != nil {
		t.Fatal(err)
	}
	bob, err := d.CreateNode(nil, properties())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.CreateRelationship("KNOWS", ann, bob, properties("since", value.Float(2))); err != nil {
		t.Fatal(err)
	}
	return d.Graph()
}

func TestAppendRow_ShapesOfTheInterface(t *testing.T) {
	g := small(t)
	row := []value.Value{
		value.Node(0),
		value.Relationship(0),
		value.PathOf(&value.Path{Nodes: []value.NodeID{0, 1}, Relationships: []value.RelationshipID{0}}),
		value.List([]value.Value{value.Node(1), value.Null, value.Bool(true)}),
		value.MapOf(properties("n", value.Node(1), "a", value.Float(math.Inf(-1)))),
		value.Int(math.MaxInt64),
		value.Float(1),
		value.String("a\"\n\u2028é"),
	}
	got, err := AppendRow(nil, g, row)
	if err != nil {
		t.Fatal(err)
	}
	const ann = `{"id":0,"elementId":"n:0","labels":["Admin","Person"],"properties":{"age":42,"name":"Ann"}}`
	const bob = `{"id":1,"elementId":"n:1","labels":[],"properties":{}}`
	const knows = `{"id":0,"elementId":"r:0","type":"KNOWS","startNodeId":0,"endNodeId":1,"properties":{"since":2.0}}`
	want := `[` + ann + `,` + knows + `,{"nodes":[` + ann + `,` + bob + `],"relationships":[` + knows + `]},[` + bob +
		`,null,true],{"a":"-Infinity","n":` + bob + `},9223372036854775807,1.0,"a\"\n` + "\u2028" + `é"]`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if !json.Valid(got) {
		t.Error("not JSON")
	}
}

func BenchmarkAppendRow(b *testing.B) {
	d := graph.NewDraft(graph.Empty(), graph.Stamp{Term: 1, Sequence: 1}, graph.DraftLimits{})
	id, err := d.CreateNode([]string{"Person"}, properties("name", value.String("Ann"), "age", value.Int(42)))
	if err != nil {
		b.Fatal(err)
	}
	g, row := d.Graph(), []value.Value{value.Node(id), value.Int(7)}
	buffer := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		if buffer, err = AppendRow(buffer[:0], g, row); err != nil {
			b.Fatal(err)
		}
	}
}
