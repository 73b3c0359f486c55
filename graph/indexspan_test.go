package graph_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/value"
)

// spanTexts are texts at the edges of prefixes: zero bytes, what follows the letters, the last character of all.
var spanTexts = []string{"", "a", "a\x00", "a\x00b", "a\x01", "ab", "az", "a{", "aé", "a\U0010ffff", "a\U0010ffffz", "b", "é", "\U0010ffff", "\x00"}

func spanValue(r *rand.Rand) value.Value {
	switch r.IntN(8) {
	case 0, 1:
		return value.Int(int64(r.IntN(4)))
	case 2:
		return value.Float([]float64{1, 1.5, math.NaN(), math.Inf(1)}[r.IntN(4)])
	case 3:
		return value.Bool(r.IntN(2) == 0)
	case 4:
		return value.List([]value.Value{value.Int(int64(r.IntN(2))), value.String("a")})
	}
	return value.String(spanTexts[r.IntN(len(spanTexts))])
}

// spanNode is what the test knows of a node.
type spanNode struct {
	id   graph.NodeID
	a, b value.Value
}

// TestIndex_SpansAgainstBruteForce walks random parts of a composite index and of a simple one, both ways, and compares
// with a filter and a sort over everything.
func TestIndex_SpansAgainstBruteForce(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 5))
		d := newDraft(t)
		var nodes []spanNode
		for range 80 {
			n := spanNode{a: spanValue(r), b: spanValue(r)}
			n.id = mustNode(t, d, []string{"P"}, "a", n.a, "b", n.b)
			nodes = append(nodes, n)
		}
		for _, keys := range [][]string{{"a"}, {"b", "a"}} {
			if _, err := d.CreateIndex(graph.IndexDefinition{Name: strings.Join(keys, ""), LabelOrType: "P", Properties: keys}); err != nil {
				t.Fatal(err)
			}
		}
		g, err := graph.BuildAll(d.Graph())
		if err != nil {
			t.Fatal(err)
		}
		for range 60 {
			walkSpan(t, g, nodes, r)
		}
	}
}

func walkSpan(t *testing.T, g *graph.Graph, nodes []spanNode, r *rand.Rand) {
	t.Helper()
	simple, _ := g.Index("a")
	pair, _ := g.Index("ba")
	x, prefix, descending := simple, []value.Value(nil), r.IntN(2) == 0
	keep := func(n spanNode) bool { return true }
	order := func(m, n spanNode) int { return value.Compare(m.a, n.a) }
	if r.IntN(2) == 0 {
		v := nodes[r.IntN(len(nodes))].b
		x, prefix = pair, []value.Value{v}
		keep = func(n spanNode) bool { return value.Equal(n.b, v) == value.True }
	}
	text := spanTexts[r.IntN(len(spanTexts))]
	var got []graph.NodeID
	matches := func(n spanNode) bool { return n.a.Kind() == value.KindString && strings.HasPrefix(n.a.Str(), text) }
	if r.IntN(3) == 0 {
		matches = func(spanNode) bool { return true }
		got = nodeIDs(x.Range(prefix, nil, nil, descending))
	} else {
		got = nodeIDs(x.StartsWith(prefix, text, descending))
	}
	var want []spanNode
	for _, n := range nodes {
		if keep(n) && matches(n) {
			want = append(want, n)
		}
	}
	slices.SortStableFunc(want, func(m, n spanNode) int {
		if descending {
			return cmp.Or(-order(m, n), 0)
		}
		return order(m, n)
	})
	var ids []graph.NodeID
	for _, n := range want {
		ids = append(ids, n.id)
	}
	if !slices.Equal(got, ids) {
		t.Fatalf("prefix %v, text %q, descending %v: %v, not %v", fmt.Sprint(prefix), text, descending, got, ids)
	}
}
