package cypher_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher"
	"github.com/hivellm/nexus/graph/value"
)

var rewrite = flag.Bool("rewrite", false, "write what came out into the goldens; read the difference")

// golden runs the cases of a file, which are separated by empty lines: lines of input, a line of dashes, what came out.
func golden(t *testing.T, name string, answer func(t *testing.T, input string) string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, text := range strings.Split(strings.TrimSpace(string(content)), "\n\n") {
		input, want, _ := strings.Cut(text, "\n----")
		want = strings.TrimPrefix(want, "\n")
		var got string
		t.Run(strings.SplitN(input, "\n", 2)[0], func(t *testing.T) {
			got = strings.TrimRight(answer(t, input), "\n")
			if got != want && !*rewrite {
				t.Errorf("%s\n----\n%s\nwanted\n%s", input, got, want)
			}
		})
		out = append(out, strings.TrimRight(input+"\n----\n"+got, "\n"))
	}
	if *rewrite {
		if err := os.WriteFile(path, []byte(strings.Join(out, "\n\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func describe(err error, text string) string {
	var e *cypher.Error
	if !errors.As(err, &e) {
		return fmt.Sprintf("%T: %v", err, err)
	}
	line, column, _ := e.Position()
	out := fmt.Sprintf("%s %s %s %d:%d\n%s", e.Phase, e.Type, e.Detail, line, column, e.Message)
	if e.Hint != "" {
		out += "\n" + e.Hint
	}
	return out + "\n" + e.Caret(text)
}

func TestPrepare_Errors(t *testing.T) {
	golden(t, "errors.txt", func(_ *testing.T, input string) string {
		q, err := cypher.Prepare(input)
		if err == nil {
			return "prepared: " + strings.Join(q.Columns(), ", ")
		}
		return describe(err, input)
	})
}

func TestQuery_Plan(t *testing.T) {
	g := people(t, 200)
	g = write(t, g, nil, `CREATE INDEX pair FOR (p:Person) ON (p.city, p.age)`, `CREATE (:Rare), (:Rare)`, `CREATE INDEX since FOR ()-[r:KNOWS]-() ON (r.since)`)
	golden(t, "plans.txt", func(t *testing.T, input string) string { return mustPrepare(t, input).Plan(g) })
}

// lines is a sink that writes rows as text.
type lines struct{ strings.Builder }

func (l *lines) Columns(names []string) error {
	if len(names) > 0 {
		fmt.Fprintln(l, strings.Join(names, " | "))
	}
	return nil
}

func (l *lines) Row(g *graph.Graph, row []value.Value) error {
	parts := make([]string, len(row))
	for i, v := range row {
		parts[i] = show(g, v)
	}
	fmt.Fprintln(l, strings.Join(parts, " | "))
	return nil
}

func show(g *graph.Graph, v value.Value) string {
	switch v.Kind() {
	case value.KindNode:
		id := v.NodeID()
		if !g.HasNode(id) {
			return "(gone)"
		}
		labels := strings.Join(g.LabelStrings(id), ":")
		return "(:" + labels + " " + string(value.AppendJSON(nil, value.MapOf(g.NodeProperties(id)))) + ")"
	case value.KindRelationship:
		known, ok := g.Relationship(v.RelationshipID())
		if !ok {
			return "[gone]"
		}
		return "[:" + g.TypeName(known.Type) + " " + string(value.AppendJSON(nil, value.MapOf(g.RelationshipProperties(v.RelationshipID())))) + "]"
	case value.KindPath:
		text := ""
		for i, id := range v.Path().Nodes {
			if i > 0 {
				text += "-" + show(g, value.Relationship(v.Path().Relationships[i-1])) + "-"
			}
			text += show(g, value.Node(id))
		}
		return text
	case value.KindList:
		parts := make([]string, len(v.List()))
		for i, item := range v.List() {
			parts[i] = show(g, item)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return string(value.AppendJSON(nil, v))
}

// TestRun_Scenarios runs the statements of each case one after another on an empty graph; what is written is the answer
// and the effects of the last one.
func TestRun_Scenarios(t *testing.T) {
	golden(t, "scenarios.txt", func(t *testing.T, input string) string {
		statements := strings.Split(input, "\n")
		if strings.HasPrefix(statements[0], "//") {
			statements = statements[1:]
		}
		last := len(statements) - 1
		g := write(t, graph.Empty(), nil, statements[:last]...)
		q, err := cypher.Prepare(statements[last])
		if err != nil {
			return describe(err, statements[last])
		}
		var out lines
		d := graph.NewDraft(g, graph.Stamp{Term: 1, Sequence: 1000}, graph.DraftLimits{})
		summary, err := cypher.Write(context.Background(), q, d, cypher.Options{}, &out)
		if err != nil {
			return describe(err, statements[last])
		}
		if summary.Stats != (cypher.Stats{}) {
			fmt.Fprintf(&out, "%+v\n", summary.Stats)
		}
		out.WriteString(summary.Profile)
		if digest, bytes := d.Graph().RecomputeDigest(); digest != d.Graph().Meta().Digest || bytes != d.Graph().Meta().Bytes {
			fmt.Fprintln(&out, "THE DIGEST IS WRONG")
		}
		return out.String()
	})
}
