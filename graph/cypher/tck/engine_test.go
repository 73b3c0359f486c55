package tck

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher"
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

// realEngine is the query engine over a graph in memory.
type realEngine struct{}

func (realEngine) open(start *graph.Graph) session { return &realSession{current: start} }

type realSession struct {
	current  *graph.Graph
	sequence uint64
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
	query, err := cypher.PrepareWith(text, procedures)
	if err != nil {
		return outcome{failure: failureOf(err)}
	}
	ctx, cancel := context.WithTimeout(context.Background(), statementTimeout)
	defer cancel()
	random := uint64(len(text))
	options := cypher.Options{
		Params: parameters, Procedures: procedures, Clock: kitClock(),
		Random: func() uint64 { random = random*6364136223846793005 + 1442695040888963407; return random },
	}
	rows := &recorder{}
	if !query.Writes() {
		_, err = cypher.Read(ctx, query, s.current, options, rows)
		return rows.outcome(err)
	}
	s.sequence++
	draft := graph.NewDraft(s.current, graph.Stamp{Term: 1, Sequence: s.sequence}, graph.DraftLimits{})
	if _, err = cypher.Write(ctx, query, draft, options, rows); err == nil {
		s.current = draft.Graph()
	}
	return rows.outcome(err)
}

// kitClock stands still: nothing in the kit needs more of a clock than that it agrees with itself.
func kitClock() fn.Clock {
	now := value.Instant{EpochSeconds: 1_700_000_000, Nano: 123_456_789}
	return fn.Clock{Transaction: now, Statement: now}
}

func failureOf(err error) *failure {
	var e *cypher.Error
	if errors.As(err, &e) {
		return &failure{typ: e.Type, phase: e.Phase, detail: e.Detail, message: e.Message}
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
