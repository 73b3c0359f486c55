package value

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestKit_TemporalExpressions runs what the openCypher kit says about temporal values and needs no graph: constructors,
// selection, truncation, components, comparison, differences and texts.
func TestKit_TemporalExpressions(t *testing.T) {
	folder := filepath.Join(sharedFolder(t), "tck", "features", "expressions", "temporal")
	files, err := filepath.Glob(filepath.Join(folder, "*.feature"))
	if err != nil || len(files) == 0 {
		t.Skipf("the kit's feature files are not in %s; get them from opencypher/openCypher", folder)
	}
	ran := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, scenario := range kitScenarios(string(text)) {
			ran += runKitScenario(t, filepath.Base(file), scenario)
		}
	}
	t.Logf("%d rows of examples", ran)
	if ran < 980 {
		t.Errorf("only %d rows of examples were run", ran)
	}
}

// sharedFolder finds the folder with what the project's tests share: NEXUS_SHARED, or ../shared at the repository's root.
func sharedFolder(t *testing.T) string {
	if folder := os.Getenv("NEXUS_SHARED"); folder != "" {
		return folder
	}
	at, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for range 8 {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return filepath.Join(filepath.Dir(at), "shared")
		}
		at = filepath.Dir(at)
	}
	t.Fatal("no go.mod above the test: the shared folder cannot be found")
	return ""
}

type kitScenario struct {
	name           string
	created, query string
	result         []string // lines of the expected table
	examples       []map[string]string
}

// kitScenarios reads what this test needs of a feature file.
func kitScenarios(text string) []kitScenario {
	var scenarios []kitScenario
	for _, block := range strings.Split(text, "\n  Scenario")[1:] {
		s := kitScenario{name: strings.SplitN(block, "\n", 2)[0]}
		quoted := strings.Split(block, `"""`)
		if len(quoted) < 3 || strings.Contains(block, "control query") || strings.Contains(block, "should be raised") {
			continue
		}
		s.query = quoted[len(quoted)-2]
		if len(quoted) > 3 {
			s.created = quoted[1]
		}
		after, examples, _ := strings.Cut(quoted[len(quoted)-1], "Examples:")
		s.result = kitTable(after)
		rows := kitTable(examples)
		s.examples = []map[string]string{{}}
		if len(rows) > 0 {
			s.examples = nil
			names := kitCells(rows[0])
			for _, row := range rows[1:] {
				example := map[string]string{}
				for i, cell := range kitCells(row) {
					example[names[i]] = cell
				}
				s.examples = append(s.examples, example)
			}
		}
		scenarios = append(scenarios, s)
	}
	return scenarios
}

func kitTable(text string) []string {
	var rows []string
	for _, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "|") {
			rows = append(rows, line)
		}
	}
	return rows
}

func kitCells(row string) []string {
	cells := strings.Split(strings.Trim(row, "|"), "|")
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	return cells
}

func fill(text string, example map[string]string) string {
	for name, cell := range example {
		text = strings.ReplaceAll(text, "<"+name+">", cell)
	}
	return text
}

// runKitScenario runs a scenario's rows and returns how many; queries with more than WITH and RETURN are not for here.
func runKitScenario(t *testing.T, file string, s kitScenario) int {
	ran := 0
	for _, example := range s.examples {
		names := map[string]Value{}
		query := fill(s.query, example)
		if s.created != "" {
			if !kitCreated(fill(s.created, example), names) {
				return ran
			}
			query = kitWithoutMatch(query)
		}
		with, items, ok := strings.Cut(query, "RETURN ")
		if !ok || strings.Contains(query, "MATCH") || strings.Contains(query, "UNWIND") || len(s.result) < 2 {
			return ran
		}
		with = strings.TrimSpace(with)
		if with = strings.TrimPrefix(with, "WITH "); with != "" {
			for _, item := range splitTop(with) {
				text, name, _ := strings.Cut(item, " AS ")
				names[strings.TrimSpace(name)] = evalKit(t, names, text)
			}
		}
		expected := kitCells(fill(s.result[1], example))
		for i, item := range splitTop(items) {
			text, _, _ := strings.Cut(item, " AS ")
			got := evalKit(t, names, text)
			want := evalKit(t, nil, expected[i])
			if isTemporal(got.Kind()) || got.Kind() == KindDuration {
				got = String(FormatTemporal(got))
			}
			if !Equivalent(got, want) {
				t.Errorf("%s%s: %s = %s, want %s (%v)", file, s.name, strings.TrimSpace(text), AppendJSON(nil, got), expected[i], example)
			}
		}
		ran++
	}
	return ran
}

// kitCreated binds what CREATE (:Label {name: expression}) stores as d.name, dur.name and so on.
func kitCreated(text string, names map[string]Value) bool {
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		_, entry, ok := strings.Cut(line, " {")
		if !ok {
			return false
		}
		key, expression, _ := strings.Cut(entry, ": ")
		expression = strings.TrimSuffix(strings.TrimSpace(expression), "})")
		p := kitParser{text: expression, names: names}
		v := p.expression(0)
		variable := []string{"dur", "dur2"}[i]
		names[variable+"."+key], names["d."+key], names["v."+key] = v, v, v
	}
	return true
}

func kitWithoutMatch(query string) string {
	lines := strings.Split(query, "\n")
	kept := lines[:0]
	for _, line := range lines {
		if !strings.Contains(line, "MATCH") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

// splitTop splits at commas outside of brackets and quotes.
func splitTop(text string) []string {
	var parts []string
	depth, start, quoted := 0, 0, false
	for i, c := range text {
		switch {
		case c == '\'':
			quoted = !quoted
		case quoted:
		case strings.ContainsRune("({[", c):
			depth++
		case strings.ContainsRune(")}]", c):
			depth--
		case c == ',' && depth == 0:
			parts = append(parts, text[start:i])
			start = i + 1
		}
	}
	return append(parts, text[start:])
}

func evalKit(t *testing.T, names map[string]Value, text string) Value {
	t.Helper()
	p := kitParser{text: text, names: names}
	v := p.expression(0)
	if p.err == nil && strings.TrimSpace(p.text) != "" {
		p.err = fmt.Errorf("left over: %s", p.text)
	}
	if p.err != nil {
		t.Errorf("%s: %v", strings.TrimSpace(text), p.err)
	}
	return v
}
