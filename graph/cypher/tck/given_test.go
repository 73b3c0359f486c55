package tck

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher/fn"
	"github.com/hivellm/nexus/graph/value"
)

// namedGraphs are the kit's graphs by name, built once by the engine under test.
type namedGraphs map[string]*graph.Graph

// loadGraphs builds the named graphs from their scripts. One that cannot be built is left out: its scenarios fail.
func loadGraphs(t testing.TB, folder string, e engine) namedGraphs {
	t.Helper()
	metadata, err := filepath.Glob(filepath.Join(folder, "graphs", "*", "*.json"))
	if err != nil || len(metadata) == 0 {
		t.Fatalf("no named graphs in %s: %v", folder, err)
	}
	named := namedGraphs{}
	for _, path := range metadata {
		var about struct {
			Name    string   `json:"name"`
			Scripts []string `json:"scripts"`
		}
		text, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(text, &about)
		}
		if err != nil {
			t.Fatal(err)
		}
		g, err := buildGraph(filepath.Dir(path), about.Scripts, e)
		if err != nil {
			t.Logf("named graph %s: %v", about.Name, err)
			continue
		}
		named[about.Name] = g
	}
	return named
}

func buildGraph(folder string, scripts []string, e engine) (*graph.Graph, error) {
	s := e.open(graph.Empty())
	for _, script := range scripts {
		if !strings.HasSuffix(script, ".cypher") {
			script += ".cypher"
		}
		text, err := os.ReadFile(filepath.Join(folder, script))
		if err != nil {
			return nil, err
		}
		for _, statement := range strings.Split(string(text), ";") {
			if strings.TrimSpace(statement) == "" {
				continue
			}
			if result := s.run(statement, nil, nil); result.failure != nil {
				return nil, fmt.Errorf("%s: %s", script, result.failure)
			}
		}
	}
	return s.graph(), nil
}

// parseProcedure makes a procedure of the kit's signature and its table of rows: inputs, then outputs.
func parseProcedure(signature string, table [][]string) (*fn.Procedure, error) {
	left, right, ok := strings.Cut(signature, ") ::")
	name, inputs, opened := strings.Cut(left, "(")
	if !ok || !opened {
		return nil, fmt.Errorf("the signature %q cannot be read", signature)
	}
	p := &fn.Procedure{Name: strings.TrimSpace(name)}
	var err error
	if p.Params, err = parseFields(inputs); err != nil {
		return nil, err
	}
	outputs, err := parseFields(strings.Trim(strings.TrimSpace(right), "()"))
	if err != nil {
		return nil, err
	}
	for _, o := range outputs {
		p.Columns = append(p.Columns, o.Name)
	}
	rows, err := parseProcedureRows(table, len(p.Params)+len(p.Columns))
	if err != nil {
		return nil, err
	}
	p.Call = tableProcedure(rows, len(p.Params))
	return p, nil
}

// fieldTypes are the types that the kit's signatures use; all of them take null.
var fieldTypes = map[string]fn.Types{
	"INTEGER?": fn.Integer, "STRING?": fn.Text, "NUMBER?": fn.Number, "FLOAT?": fn.Float,
}

func parseFields(text string) ([]fn.Param, error) {
	var fields []fn.Param
	for _, field := range strings.Split(text, ",") {
		if strings.TrimSpace(field) == "" {
			continue
		}
		name, typ, _ := strings.Cut(field, "::")
		types, ok := fieldTypes[strings.TrimSpace(typ)]
		if !ok {
			return nil, fmt.Errorf("the type of %q is unknown", field)
		}
		fields = append(fields, fn.Param{Name: strings.TrimSpace(name), Types: types})
	}
	return fields, nil
}

func parseProcedureRows(table [][]string, width int) ([][]value.Value, error) {
	var rows [][]value.Value
	for _, texts := range table[min(1, len(table)):] {
		if len(texts) != width {
			return nil, fmt.Errorf("a procedure's row %q has not %d values", texts, width)
		}
		var row []value.Value
		for _, text := range texts {
			c, err := parseCell(text)
			if err != nil {
				return nil, err
			}
			v, err := valueOf(c)
			if err != nil {
				return nil, err
			}
			row = append(row, v)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// tableProcedure yields the outputs of the rows whose inputs are the arguments.
func tableProcedure(
	rows [][]value.Value, inputs int,
) func(*fn.Context, []value.Value, func([]value.Value) error) error {
	return func(_ *fn.Context, args []value.Value, yield func([]value.Value) error) error {
		for _, row := range rows {
			if !slices.EqualFunc(row[:inputs], args, value.Equivalent) {
				continue
			}
			if err := yield(row[inputs:]); err != nil {
				return err
			}
		}
		return nil
	}
}
