package parse

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hivellm/nexus/graph/cypher/ast"
)

// kitQuery is one query of the openCypher kit and the detail its scenario expects of a SyntaxError, "" for none.
type kitQuery struct {
	place  string
	text   string
	detail string
}

// sharedFolder finds the shared data: the environment, else a folder beside the repository.
func sharedFolder() (string, bool) {
	if folder := os.Getenv("NEXUS_SHARED"); folder != "" {
		return folder, true
	}
	folder, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			shared := filepath.Join(folder, "..", "shared")
			_, err := os.Stat(shared)
			return shared, err == nil
		}
		up := filepath.Dir(folder)
		if up == folder {
			break
		}
		folder = up
	}
	return "", false
}

// kitQueries reads every query of the kit, the outlines expanded with their examples.
func kitQueries(t testing.TB) []kitQuery {
	shared, ok := sharedFolder()
	if !ok {
		return nil
	}
	var queries []kitQuery
	err := filepath.WalkDir(filepath.Join(shared, "tck", "features"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".feature" {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		queries = append(queries, featureQueries(filepath.Base(path), string(content))...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return queries
}

var (
	scenarioStart = regexp.MustCompile(`(?m)^\s*Scenario(?: Outline)?:\s*(.*)$`)
	queryStep     = regexp.MustCompile(`(?s)(executing query|executing control query|having executed):\s*"""\n(.*?)\n\s*"""`)
	errorStep     = regexp.MustCompile(`a SyntaxError should be raised at compile time: (\w+)`)
)

func featureQueries(file, content string) []kitQuery {
	var queries []kitQuery
	starts := scenarioStart.FindAllStringSubmatchIndex(content, -1)
	for i, at := range starts {
		end := len(content)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		place := file + " " + content[at[2]:at[3]]
		body, examples, _ := strings.Cut(content[at[1]:end], "Examples:")
		for _, row := range exampleRows(examples) {
			queries = append(queries, scenarioQueries(place, row.Replace(body))...)
		}
	}
	return queries
}

func scenarioQueries(place, body string) []kitQuery {
	var queries []kitQuery
	detail := ""
	if m := errorStep.FindStringSubmatch(body); m != nil {
		detail = m[1]
	}
	for _, m := range queryStep.FindAllStringSubmatch(body, -1) {
		query := kitQuery{place: place, text: m[2]}
		if m[1] == "executing query" {
			query.detail = detail
		}
		queries = append(queries, query)
	}
	return queries
}

// exampleRows returns a replacer for each row of an example table; one that changes nothing without a table.
func exampleRows(table string) []*strings.Replacer {
	var header []string
	var rows []*strings.Replacer
	for _, line := range strings.Split(table, "\n") {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			continue
		}
		cells := exampleCells(line)
		if header == nil {
			header = cells
			continue
		}
		var pairs []string
		for i, cell := range cells {
			pairs = append(pairs, "<"+header[i]+">", cell)
		}
		rows = append(rows, strings.NewReplacer(pairs...))
	}
	if header == nil {
		return []*strings.Replacer{strings.NewReplacer()}
	}
	return rows
}

// exampleCells cuts a table row at the bars that no backslash stands before.
func exampleCells(line string) []string {
	var cells []string
	var cell strings.Builder
	for i := 1; i < len(line); i++ {
		switch {
		case line[i] == '\\' && i+1 < len(line) && strings.IndexByte(`|\n`, line[i+1]) >= 0:
			i++
			if line[i] == 'n' {
				cell.WriteByte('\n')
			} else {
				cell.WriteByte(line[i])
			}
		case line[i] == '|':
			cells = append(cells, strings.TrimSpace(cell.String()))
			cell.Reset()
		default:
			cell.WriteByte(line[i])
		}
	}
	return cells
}

// syntactic are the details that the parser alone must find.
var syntactic = map[string]bool{
	detailSyntax: true, detailNumber: true, detailIntegerOverflow: true, detailFloatOverflow: true,
	detailUnicodeLiteral: true, detailUnicodeCharacter: true, detailRelationship: true, detailNoAlias: true,
	detailComposition: true, detailArgumentPassing: true, detailDelete: true,
}

func TestParse_TheWholeKit(t *testing.T) {
	queries := kitQueries(t)
	if len(queries) == 0 {
		t.Skip("SKIPPED: the openCypher kit is not there; set NEXUS_SHARED to the folder that holds tck/features")
	}
	parsed, refused, left := 0, 0, 0
	for _, q := range queries {
		query, err := Parse(q.text)
		e, _ := err.(*Error)
		switch {
		case q.detail == "" && err != nil:
			t.Errorf("%s: %v\n%s", q.place, err, e.Caret(q.text))
		case err != nil && e.Detail != q.detail:
			t.Errorf("%s: got %v, want %s\n%s", q.place, err, q.detail, e.Caret(q.text))
		case err != nil:
			refused++
		case syntactic[q.detail]:
			t.Errorf("%s: parsed, want %s\n%s", q.place, q.detail, q.text)
		default:
			if q.detail != "" {
				left++
			}
			parsed++
			checkSpans(t, q.text, query)
			checkCanonical(t, query)
		}
	}
	fmt.Printf("openCypher kit: %d queries, %d parse (%d of them wrong for bind to find), %d refused as they must be\n",
		len(queries), parsed, left, refused)
}

// checkCanonical fails unless the canonical text of a query parses to the same canonical text.
func checkCanonical(t *testing.T, query *ast.Query) {
	t.Helper()
	first := ast.String(query)
	again, err := Parse(first)
	if err != nil {
		t.Errorf("%q prints as %q, which does not parse: %v", query.Text, first, err)
		return
	}
	if second := ast.String(again); second != first {
		t.Errorf("%q prints as\n%q, then as\n%q", query.Text, first, second)
	}
}
