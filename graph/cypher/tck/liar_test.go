package tck

import (
	"slices"
	"strings"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher/fn"
	"github.com/hivellm/nexus/graph/value"
)

// lieHere marks the queries that a liar lies about; all others it passes on faithfully.
const lieHere = "// lie here"

// lie is one way to be wrong. Fields that are nil are honest.
type lie struct {
	name  string
	open  func(*graph.Graph) *graph.Graph
	input func(parameters *map[string]value.Value, procedures *fn.Procedures)
	// answer changes an outcome; the session is the honest one, for side effects of its own.
	answer func(s session, o outcome) outcome
}

// liar is the real engine with one lie.
type liar struct{ lie lie }

func (l liar) open(start *graph.Graph) session {
	if l.lie.open != nil {
		start = l.lie.open(start)
	}
	return &liarSession{session: realEngine{}.open(start), lie: l.lie}
}

type liarSession struct {
	session
	lie lie
}

func (s *liarSession) run(text string, parameters map[string]value.Value, procedures fn.Procedures) outcome {
	if !strings.Contains(text, lieHere) {
		return s.session.run(text, parameters, procedures)
	}
	if s.lie.input != nil {
		s.lie.input(&parameters, &procedures)
	}
	result := s.session.run(text, parameters, procedures)
	if s.lie.answer != nil {
		result = s.lie.answer(s.session, result)
	}
	return result
}

// onRows lies about a result that has rows.
func onRows(change func(rows [][]cell) [][]cell) func(session, outcome) outcome {
	return func(_ session, o outcome) outcome {
		if o.failure == nil && len(o.rows) > 0 {
			o.rows = change(slices.Clone(o.rows))
		}
		return o
	}
}

// onFailure lies about an error.
func onFailure(change func(f *failure)) func(session, outcome) outcome {
	return func(_ session, o outcome) outcome {
		if o.failure != nil {
			f := *o.failure
			change(&f)
			o.failure = &f
		}
		return o
	}
}

// onGraph does something to the graph that nobody asked for.
func onGraph(statement string) func(session, outcome) outcome {
	return func(s session, o outcome) outcome {
		if result := s.run(statement, nil, nil); result.failure != nil {
			panic(result.failure.String())
		}
		return o
	}
}

func changedItems(c cell, change func([]cell) []cell) cell {
	if c.kind == listCell {
		c.items = change(slices.Clone(c.items))
	}
	return c
}

var text = cell{scalar: value.String("a lie")}

// lies are all of them, by name.
var lies = []lie{
	{name: "drops a row", answer: onRows(func(rows [][]cell) [][]cell { return rows[1:] })},
	{name: "repeats a row", answer: onRows(func(rows [][]cell) [][]cell { return append(rows, rows[0]) })},
	{name: "adds a row", answer: func(_ session, o outcome) outcome { o.rows = append(o.rows, []cell{text}); return o }},
	{name: "turns the rows around", answer: onRows(func(rows [][]cell) [][]cell { slices.Reverse(rows); return rows })},
	{name: "changes a value", answer: onRows(func(rows [][]cell) [][]cell { rows[0] = []cell{text}; return rows })},
	{name: "turns lists around", answer: onRows(func(rows [][]cell) [][]cell {
		rows[0] = []cell{changedItems(rows[0][0], func(i []cell) []cell { slices.Reverse(i); return i })}
		return rows
	})},
	{name: "drops a list's item", answer: onRows(func(rows [][]cell) [][]cell {
		rows[0] = []cell{changedItems(rows[0][0], func(i []cell) []cell { return i[1:] })}
		return rows
	})},
	{name: "renames a column", answer: func(_ session, o outcome) outcome { o.columns = []string{"lie"}; return o }},
	{name: "drops the columns", answer: func(_ session, o outcome) outcome { o.columns = nil; return o }},
	{name: "creates a node", answer: onGraph("CREATE ()")},
	{name: "creates a relationship", answer: onGraph("MATCH (n) WITH n LIMIT 1 CREATE (n)-[:LIE]->(n)")},
	{name: "sets a property", answer: onGraph("MATCH (n) SET n.lie = 1")},
	{name: "changes a property", answer: onGraph("MATCH (n:Old) SET n.name = 'lie'")},
	{name: "adds a label", answer: onGraph("MATCH (n) SET n:Lie")},
	{name: "removes a label", answer: onGraph("MATCH (n:Old) REMOVE n:Old")},
	{name: "deletes everything", answer: onGraph("MATCH (n) DETACH DELETE n")},
	{name: "answers instead of failing", answer: func(_ session, o outcome) outcome { o.failure = nil; return o }},
	{name: "fails instead of answering", answer: func(session, outcome) outcome {
		return outcome{failure: &failure{typ: "SyntaxError", phase: "compile time", detail: "Lie"}}
	}},
	{name: "names another type", answer: onFailure(func(f *failure) { f.typ = "SemanticError" })},
	{name: "names another phase", answer: onFailure(func(f *failure) {
		f.phase = map[string]string{"runtime": "compile time", "compile time": "runtime"}[f.phase]
	})},
	{name: "names no phase", answer: onFailure(func(f *failure) { f.phase = "" })},
	{name: "names another detail", answer: onFailure(func(f *failure) { f.detail = "Lie" })},
	{name: "forgets parameters", input: func(p *map[string]value.Value, _ *fn.Procedures) { *p = nil }},
	{name: "changes parameters", input: func(p *map[string]value.Value, _ *fn.Procedures) {
		*p = map[string]value.Value{"p": value.Int(-1)}
	}},
	{name: "forgets procedures", input: func(_ *map[string]value.Value, p *fn.Procedures) { *p = nil }},
	{name: "opens an empty graph", open: func(*graph.Graph) *graph.Graph { return graph.Empty() }},
}
