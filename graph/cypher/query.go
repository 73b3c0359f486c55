package cypher

import (
	"context"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher/bind"
	"github.com/hivellm/nexus/graph/cypher/exec"
	"github.com/hivellm/nexus/graph/cypher/fn"
	"github.com/hivellm/nexus/graph/cypher/parse"
	"github.com/hivellm/nexus/graph/cypher/plan"
)

// Kind says what a query may do.
type Kind uint8

// The kinds of query.
const (
	KindRead        Kind = iota // reads the graph
	KindWrite                   // may change the graph
	KindSchemaRead              // SHOW
	KindSchemaWrite             // makes or drops an index or a constraint
)

// Query is a prepared text. It is immutable to its users and safe for any number of goroutines.
type Query struct {
	bound *bind.Query
	plans exec.Plans
}

// Prepare parses and checks a text. CALL knows the built-in procedures: db.labels(), db.relationshipTypes() and
// db.propertyKeys(). Errors are *Error.
func Prepare(text string) (*Query, error) { return PrepareWith(text, builtins) }

// PrepareWith is Prepare for a caller that has procedures of his own: a CALL is checked against them alone.
func PrepareWith(text string, procedures fn.Procedures) (*Query, error) {
	tree, err := parse.Parse(text)
	if err != nil {
		return nil, explain(err)
	}
	bound, err := bind.Bind(tree, procedures)
	if err != nil {
		return nil, explain(err)
	}
	return &Query{bound: bound}, nil
}

// Kind says what the query may do.
func (q *Query) Kind() Kind {
	switch {
	case q.bound.Schema != nil && q.bound.Writes:
		return KindSchemaWrite
	case q.bound.Schema != nil:
		return KindSchemaRead
	case q.bound.Writes:
		return KindWrite
	}
	return KindRead
}

// Writes tells whether the query needs a draft.
func (q *Query) Writes() bool { return q.bound.Writes }

// Columns are the names of the answer's columns; empty for a query without RETURN. They must not be changed.
func (q *Query) Columns() []string { return q.bound.Columns }

// Parameters are the names of the parameters that the text uses, sorted. They must not be changed.
func (q *Query) Parameters() []string { return q.bound.Parameters }

// Text is the query's text.
func (q *Query) Text() string { return q.bound.Text }

// Plan returns the plan that a run on g would follow, as text.
func (q *Query) Plan(g *graph.Graph) string { return q.PlanWith(g, plan.AllRules) }

// PlanWith is Plan with some rules switched off; for tests and for people who want to know what a rule does.
func (q *Query) PlanWith(g *graph.Graph, rules plan.Rules) string {
	if q.bound.Schema != nil {
		return "Schema\n"
	}
	return plan.Make(q.bound, g, rules).String()
}

// Read runs a query that does not write on a version of a graph. Errors are *Error, *LimitError, or the sink's.
func Read(ctx context.Context, q *Query, g *graph.Graph, opts Options, sink Sink) (Summary, error) {
	if q.Writes() {
		return Summary{}, &Error{Type: SemanticError, Phase: PhaseRuntime, Detail: "InvalidClauseComposition", Message: "this query writes and can only be run on a draft"}
	}
	return run(ctx, q, g, nil, opts, sink)
}

// Write runs any query on a draft. Rows are passed once all writes are done, with the draft's last version. After an
// error the draft holds a part of the statement: the caller goes back to a savepoint. Errors are *Error, *LimitError,
// the draft's *graph.LimitError, or the sink's.
func Write(ctx context.Context, q *Query, d *graph.Draft, opts Options, sink Sink) (Summary, error) {
	return run(ctx, q, d.View(), d, opts, sink)
}

func run(ctx context.Context, q *Query, g *graph.Graph, d *graph.Draft, opts Options, sink Sink) (Summary, error) {
	result, err := exec.Run(ctx, q.bound, &q.plans, g, d, opts.inputs(), sink)
	if err != nil {
		return Summary{}, explain(err)
	}
	summary := Summary{Stats: result.Stats, Rows: result.Rows, Profile: result.Profile, Plan: result.Plan}
	if summary.Profile != "" {
		summary.Notifications = append(summary.Notifications, Notification{
			Code: "PROFILE", Severity: "INFORMATION", Title: "The plan with the rows and hits of each operator", Description: summary.Profile,
		})
	}
	return summary, nil
}
