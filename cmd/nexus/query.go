package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/hivellm/nexus/cmd/nexus/client"
	"github.com/hivellm/nexus/cmd/nexus/output"
)

// question is the body of POST /cypher.
type question struct {
	Query       string                     `json:"query"`
	Parameters  map[string]json.RawMessage `json:"parameters,omitempty"`
	Database    string                     `json:"database,omitempty"`
	Consistency string                     `json:"consistency,omitempty"`
	Bookmark    string                     `json:"bookmark,omitempty"`
	TimeoutMs   int64                      `json:"timeout_ms,omitempty"`
}

func (p *program) queryCommand() *cobra.Command {
	var q question
	var parameters []string
	command := &cobra.Command{
		Use:   "query [TEXT|-]",
		Short: "Run one Cypher query; - reads it from standard input",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, arguments []string) error {
			var err error
			if q.Query, err = p.queryText(arguments[0]); err != nil {
				return err
			}
			if q.Parameters, err = parseParameters(parameters); err != nil {
				return err
			}
			cluster, err := p.client()
			if err != nil {
				return err
			}
			return p.ask(c.Context(), cluster, q)
		},
	}
	flags := command.Flags()
	flags.StringVar(&q.Database, "database", "", "database (default: default)")
	flags.StringArrayVar(&parameters, "param", nil, "parameter as NAME=JSON; may be given several times")
	flags.StringVar(&q.Consistency, "consistency", "", "strong, bookmark or local (default: strong)")
	flags.StringVar(&q.Bookmark, "bookmark", "", "read at least what this bookmark stands for")
	flags.Int64Var(&q.TimeoutMs, "timeout-ms", 0, "bound of the whole call (default: the tenant's)")
	return command
}

// maxQueryBytes bounds what is read from standard input; the server's own bound is smaller.
const maxQueryBytes = 4 << 20

func (p *program) queryText(argument string) (string, error) {
	text := argument
	if argument == "-" {
		read, err := io.ReadAll(io.LimitReader(p.in, maxQueryBytes))
		if err != nil {
			return "", fmt.Errorf("read the query: %w", err)
		}
		text = string(read)
	}
	if strings.TrimSpace(text) == "" {
		return "", usage("the query is empty")
	}
	if !utf8.ValidString(text) {
		return "", usage("the query is not UTF-8")
	}
	return text, nil
}

func parseParameters(list []string) (map[string]json.RawMessage, error) {
	parameters := map[string]json.RawMessage{}
	for _, one := range list {
		name, text, ok := strings.Cut(one, "=")
		if !ok || name == "" || !json.Valid([]byte(text)) {
			return nil, usage("--param %s is not NAME=JSON (texts in quotes: --param 'name=\"Ada\"')", name)
		}
		if _, twice := parameters[name]; twice {
			return nil, usage("--param %s is given twice", name)
		}
		parameters[name] = json.RawMessage(text)
	}
	return parameters, nil
}

// ask runs a query and prints its answer; what it changed goes to the notes of a table.
func (p *program) ask(ctx context.Context, cluster *client.Client, q question) error {
	answer, err := cluster.Do(ctx, http.MethodPost, "/cypher", q)
	if err != nil {
		return withCaret(err, q.Query)
	}
	printer := p.printer()
	if err := printer.Data(answer, func() (output.Table, error) { return answerTable(answer) }); err != nil {
		return err
	}
	if printer.Format == output.FormatTable {
		return noteSummary(printer, answer)
	}
	return nil
}

func answerTable(answer []byte) (output.Table, error) {
	tree, err := output.ParseTree(answer)
	if err != nil {
		return output.Table{}, err
	}
	table := output.Table{Plain: true}
	for _, column := range tree.Member("columns").Items {
		table.Columns = append(table.Columns, column.Text)
	}
	for _, row := range tree.Member("rows").Items {
		cells := make([]string, 0, len(row.Items))
		for _, item := range row.Items {
			cells = append(cells, output.Entity(item))
		}
		table.Rows = append(table.Rows, cells)
	}
	return table, nil
}

// noteSummary tells how many rows there are and what was changed.
func noteSummary(printer *output.Printer, answer []byte) error {
	tree, err := output.ParseTree(answer)
	if err != nil {
		return err
	}
	var changes []string
	stats := tree.Member("stats")
	for i, item := range stats.Items {
		if item.Text != "0" {
			changes = append(changes, item.Text+" "+strings.ReplaceAll(stats.Names[i], "_", " "))
		}
	}
	note := fmt.Sprintf("%d rows in %s ms from %s", len(tree.Member("rows").Items), tree.Member("execution_time_ms").Text, tree.Member("node").Text)
	if len(changes) > 0 {
		note += ": " + strings.Join(changes, ", ")
	}
	printer.Note("%s", note)
	for _, n := range tree.Member("notifications").Items {
		printer.Note("note: %s", n.Member("description").Text)
	}
	return nil
}

// caretError is a query's error with the place shown.
type caretError struct {
	problem *client.Problem
	caret   string
}

// Error implements error.
func (e *caretError) Error() string { return e.problem.Error() + e.caret }

// Unwrap is the cluster's refusal.
func (e *caretError) Unwrap() error { return e.problem }

// withCaret shows where in the query an error stands.
func withCaret(err error, query string) error {
	problem, ok := err.(*client.Problem)
	if !ok || problem.Position == nil {
		return err
	}
	lines := strings.Split(query, "\n")
	line, column := problem.Position.Line, problem.Position.Column
	if line < 1 || line > len(lines) || column < 1 {
		return err
	}
	shown := strings.ReplaceAll(lines[line-1], "\t", " ")
	return &caretError{problem, fmt.Sprintf("\n  %s\n  %s^ line %d, column %d", shown, strings.Repeat(" ", column-1), line, column)}
}
