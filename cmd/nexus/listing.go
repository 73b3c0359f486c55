package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/hivellm/nexus/cmd/nexus/output"
)

// fetch makes one call as flags and environment say.
func (p *program) fetch(ctx context.Context, method, path string, body any) ([]byte, error) {
	cluster, err := p.client()
	if err != nil {
		return nil, err
	}
	return cluster.Do(ctx, method, path, body)
}

// list prints the list that stands under a name in the answer of a GET.
func (p *program) list(ctx context.Context, path, name string, columns []string) error {
	answer, err := p.fetch(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	return p.printer().Data(answer, func() (output.Table, error) { return listTable(answer, name, columns) })
}

// one prints the object that is the answer of a call.
func (p *program) one(ctx context.Context, method, path string, body any, columns []string) error {
	answer, err := p.fetch(ctx, method, path, body)
	if err != nil {
		return err
	}
	return p.printer().Data(answer, func() (output.Table, error) {
		tree, err := output.ParseTree(answer)
		return output.Table{Columns: columns, Rows: [][]string{cells(tree, columns)}}, err
	})
}

// printValue prints what the command itself made.
func (p *program) printValue(value any, name string, columns []string) error {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode the output: %w", err)
	}
	return p.printer().Data(text, func() (output.Table, error) { return listTable(text, name, columns) })
}

func listTable(text []byte, name string, columns []string) (output.Table, error) {
	tree, err := output.ParseTree(text)
	if err != nil {
		return output.Table{}, err
	}
	table := output.Table{Columns: columns}
	for _, item := range tree.Member(name).Items {
		table.Rows = append(table.Rows, cells(item, columns))
	}
	return table, nil
}

func cells(item output.Tree, columns []string) []string {
	row := make([]string, 0, len(columns))
	for _, column := range columns {
		row = append(row, item.Member(column).Cell())
	}
	return row
}

// humanBytes is a number of bytes for people.
func humanBytes(text string) string {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return text
	}
	for _, unit := range []string{"B", "KiB", "MiB", "GiB"} {
		if n < 1024 {
			return strconv.FormatFloat(n, 'f', precision(n, unit), 64) + " " + unit
		}
		n /= 1024
	}
	return strconv.FormatFloat(n, 'f', 1, 64) + " TiB"
}

func precision(n float64, unit string) int {
	if unit == "B" || n >= 100 {
		return 0
	}
	return 1
}
