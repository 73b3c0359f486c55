package mcp

import (
	"errors"
	"strings"
	"time"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/api/answer"
	"github.com/hivellm/nexus/graph/value"
	"github.com/hivellm/nexus/scripts/planted"
)

// route is the scope of this door's requests at the service.
const route = "POST /mcp"

// The arguments that several tools take.
var (
	fieldDatabase = field{name: "database", kind: name, about: "Name of the database; the default one when absent."}
	fieldBookmark = field{name: "bookmark", kind: text, about: "A bookmark from an earlier answer: read at least what it stands for."}
	fieldLimit    = field{name: "limit", kind: integer(1, maxRows), about: "The most rows to answer: 1 to 1000, 100 when absent."}
	fieldQuery    = field{name: "query", kind: text, needed: true, about: "One Cypher query. Put values into parameters, written $name."}
	fieldValues   = field{name: "parameters", kind: anyObject, about: "The parameters of the query, by name."}
	fieldTimeout  = field{name: "timeout_ms", kind: integer(1, 3_600_000), about: "Give up after so many milliseconds; the tenant's own limit when absent."}
)

// ask runs one query under the tool's own function. limit bounds the rows that are answered.
func (w *work) ask(a arguments, query string, parameters *value.Map, limit int) (*answered, error) {
	out := &answered{rows: rows{limit: limit, ends: w.reads}}
	w.Told.Rows = 0 // none yet
	summary, err := w.service.Cypher(w.context, api.Request{
		Principal: w.Principal, Function: w.function, ReadOnly: w.reads && !planted.On("mcp-reader-writes"),
		Query: query, Parameters: parameters, Database: a.text("database"), Bookmark: a.text("bookmark"),
		Timeout: time.Duration(a.integer("timeout_ms", 0)) * time.Millisecond,
		Route:   route, ArrivedMs: w.ArrivedMs, Cost: w.Told.Cost,
	}, &out.rows)
	if err != nil {
		return nil, err
	}
	out.summary = summary
	w.Told.Rows = int64(summary.Rows)
	return out, nil
}

// runCypher is read_cypher, write_cypher and execute_cypher: what they may do is the row's and the plan's affair.
func runCypher(w *work, a arguments) (result, error) {
	out, err := w.ask(a, a.text("query"), a.object("parameters"), int(a.integer("limit", defaultRows)))
	if err != nil {
		return nil, err
	}
	notes := make([]string, 0, len(out.summary.Notifications))
	for _, n := range out.summary.Notifications {
		notes = append(notes, n.Description)
	}
	return resultOf(struct {
		Columns  []string `json:"columns"`
		Rows     any      `json:"rows"`
		RowCount int      `json:"row_count"`
		end
		Notes []string `json:"notes,omitempty"`
	}{orEmpty(out.columns), orEmpty(out.held), len(out.held), out.end(), notes})
}

// explainCypher shows a plan and runs nothing, so that a query that writes may be explained too.
func explainCypher(w *work, a arguments) (result, error) {
	text := a.text("query")
	if explains(text) {
		return nil, api.Refuse(api.CodeBadRequest, "give the query itself, without EXPLAIN or PROFILE: its plan is shown and nothing runs")
	}
	out, err := w.ask(a, "EXPLAIN\n"+text, a.object("parameters"), maxRows)
	if err != nil {
		return nil, oneLineUp(err)
	}
	lines, err := out.first()
	if err != nil {
		return nil, err
	}
	var tree any
	if out.summary.Plan != nil {
		tree = rawJSON(answer.AppendPlan(nil, out.summary.Plan))
	}
	return resultOf(struct {
		Plan any `json:"plan"`
		Tree any `json:"tree"`
	}{lines, tree})
}

// explains tells whether a text asks for a plan by itself: behind EXPLAIN it would be an error of syntax at a place that
// the caller did not write.
func explains(text string) bool {
	word, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	return strings.EqualFold(word, "EXPLAIN") || strings.EqualFold(word, "PROFILE")
}

// oneLineUp moves an error's place to where it is in the caller's own text, which stands below a line of ours.
func oneLineUp(err error) error {
	var e *api.Error
	if !errors.As(err, &e) || e.Position == nil || e.Position.Line < 2 {
		return err
	}
	moved, place := *e, *e.Position
	place.Line--
	moved.Position = &place
	return &moved
}

// quote makes an identifier of any text.
func quote(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// labelled is a list of labels behind a variable.
func labelled(labels []string) string {
	var b strings.Builder
	for _, l := range labels {
		b.WriteString(":" + quote(l))
	}
	return b.String()
}

// typed is a choice of relationship types, "" for any.
func typed(types []string) string {
	quoted := make([]string, len(types))
	for i, t := range types {
		quoted[i] = quote(t)
	}
	if len(quoted) == 0 {
		return ""
	}
	return ":" + strings.Join(quoted, "|")
}
