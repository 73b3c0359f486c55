package parse

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/hivellm/nexus/graph/cypher/ast"
)

var rewrite = flag.Bool("rewrite", false, "write what the parser says into testdata instead of comparing")

// A golden file holds cases: a query, a line "----", what is expected, a line "====".
const (
	caseMiddle = "\n----\n"
	caseEnd    = "\n====\n"
)

type goldenCase struct{ query, want string }

func readCases(t testing.TB, path string) []goldenCase {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var cases []goldenCase
	for _, block := range strings.Split(string(content), caseEnd) {
		if strings.TrimSpace(block) == "" {
			continue
		}
		query, want, found := strings.Cut(block, caseMiddle)
		if !found {
			t.Fatalf("%s: no ---- line after %q", path, block)
		}
		cases = append(cases, goldenCase{query, want})
	}
	return cases
}

func TestParse_Goldens(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatal("no golden files", err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) { runGolden(t, path) })
	}
}

func runGolden(t *testing.T, path string) {
	cases := readCases(t, path)
	var out strings.Builder
	for _, c := range cases {
		got := answer(t, c.query)
		if failed, wanted := strings.Contains(got, "\n^") || strings.Contains(got, "Error ("), strings.Contains(path, "error"); failed != wanted {
			t.Errorf("%s: parses where it must not, or the other way round:\n%s\n%s", path, c.query, got)
		}
		if got != c.want && !*rewrite {
			t.Errorf("%s:\n%s\ngot\n%s\nwant\n%s", path, c.query, got, c.want)
		}
		out.WriteString(c.query + caseMiddle + got + caseEnd)
	}
	if *rewrite {
		if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// answer is what a golden file holds for a query: the canonical text and the tree, or the error with its caret.
func answer(t *testing.T, text string) string {
	query, err := Parse(text)
	if err != nil {
		e := err.(*Error)
		return e.Error() + "\n" + e.Caret(text)
	}
	checkSpans(t, text, query)
	checkCanonical(t, query)
	var out strings.Builder
	out.WriteString(ast.String(query) + "\n")
	dump(&out, 0, "", reflect.ValueOf(query))
	return strings.TrimSuffix(out.String(), "\n")
}

// dump writes a tree, a line a node: the field it is in, its type, its plain fields, and below it the others.
func dump(out *strings.Builder, indent int, field string, v reflect.Value) {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return
		}
		v = v.Elem()
	}
	if v.Kind() == reflect.Slice {
		for i := range v.Len() {
			dump(out, indent, fmt.Sprintf("%s[%d]", field, i), v.Index(i))
		}
		return
	}
	out.WriteString(strings.Repeat("  ", indent))
	if field != "" {
		out.WriteString(field + ": ")
	}
	if name, ok := v.Interface().(ast.Name); ok {
		fmt.Fprintf(out, "Name %q\n", name.Text)
		return
	}
	if v.Kind() != reflect.Struct {
		fmt.Fprintf(out, "%v\n", v.Interface())
		return
	}
	out.WriteString(v.Type().Name())
	later := plainFields(out, v)
	out.WriteString("\n")
	for _, i := range later {
		dump(out, indent+1, v.Type().Field(i).Name, v.Field(i))
	}
}

// plainFields writes the fields that are words or numbers and returns the indexes of the others.
func plainFields(out *strings.Builder, v reflect.Value) []int {
	var later []int
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		value := v.Field(i)
		switch {
		case name == "Span" || name == "Source" || name == "Text" || value.IsZero() && name != "Value":
		case value.Kind() == reflect.String:
			fmt.Fprintf(out, " %s=%q", name, value.String())
		case value.Kind() == reflect.Bool || value.CanInt() || value.CanUint() || value.CanFloat():
			fmt.Fprintf(out, " %s=%v", name, value.Interface())
		default:
			later = append(later, i)
		}
	}
	return later
}
