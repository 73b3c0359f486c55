package cypher_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher"
	"github.com/hivellm/nexus/graph/value"
)

// seedStep takes every so many pieces between the kit's quotes; the pieces at odd places are queries.
const seedStep = 10

// seedTexts are the inputs of the goldens and, where it is at hand, the queries of the openCypher kit.
func seedTexts(f *testing.F) []string {
	var texts []string
	goldens, _ := filepath.Glob("testdata/*.txt")
	for _, path := range goldens {
		content, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, text := range strings.Split(string(content), "\n\n") {
			input, _, _ := strings.Cut(text, "\n----")
			texts = append(texts, strings.Split(input, "\n")...)
		}
	}
	shared := os.Getenv("NEXUS_SHARED")
	if shared == "" {
		shared = "../../../shared"
	}
	features, _ := filepath.Glob(filepath.Join(shared, "tck/features/clauses/*/*.feature"))
	for _, path := range features {
		content, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for i, text := range strings.Split(string(content), `"""`) {
			if i%seedStep == 1 {
				texts = append(texts, strings.TrimSpace(text))
			}
		}
	}
	return texts
}

// FuzzQuery runs any text on a small graph under tight limits: it must answer or fail with an error of a known type, and
// leave the draft in order.
func FuzzQuery(f *testing.F) {
	for _, text := range seedTexts(f) {
		f.Add(text)
	}
	g := write(f, graph.Empty(), nil,
		`CREATE INDEX FOR (n:A) ON (n.x)`,
		`CREATE (a:A {x: 1, num: 1, name: 'a'})-[:R {y: 2}]->(b:B:A {x: 2}), (b)-[:S]->(:C), (b)-[:R]->(b)`)
	f.Fuzz(func(t *testing.T, text string) {
		q, err := cypher.Prepare(text)
		if err != nil {
			var e *cypher.Error
			if !errors.As(err, &e) {
				t.Fatalf("%q: an error of type %T: %v", text, err, err)
			}
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		options := cypher.Options{Limits: cypher.Limits{MaxRows: 1000, MaxMemoryBytes: 1 << 22}, Params: map[string]value.Value{}}
		for i, name := range q.Parameters() {
			options.Params[name] = value.Int(int64(i))
		}
		d := graph.NewDraft(g, graph.Stamp{Term: 2, Sequence: 1}, graph.DraftLimits{MaxOperations: 1000})
		first := &lines{}
		if _, err := cypher.Write(ctx, q, d, options, first); err != nil {
			checkError(t, text, err)
			return
		}
		if digest, _ := d.Graph().RecomputeDigest(); digest != d.Graph().Meta().Digest {
			t.Fatalf("%q: the digest is wrong", text)
		}
	})
}

func checkError(t *testing.T, text string, err error) {
	var e *cypher.Error
	var limit *cypher.LimitError
	var draft *graph.LimitError
	if !errors.As(err, &e) && !errors.As(err, &limit) && !errors.As(err, &draft) {
		t.Fatalf("%q: an error of type %T: %v", text, err, err)
	}
}
