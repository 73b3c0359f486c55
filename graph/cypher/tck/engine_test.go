package tck

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher"
	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/fn"
	"github.com/hivellm/nexus/graph/value"
)

// engine makes sessions. The real one stands below; the runner's own test wraps it with lies.
type engine interface {
	open(start *graph.Graph) session
}

// session runs statements one after another on one graph.
type session interface {
	// run runs a statement. A failed one leaves the graph as it was.
	run(text string, parameters map[string]value.Value, procedures fn.Procedures) outcome
	// graph is the version after the last statement.
	graph() *graph.Graph
}

// outcome is what a statement answered: columns and rows, or a failure.
type outcome struct {
	columns []string
	rows    [][]cell
	failure *failure
}

// failure is an error in openCypher's words.
type failure struct {
	typ, phase, detail, message string
	crashed                     bool
}

func (f *failure) String() string {
	return fmt.Sprintf("%s at %s: %s (%s)", f.typ, f.phase, f.detail, f.message)
}

// refused tells whether the engine named something it does not support.
func (f *failure) refused() bool {
	return f.detail == "UnsupportedFeature" || f.detail == "Unsupported"
}

// statementTimeout ends statements that hang.
const statementTimeout = 10 * time.Second

// realEngine is the query engine over a graph in memory, as its users meet it.
type realEngine struct{}

func (realEngine) open(start *graph.Graph) session {
	return &realSession{current: start, prepare: prepareAtFacade}
}

// statement is a prepared text: a writing one is run on a draft.
type statement struct {
	writes bool
	run    func(ctx context.Context, g *graph.Graph, d *graph.Draft, o cypher.Options, sink cypher.Sink) error
}

type realSession struct {
	current *graph.Graph
	prepare func(text string, procedures fn.Procedures) (statement, error)
}

func prepareAtFacade(text string, procedures fn.Procedures) (statement, error) {
	q, err := cypher.PrepareWith(text, procedures)
	if err != nil {
		return statement{}, err
	}
	run := func(ctx context.Context, g *graph.Graph, d *graph.Draft, o cypher.Options, sink cypher.Sink) error {
		if d != nil {
			_, err := cypher.Write(ctx, q, d, o, sink)
			return err
		}
		_, err := cypher.Read(ctx, q, g, o, sink)
		return err
	}
	return statement{writes: q.Writes(), run: run}, nil
}

func (s *realSession) graph() *graph.Graph { return s.current }

func (s *realSession) run(
	text string, parameters map[string]value.Value, procedures fn.Procedures,
) (result outcome) {
	defer func() {
		if r := recover(); r != nil {
			result = outcome{failure: &failure{typ: "PANIC", message: fmt.Sprint(r, "\n", string(debug.Stack())), crashed: true}}
		}
	}()
	prepared, err := s.prepare(text, procedures)
	if err != nil {
		return outcome{failure: failureOf(err)}
	}
	ctx, cancel := context.WithTimeout(context.Background(), statementTimeout)
	defer cancel()
	options := cypher.Options{
		Params: parameters, Procedures: procedures, Clock: kitClock(), Random: randomFrom(uint64(len(text))),
	}
	rows := &recorder{}
	if !prepared.writes {
		return rows.outcome(prepared.run(ctx, s.current, nil, options, rows))
	}
	stamp := graph.Stamp{Term: 1, Sequence: s.current.Stamp().Sequence + 1}
	draft := graph.NewDraft(s.current, stamp, graph.DraftLimits{})
	if err = prepared.run(ctx, s.current, draft, options, rows); err == nil {
		err = s.advance(draft)
	}
	return rows.outcome(err)
}

func randomFrom(seed uint64) func() uint64 {
	return func() uint64 { seed = seed*6364136223846793005 + 1442695040888963407; return seed }
}

// advance goes on with the version that every member of a cluster would have: the changes applied to the base. It must
// be the draft's, and its digest that of a recount.
func (s *realSession) advance(draft *graph.Draft) error {
	drafted := draft.Graph()
	applied, err := graph.Apply(graph.Input{Meta: s.current.Meta(), Graph: s.current, Changes: draft.Changes()})
	if err != nil {
		return fmt.Errorf("applying the draft: %w", err)
	}
	if applied.Meta != drafted.Meta() {
		return fmt.Errorf("the draft made %+v, applied it is %+v", drafted.Meta(), applied.Meta)
	}
	digest, bytes := applied.Graph.RecomputeDigest()
	if meta := applied.Meta; digest != meta.Digest || bytes != meta.Bytes {
		return fmt.Errorf("counted again: digest %x and %d bytes, kept: %x and %d", digest, bytes, meta.Digest, meta.Bytes)
	}
	s.current, err = graph.BuildAll(applied.Graph)
	return err
}

// kitClock stands still: nothing in the kit needs more of a clock than that it agrees with itself.
func kitClock() fn.Clock {
	now := value.Instant{EpochSeconds: 1_700_000_000, Nano: 123_456_789}
	return fn.Clock{Transaction: now, Statement: now}
}

func failureOf(err error) *failure {
	var outer *cypher.Error
	if errors.As(err, &outer) {
		return &failure{typ: outer.Type, phase: outer.Phase, detail: outer.Detail, message: outer.Message}
	}
	var inner *ast.Error
	if errors.As(err, &inner) {
		return &failure{typ: inner.Type, phase: inner.Phase, detail: inner.Detail, message: inner.Message}
	}
	return &failure{typ: fmt.Sprintf("%T", err), message: err.Error()}
}

// recorder is a sink that turns rows into cells while their graph is at hand.
type recorder struct {
	columns []string
	rows    [][]cell
}

func (r *recorder) Columns(names []string) error {
	r.columns = append([]string(nil), names...)
	return nil
}

func (r *recorder) Row(g *graph.Graph, row []value.Value) error {
	cells := make([]cell, len(row))
	for i, v := range row {
		cells[i] = cellOf(g, v)
	}
	r.rows = append(r.rows, cells)
	return nil
}

func (r *recorder) outcome(err error) outcome {
	if err != nil {
		return outcome{failure: failureOf(err)}
	}
	return outcome{columns: r.columns, rows: r.rows}
}
