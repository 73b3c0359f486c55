package cypher_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher"
)

// TestExplain_Tree shows the trees of EXPLAIN and PROFILE on 200 people, root first, children indented.
func TestExplain_Tree(t *testing.T) {
	g := people(t, 200)
	golden(t, "trees.txt", func(t *testing.T, input string) string {
		q := mustPrepare(t, input)
		before := g.Meta().Digest
		d := graph.NewDraft(g, graph.Stamp{Term: 1, Sequence: 1 << 20}, graph.DraftLimits{})
		summary, err := cypher.Write(context.Background(), q, d, cypher.Options{}, &discard{})
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(input, "EXPLAIN") && (summary.Stats != (cypher.Stats{}) || d.Graph().Meta().Digest != before) {
			t.Error("EXPLAIN executed something")
		}
		var out strings.Builder
		writeTree(&out, summary.Plan, 0)
		return out.String()
	})
}

func writeTree(out *strings.Builder, n *cypher.PlanNode, depth int) {
	fmt.Fprintf(out, "%s%s", strings.Repeat("  ", depth), n.Operator)
	if n.Details != "" {
		fmt.Fprintf(out, " %s", n.Details)
	}
	fmt.Fprintf(out, " {%s} about %g", strings.Join(n.Identifiers, ", "), n.EstimatedRows)
	if n.Measured {
		fmt.Fprintf(out, ", rows %d, hits %d", n.Rows, n.Hits)
	}
	out.WriteByte('\n')
	for _, child := range n.Children {
		writeTree(out, child, depth+1)
	}
}
