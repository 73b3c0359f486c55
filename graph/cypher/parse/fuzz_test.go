package parse

import (
	"path/filepath"
	"testing"

	"github.com/hivellm/nexus/graph/cypher/ast"
)

// FuzzParse: no text makes the parser panic; an error points into the text and says something; a tree's spans nest, and
// its canonical text parses to the same canonical text.
func FuzzParse(f *testing.F) {
	paths, _ := filepath.Glob("testdata/*.txt")
	for _, path := range paths {
		for _, c := range readCases(f, path) {
			f.Add(c.query)
		}
	}
	for i, q := range kitQueries(f) {
		if i%10 == 0 {
			f.Add(q.text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		query, err := Parse(text)
		if err != nil {
			checkError(t, text, err)
			return
		}
		checkSpans(t, text, query)
		if first := ast.String(query); len(first) <= MaxTextBytes {
			checkPrinted(t, text, first)
		}
	})
}

func checkError(t *testing.T, text string, err error) {
	e := err.(*Error)
	if e.Offset < 0 || e.Offset > len(text) || e.Message == "" || e.Detail == "" || e.Line < 1 || e.Column < 1 {
		t.Fatalf("%q: bad error %+v", text, e)
	}
	_ = e.Caret(text)
}

// checkPrinted fails unless a canonical text parses to itself. Parentheses that printing added may be too deep.
func checkPrinted(t *testing.T, text, first string) {
	again, err := Parse(first)
	if err != nil {
		if err.(*Error).Detail == detailLimit {
			return
		}
		t.Fatalf("%q prints as %q, which does not parse: %v", text, first, err)
	}
	if second := ast.String(again); second != first {
		t.Fatalf("%q prints as\n%q, then as\n%q", text, first, second)
	}
}
