package fn

import (
	"testing"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/value"
)

// pair is two versions of one graph: before, (:B:A {k: 1})-[:R {w: 2}]->(); after, without the relationship and the
// first node.
type pair struct {
	before, after *graph.Graph
	from, to      value.Value
	relationship  value.Value
}

func newPair(t *testing.T) pair {
	t.Helper()
	d := graph.NewDraft(graph.Empty(), graph.Stamp{Term: 1, Sequence: 1}, graph.DraftLimits{})
	check := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	a, err := d.CreateNode([]string{"B", "A"}, value.NewMap([]string{"k"}, []value.Value{value.Int(1)}))
	check(err)
	b, err := d.CreateNode(nil, nil)
	check(err)
	r, err := d.CreateRelationship("R", a, b, value.NewMap([]string{"w"}, []value.Value{value.Int(2)}))
	check(err)
	p := pair{before: d.Graph(), from: value.Node(a), to: value.Node(b), relationship: value.Relationship(r)}
	check(d.DeleteRelationship(r))
	check(d.DeleteNode(a))
	p.after = d.Graph()
	return p
}

func TestEntityFunctions_Read(t *testing.T) {
	p := newPair(t)
	c := &Context{Graph: p.before}
	path := value.PathOf(&value.Path{
		Nodes:         []value.NodeID{p.from.NodeID(), p.to.NodeID()},
		Relationships: []value.RelationshipID{p.relationship.RelationshipID()},
	})
	for _, one := range []struct {
		name string
		arg  value.Value
		want string
	}{
		{"labels", p.from, `["A","B"]`}, {"labels", p.to, `[]`},
		{"type", p.relationship, `"R"`},
		{"properties", p.from, `{"k":1}`}, {"properties", p.relationship, `{"w":2}`}, {"properties", p.to, `{}`},
		{"keys", p.from, `["k"]`}, {"keys", p.relationship, `["w"]`},
		{"keys", value.MapOf(value.NewMap([]string{"z", "a"}, []value.Value{value.Null, value.Null})), `["a","z"]`},
		{"id", p.from, `0`}, {"elementId", p.to, `"n:1"`}, {"elementId", p.relationship, `"r:0"`},
		{"length", path, `1`},
	} {
		f, _ := Lookup(one.name)
		got, err := f.Eval(c, []value.Value{one.arg})
		if err != nil || show(got) != one.want {
			t.Errorf("%s(%s): %s, %v, expected %s", one.name, one.arg.Kind(), show(got), err, one.want)
		}
	}
	for name, want := range map[string]value.Value{
		"startNode": p.from, "endNode": p.to,
	} {
		f, _ := Lookup(name)
		got, err := f.Eval(c, []value.Value{p.relationship})
		if err != nil || !value.Equivalent(got, want) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	for name, want := range map[string]value.Value{
		"nodes":         value.List([]value.Value{p.from, p.to}),
		"relationships": value.List([]value.Value{p.relationship}),
	} {
		f, _ := Lookup(name)
		got, err := f.Eval(c, []value.Value{path})
		if err != nil || !value.Equivalent(got, want) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestEntityFunctions_DeletedEntities(t *testing.T) {
	p := newPair(t)
	c := &Context{Graph: p.after, Before: p.before}
	for name, arg := range map[string]value.Value{
		"labels": p.from, "properties": p.from, "keys": p.relationship, "startNode": p.relationship,
		"endNode": p.relationship,
	} {
		f, _ := Lookup(name)
		_, err := f.Eval(c, []value.Value{arg})
		if e, ok := err.(*Error); !ok || e.Type != EntityNotFound || e.Detail != DeletedEntityAccess {
			t.Errorf("%s of a deleted entity: %v", name, err)
		}
	}
	f, _ := Lookup("type")
	if got, err := f.Eval(c, []value.Value{p.relationship}); err != nil || show(got) != `"R"` {
		t.Errorf("type of a deleted relationship: %s, %v", show(got), err)
	}
	if _, err := f.Eval(&Context{Graph: p.after}, []value.Value{p.relationship}); err == nil {
		t.Error("type of a deleted relationship that no version has")
	}
}

// TestEntityFunctions_WrongKinds: what is no entity is refused by name, like everywhere.
func TestEntityFunctions_WrongKinds(t *testing.T) {
	p := newPair(t)
	c := &Context{Graph: p.before}
	for _, f := range Functions() {
		if !f.Reads {
			continue
		}
		for _, v := range sampleValues(t) {
			if v.IsNull() || f.Params[0].Types.Has(v.Kind()) {
				continue
			}
			_, err := f.Eval(c, []value.Value{v})
			if e, ok := err.(*Error); !ok || e.Type != TypeError || e.Detail != InvalidArgumentValue {
				t.Errorf("%s(%s): %v", f.Name, v.Kind(), err)
			}
		}
	}
}

func BenchmarkFunctions(b *testing.B) {
	date, _ := value.ParseDate("2020-01-02")
	for name, args := range map[string][]value.Value{
		"size":      {value.String("some text")},
		"toInteger": {value.String("42")},
		"coalesce":  {value.Null, value.Int(1)},
		"date":      {value.String("2020-01-02")},
		"toString":  {date},
		"range":     {value.Int(1), value.Int(1000)},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			f, _ := Lookup(name)
			c := &Context{}
			for b.Loop() {
				if _, err := f.Eval(c, args); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
