package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Formats of data.
const (
	FormatTable = "table"
	FormatJSON  = "json"
	FormatYAML  = "yaml"
)

// Formats lists the formats.
var Formats = []string{FormatTable, FormatJSON, FormatYAML}

// Printer prints one command's data and notes.
type Printer struct {
	Out, Notes io.Writer
	// Format is one of Formats.
	Format string
	// Color makes headings bold.
	Color bool
}

// CheckFormat refuses a format that there is none of.
func CheckFormat(format string) error {
	if !slices.Contains(Formats, format) {
		return fmt.Errorf("-o %s: it is one of %s", format, strings.Join(Formats, ", "))
	}
	return nil
}

// Note tells something that is not data.
func (p *Printer) Note(format string, args ...any) {
	fmt.Fprintf(p.Notes, format+"\n", args...)
}

// Data prints a JSON text: as it is, as YAML, or as the table that is made of it.
func (p *Printer) Data(text []byte, table func() (Table, error)) error {
	switch p.Format {
	case FormatJSON:
		var out bytes.Buffer
		if err := json.Indent(&out, bytes.TrimSpace(text), "", "  "); err != nil {
			return fmt.Errorf("the answer is not JSON: %w", err)
		}
		out.WriteByte('\n')
		_, err := out.WriteTo(p.Out)
		return err
	case FormatYAML:
		tree, err := ParseTree(text)
		if err != nil {
			return err
		}
		_, err = io.WriteString(p.Out, tree.YAML())
		return err
	}
	made, err := table()
	if err != nil {
		return err
	}
	return p.Table(made)
}

// Table is columns and cells.
type Table struct {
	Columns []string
	Rows    [][]string
	// Plain keeps the columns' names as they are; otherwise they are written in capitals.
	Plain bool
}

// maxCell bounds the width that one cell gives a column, in characters.
const maxCell = 120

// Table prints a table whatever the format.
func (p *Printer) Table(t Table) error {
	widths := make([]int, len(t.Columns))
	heads := make([]string, len(t.Columns))
	for i, column := range t.Columns {
		heads[i] = oneLine(column)
		if !t.Plain {
			heads[i] = strings.ToUpper(heads[i])
		}
		widths[i] = utf8.RuneCountInString(heads[i])
	}
	for _, row := range t.Rows {
		for i := range min(len(row), len(widths)) {
			row[i] = oneLine(row[i])
			widths[i] = max(widths[i], min(maxCell, utf8.RuneCountInString(row[i])))
		}
	}
	var out strings.Builder
	if len(t.Columns) > 0 {
		head := padded(heads, widths)
		if p.Color {
			head = "\x1b[1m" + head + "\x1b[0m"
		}
		out.WriteString(head + "\n")
	}
	for _, row := range t.Rows {
		out.WriteString(padded(row, widths) + "\n")
	}
	_, err := io.WriteString(p.Out, out.String())
	return err
}

func padded(cells []string, widths []int) string {
	var out strings.Builder
	for i, cell := range cells {
		out.WriteString(cell)
		if i < len(cells)-1 && i < len(widths) {
			out.WriteString(strings.Repeat(" ", max(0, widths[i]-utf8.RuneCountInString(cell))+2))
		}
	}
	return strings.TrimRight(out.String(), " ")
}

// oneLine keeps a cell from breaking the table, or from steering the terminal.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case r < 0x20 || r == 0x7f || r >= 0x80 && r < 0xa0:
			return '·'
		}
		return r
	}, text)
}
