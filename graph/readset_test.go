package graph_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/value"
)

// look is something that can be read of any version, and answers in words.
type look struct {
	words string
	// coarse says that a set may find it changed where the answer is the same: names that base does not know are noted as
	// such, whoever uses them.
	coarse func(base *graph.Graph) bool
	at     func(g *graph.Graph) string
}

func never(*graph.Graph) bool  { return false }
func always(*graph.Graph) bool { return true }

func without[T any](find func(*graph.Graph, string) (T, bool), name string) func(*graph.Graph) bool {
	return func(g *graph.Graph) bool {
		_, known := find(g, name)
		return !known
	}
}

// looks makes random reads of what the words of programs can name.
type looks struct{ r *rand.Rand }

func (l looks) label() string { return append(labelWords, "Ghost")[l.r.IntN(len(labelWords)+1)] }
func (l looks) typ() string   { return append(typeWords, "GHOST")[l.r.IntN(len(typeWords)+1)] }
func (l looks) key() string   { return append(keyWords, "ghost")[l.r.IntN(len(keyWords)+1)] }
func (l looks) id() uint64    { return uint64(l.r.IntN(40)) }

func (l looks) direction() graph.Direction { return graph.Direction(l.r.IntN(3)) }

func (l looks) any() look {
	switch l.r.IntN(6) {
	case 0, 1:
		return l.ofNode(graph.NodeID(l.id()))
	case 2:
		return l.ofRelationship(graph.RelationshipID(l.id()))
	case 3:
		return l.expansion(graph.NodeID(l.id()))
	case 4:
		return l.members()
	}
	return l.index()
}

func (l looks) ofNode(id graph.NodeID) look {
	key, label := l.key(), l.label()
	switch l.r.IntN(5) {
	case 0:
		return look{fmt.Sprint("node ", id), never, func(g *graph.Graph) string { return fmt.Sprint(g.HasNode(id)) }}
	case 1:
		return look{fmt.Sprint("labels of ", id), never, func(g *graph.Graph) string { return fmt.Sprint(g.HasNode(id), g.LabelStrings(id)) }}
	case 2:
		return look{fmt.Sprint("properties of ", id), never, func(g *graph.Graph) string { return fmt.Sprint(g.HasNode(id), text(value.MapOf(g.NodeProperties(id)))) }}
	case 3:
		return look{fmt.Sprint("label ", label, " of ", id), always, func(g *graph.Graph) string {
			known, ok := g.Label(label)
			return fmt.Sprint(ok && g.HasLabel(id, known))
		}}
	}
	return look{fmt.Sprint(key, " of ", id), without((*graph.Graph).PropertyKey, key), func(g *graph.Graph) string {
		known, ok := g.PropertyKey(key)
		if !ok {
			return text(value.Null)
		}
		return text(g.NodeProperty(id, known))
	}}
}

func (l looks) ofRelationship(id graph.RelationshipID) look {
	key := l.key()
	switch l.r.IntN(3) {
	case 0:
		return look{fmt.Sprint("relationship ", id), never, func(g *graph.Graph) string {
			r, ok := g.Relationship(id)
			if !ok {
				return ""
			}
			return fmt.Sprint(g.TypeName(r.Type), r.Start, r.End, ok)
		}}
	case 1:
		return look{fmt.Sprint("properties of r", id), never, func(g *graph.Graph) string { return text(value.MapOf(g.RelationshipProperties(id))) }}
	}
	return look{fmt.Sprint(key, " of r", id), without((*graph.Graph).PropertyKey, key), func(g *graph.Graph) string {
		known, ok := g.PropertyKey(key)
		if !ok {
			return text(value.Null)
		}
		return text(g.RelationshipProperty(id, known))
	}}
}

func (l looks) expansion(id graph.NodeID) look {
	d, typ, all := l.direction(), l.typ(), l.r.IntN(2) == 0
	return look{fmt.Sprint("expand ", id, d, typ, all), without((*graph.Graph).Type, typ), func(g *graph.Graph) string {
		var types []graph.Type
		if !all {
			t, ok := g.Type(typ)
			if !ok {
				return ""
			}
			types = []graph.Type{t}
		}
		var b strings.Builder
		for e := g.Expand(id, d, types); e.Next(); {
			fmt.Fprint(&b, e.Relationship(), e.Other(), " ")
		}
		return b.String()
	}}
}

func (l looks) members() look {
	label, typ := l.label(), l.typ()
	switch l.r.IntN(6) {
	case 0:
		return look{"all nodes", never, func(g *graph.Graph) string { return nodesOf(g.Nodes()) }}
	case 1:
		return look{"all relationships", never, func(g *graph.Graph) string {
			var ids []graph.RelationshipID
			for c, id, ok := next(g.Relationships()); ok; c, id, ok = next(c) {
				ids = append(ids, id)
			}
			return fmt.Sprint(ids)
		}}
	case 2:
		return look{"nodes of " + label, without((*graph.Graph).Label, label), func(g *graph.Graph) string {
			known, ok := g.Label(label)
			if !ok {
				return nodesOf(graph.NodeCursor{})
			}
			return nodesOf(g.NodesWithLabel(known))
		}}
	case 3:
		return look{"count of " + label, never, func(g *graph.Graph) string {
			known, ok := g.Label(label)
			if !ok {
				return "0"
			}
			return fmt.Sprint(g.LabelCount(known))
		}}
	case 4:
		return look{"count of " + typ, never, func(g *graph.Graph) string {
			known, ok := g.Type(typ)
			if !ok {
				return "0"
			}
			return fmt.Sprint(g.TypeCount(known))
		}}
	}
	return look{"totals and names", never, func(g *graph.Graph) string {
		return fmt.Sprint(g.Meta().Nodes, g.Meta().Relationships, g.LabelNames(), g.TypeNames(), g.PropertyKeyNames())
	}}
}

func text(v value.Value) string { return string(value.AppendEncoded(nil, v)) }

func next(c graph.RelationshipCursor) (graph.RelationshipCursor, graph.RelationshipID, bool) {
	id, ok := c.Next()
	return c, id, ok
}

func nodesOf(c graph.NodeCursor) string {
	ids := []graph.NodeID{}
	for id, ok := c.Next(); ok; id, ok = c.Next() {
		ids = append(ids, id)
	}
	return fmt.Sprint(ids)
}

func (l looks) index() look {
	if l.r.IntN(3) == 0 {
		return l.texts()
	}
	v, seek := value.Int(int64(l.r.IntN(6))), l.r.IntN(2) == 0
	return look{fmt.Sprint("index from ", v, seek), never, func(g *graph.Graph) string {
		x, ok := g.Index("by_age")
		switch {
		case !ok:
			return "none"
		case seek:
			return nodesOf(x.Seek([]value.Value{v}))
		}
		return nodesOf(x.Range(nil, &graph.Bound{Value: v}, nil, false))
	}}
}

// texts walks an index by the beginning of a text, or all of it, both ways. Another value at the same place of the order
// changes the span and not the ids.
func (l looks) texts() look {
	text, all, back := []string{"", "text", "text 1", "z"}[l.r.IntN(4)], l.r.IntN(2) == 0, l.r.IntN(2) == 0
	return look{fmt.Sprint("index by ", text, all, back), always, func(g *graph.Graph) string {
		x, ok := g.Index("by_age")
		switch {
		case !ok:
			return "none"
		case all:
			return nodesOf(x.Range(nil, nil, nil, back))
		}
		return nodesOf(x.StartsWith(nil, text, back))
	}}
}

// TestReadSet_AgainstBruteForce reads at random from one version, changes it at random, and compares: a set is
// unchanged exactly where reading all of it again gives the same answers.
func TestReadSet_AgainstBruteForce(t *testing.T) {
	const rounds = 1200
	var unchanged, changed, coarse int
	for seed := range uint64(rounds) {
		r := rand.New(rand.NewPCG(seed, 7))
		p := &program{choose: r.IntN, model: newModel()}
		first := graph.NewDraft(graph.Empty(), graph.Stamp{Term: 1, Sequence: 1}, graph.DraftLimits{})
		if _, err := first.CreateIndex(graph.IndexDefinition{Name: "by_age", LabelOrType: "Person", Properties: []string{"age"}}); err != nil {
			t.Fatal(err)
		}
		run(t, p, first, 5+r.IntN(60))
		base := first.Graph()

		reader := graph.NewDraft(base, graph.Stamp{Term: 1, Sequence: 9}, graph.DraftLimits{})
		set := reader.Track()
		var seen []look
		var answers []string
		for range 1 + r.IntN(3) {
			one := looks{r}.any()
			seen, answers = append(seen, one), append(answers, one.at(reader.Graph()))
		}

		second := graph.NewDraft(base, graph.Stamp{Term: 1, Sequence: 2}, graph.DraftLimits{})
		run(t, p, second, 1+r.IntN(3))
		current := second.Graph()

		same, mayBeCoarse, words := true, false, []string{}
		for i, one := range seen {
			same = same && one.at(current) == answers[i]
			mayBeCoarse = mayBeCoarse || one.coarse(base)
			words = append(words, one.words)
		}
		switch got := set.Unchanged(base, current); {
		case got && !same:
			t.Fatalf("seed %d: read %v, which changed, and the set does not know", seed, words)
		case !got && same && !mayBeCoarse:
			t.Fatalf("seed %d: read %v, which did not change, and the set says so", seed, words)
		case !got && same:
			coarse++
		case got:
			unchanged++
		default:
			changed++
		}
	}
	if unchanged < rounds/10 || changed < rounds/10 {
		t.Errorf("%d unchanged, %d changed, %d coarse: the test compares nothing", unchanged, changed, coarse)
	}
	t.Logf("%d unchanged, %d changed, %d coarse", unchanged, changed, coarse)
}

func run(t *testing.T, p *program, d *graph.Draft, steps int) {
	t.Helper()
	for range steps {
		if err := p.step(d); err != nil {
			t.Fatal(err)
		}
	}
}

// TestReadSet_OwnNamesMeanNothingElsewhere reads a key that only the draft has; the number it has there is another
// key's in the version that comes after.
func TestReadSet_OwnNamesMeanNothingElsewhere(t *testing.T) {
	first := graph.NewDraft(graph.Empty(), graph.Stamp{Term: 1, Sequence: 1}, graph.DraftLimits{})
	id, err := first.CreateNode([]string{"A"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	base := first.Graph()
	for _, c := range []struct {
		sets      string
		unchanged bool
	}{{"other", true}, {"mine", false}} {
		d := graph.NewDraft(base, graph.Stamp{Term: 1, Sequence: 9}, graph.DraftLimits{})
		set := d.Track()
		if _, err := d.SetNodeProperty(id, "mine", value.Int(1)); err != nil {
			t.Fatal(err)
		}
		key, _ := d.Graph().PropertyKey("mine")
		d.Graph().NodeProperty(id, key)
		second := graph.NewDraft(base, graph.Stamp{Term: 1, Sequence: 2}, graph.DraftLimits{})
		if _, err := second.SetNodeProperty(id, c.sets, value.Int(2)); err != nil {
			t.Fatal(err)
		}
		if got := set.Unchanged(base, second.Graph()); got != c.unchanged {
			t.Errorf("after setting %q the set is unchanged: %v", c.sets, got)
		}
	}
}

func TestReadSet_IsBounded(t *testing.T) {
	first := graph.NewDraft(graph.Empty(), graph.Stamp{Term: 1, Sequence: 1}, graph.DraftLimits{})
	const nodes = 20_000
	for range nodes {
		if _, err := first.CreateNode([]string{"A"}, value.NewMap([]string{"k"}, []value.Value{value.Int(1)})); err != nil {
			t.Fatal(err)
		}
	}
	base := first.Graph()
	d := graph.NewDraft(base, graph.Stamp{Term: 1, Sequence: 9}, graph.DraftLimits{})
	set := d.Track()
	key, _ := base.PropertyKey("k")
	for range 3 {
		for id := range graph.NodeID(nodes) {
			d.Graph().NodeProperty(id, key)
			d.Graph().HasNode(id + 1<<40)
		}
	}
	for i := range 6000 {
		d.Graph().Label(fmt.Sprint("ghost ", i))
	}
	if got := set.Bytes(); got > 200_000 {
		t.Errorf("the set holds %d bytes", got)
	}
	if !set.Unchanged(base, base) {
		t.Error("a version differs from itself")
	}
}

func BenchmarkReadSet_Unchanged(b *testing.B) {
	first := graph.NewDraft(graph.Empty(), graph.Stamp{Term: 1, Sequence: 1}, graph.DraftLimits{MaxOperations: 1 << 30, MaxBytes: 1 << 30})
	const nodes = 100_000
	for range nodes {
		if _, err := first.CreateNode([]string{"A"}, value.NewMap([]string{"k"}, []value.Value{value.Int(1)})); err != nil {
			b.Fatal(err)
		}
	}
	base := first.Graph()
	second := graph.NewDraft(base, graph.Stamp{Term: 1, Sequence: 2}, graph.DraftLimits{})
	for id := graph.NodeID(0); id < nodes; id += 1000 {
		if _, err := second.SetNodeProperty(id, "other", value.Int(1)); err != nil {
			b.Fatal(err)
		}
	}
	for _, read := range []int{10, nodes} {
		d := graph.NewDraft(base, graph.Stamp{Term: 1, Sequence: 9}, graph.DraftLimits{})
		set := d.Track()
		key, _ := base.PropertyKey("k")
		for id := range graph.NodeID(read) {
			d.Graph().NodeProperty(id, key)
		}
		b.Run(fmt.Sprint(read, "_read"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !set.Unchanged(base, second.Graph()) {
					b.Fatal("changed")
				}
			}
		})
	}
}

// TestReadSet_Supernode reads one type of a node whose relationships lie in trees.
func TestReadSet_Supernode(t *testing.T) {
	first := graph.NewDraft(graph.Empty(), graph.Stamp{Term: 1, Sequence: 1}, graph.DraftLimits{})
	for range 3 {
		if _, err := first.CreateNode(nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	connect := func(d *graph.Draft, typ string, count int) {
		t.Helper()
		for range count {
			if _, err := d.CreateRelationship(typ, 0, 1, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	connect(first, "A", 200)
	connect(first, "B", 200)
	base := first.Graph()
	a, _ := base.Type("A")
	for _, c := range []struct {
		name      string
		change    func(d *graph.Draft)
		unchanged bool
	}{
		{"another type grows", func(d *graph.Draft) { connect(d, "B", 100) }, true},
		{"one goes and comes back as another", func(d *graph.Draft) {
			if err := d.DeleteRelationship(100); err != nil {
				t.Fatal(err)
			}
			connect(d, "A", 1)
		}, false},
		{"it grows", func(d *graph.Draft) { connect(d, "A", 1) }, false},
		{"it shrinks to a few", func(d *graph.Draft) {
			for id := range graph.RelationshipID(395) {
				if err := d.DeleteRelationship(id); err != nil {
					t.Fatal(err)
				}
			}
		}, false},
	} {
		reader := graph.NewDraft(base, graph.Stamp{Term: 1, Sequence: 9}, graph.DraftLimits{})
		set := reader.Track()
		for e := reader.Graph().Expand(0, graph.Outgoing, []graph.Type{a}); e.Next(); {
			_ = e.Other()
		}
		second := graph.NewDraft(base, graph.Stamp{Term: 1, Sequence: 2}, graph.DraftLimits{})
		c.change(second)
		if got := set.Unchanged(base, second.Graph()); got != c.unchanged {
			t.Errorf("%s: unchanged is %v", c.name, got)
		}
	}
}
