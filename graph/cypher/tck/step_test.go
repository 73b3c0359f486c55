package tck

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher/fn"
	"github.com/hivellm/nexus/graph/value"
)

// run is one scenario under way.
type run struct {
	engine     engine
	session    session
	named      namedGraphs
	parameters map[string]value.Value
	procedures fn.Procedures
	executed   bool
	result     outcome
	effects    map[string]int
	checks     int // Then steps that held
}

// stepKind is a row of the table of steps.
type stepKind struct {
	pattern *regexp.Regexp
	do      func(r *run, s step, words []string) error
}

func pattern(text string) *regexp.Regexp { return regexp.MustCompile("^" + text + "$") }

// stepKinds are all steps there are. A step that none of them matches fails.
var stepKinds = []stepKind{
	{pattern(`(?:an empty|any) graph`), func(r *run, _ step, _ []string) error { return nil }},
	{pattern(`the ([\w-]+) graph`), (*run).givenGraph},
	{pattern(`having executed:`), (*run).havingExecuted},
	{pattern(`parameters are:`), (*run).givenParameters},
	{pattern(`there exists a procedure (.*):`), (*run).givenProcedure},
	{pattern(`executing (?:control )?query:`), (*run).execute},
	{pattern(`the result should be, in any order:`), results(false, false)},
	{pattern(`the result should be, in order:`), results(true, false)},
	{pattern(`the result should be \(ignoring element order for lists\):`), results(false, true)},
	{pattern(`the result should be, in order \(ignoring element order for lists\):`), results(true, true)},
	{pattern(`the result should be empty`), (*run).resultEmpty},
	{pattern(`an? (\w+) should be raised at (compile time|runtime|any time): (\w+|\*)`), (*run).raised},
	{pattern(`no side effects`), (*run).sideEffects},
	{pattern(`the side effects should be:`), (*run).sideEffects},
}

// perform runs a whole scenario. The error says what did not hold.
func perform(e engine, named namedGraphs, s scenario) (*run, error) {
	r := &run{engine: e, named: named, parameters: map[string]value.Value{}, procedures: fn.Procedures{}}
	r.session = e.open(graph.Empty())
	for _, one := range s.steps {
		if err := r.step(one); err != nil {
			return r, err
		}
	}
	if r.checks == 0 {
		return r, fmt.Errorf("the scenario checks nothing")
	}
	return r, nil
}

func (r *run) step(s step) error {
	for _, kind := range stepKinds {
		if words := kind.pattern.FindStringSubmatch(s.text); words != nil {
			return kind.do(r, s, words[1:])
		}
	}
	return fmt.Errorf("undefined step: %s", s.text)
}

func (r *run) givenGraph(_ step, words []string) error {
	start := r.named[words[0]]
	if start == nil {
		return fmt.Errorf("no named graph %s", words[0])
	}
	r.session = r.engine.open(start)
	return nil
}

func (r *run) havingExecuted(s step, _ []string) error {
	if result := r.session.run(s.doc, r.parameters, r.procedures); result.failure != nil {
		r.result = result
		return fmt.Errorf("preparing the graph: %s", result.failure)
	}
	return nil
}

func (r *run) givenParameters(s step, _ []string) error {
	for _, row := range s.rows {
		c, err := parseCell(row[1])
		if err != nil {
			return err
		}
		if r.parameters[row[0]], err = valueOf(c); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) givenProcedure(s step, words []string) error {
	p, err := parseProcedure(words[0], s.rows)
	if err != nil {
		return err
	}
	r.procedures[p.Name] = p
	return nil
}

func (r *run) execute(s step, _ []string) error {
	before, err := observe(r.session)
	if err != nil {
		return err
	}
	r.executed = true
	r.result = r.session.run(s.doc, r.parameters, r.procedures)
	after, err := observe(r.session)
	if err != nil {
		return err
	}
	r.effects = difference(before, after)
	return nil
}

// answered fails unless the query ran and answered rows.
func (r *run) answered() error {
	if !r.executed {
		return fmt.Errorf("no query was executed")
	}
	if r.result.failure != nil {
		return fmt.Errorf("unexpected %s", r.result.failure)
	}
	return nil
}

func results(ordered, anyListOrder bool) func(*run, step, []string) error {
	return func(r *run, s step, _ []string) error {
		if err := r.answered(); err != nil {
			return err
		}
		if !slices.Equal(r.result.columns, s.rows[0]) {
			return fmt.Errorf("columns %q, expected %q", r.result.columns, s.rows[0])
		}
		expected, err := expectedRows(s.rows[1:], anyListOrder)
		if err != nil {
			return err
		}
		actual := rowTexts(r.result.rows, anyListOrder)
		if !ordered {
			slices.Sort(expected)
			slices.Sort(actual)
		}
		if !slices.Equal(expected, actual) {
			return fmt.Errorf("rows\n  %s\nexpected\n  %s", strings.Join(actual, "\n  "), strings.Join(expected, "\n  "))
		}
		r.checks++
		return nil
	}
}

func expectedRows(table [][]string, anyListOrder bool) ([]string, error) {
	rows := make([][]cell, len(table))
	for i, texts := range table {
		for _, text := range texts {
			c, err := parseCell(text)
			if err != nil {
				return nil, err
			}
			rows[i] = append(rows[i], c)
		}
	}
	return rowTexts(rows, anyListOrder), nil
}

func rowTexts(rows [][]cell, anyListOrder bool) []string {
	texts := make([]string, len(rows))
	for i, row := range rows {
		parts := make([]string, len(row))
		for j, c := range row {
			parts[j] = c.text(anyListOrder)
		}
		texts[i] = "| " + strings.Join(parts, " | ") + " |"
	}
	return texts
}

func (r *run) resultEmpty(step, []string) error {
	if err := r.answered(); err != nil {
		return err
	}
	if len(r.result.rows) > 0 {
		return fmt.Errorf("%d rows, expected none", len(r.result.rows))
	}
	r.checks++
	return nil
}

// raised checks type, phase and detail; the kit's "any time" and "*" stand for any.
func (r *run) raised(_ step, words []string) error {
	f := r.result.failure
	typ, phase, detail := words[0], words[1], words[2]
	switch {
	case !r.executed:
		return fmt.Errorf("no query was executed")
	case f == nil:
		return fmt.Errorf("no error, expected %s at %s: %s", typ, phase, detail)
	case f.typ != typ || f.phase != phase && phase != "any time" || f.detail != detail && detail != "*":
		return fmt.Errorf("error %s, expected %s at %s: %s", f, typ, phase, detail)
	case phase == "any time" && f.phase != "compile time" && f.phase != "runtime":
		return fmt.Errorf("error %s of an unknown phase", f)
	case len(r.effects) > 0:
		return fmt.Errorf("an error that left side effects %v", r.effects)
	}
	r.checks++
	return nil
}

// sideEffects compares all kinds of side effects; those not named must be none.
func (r *run) sideEffects(s step, _ []string) error {
	if err := r.answered(); err != nil {
		return err
	}
	expected := map[string]int{}
	for _, row := range s.rows {
		n, err := strconv.Atoi(row[1])
		if err != nil || !validEffect(row[0]) {
			return fmt.Errorf("side effect %q", row)
		}
		if n != 0 {
			expected[row[0]] = n
		}
	}
	if !maps.Equal(expected, r.effects) {
		return fmt.Errorf("side effects %v, expected %v", r.effects, expected)
	}
	r.checks++
	return nil
}

func validEffect(name string) bool {
	for _, e := range effects {
		if name == "+"+e.name || name == "-"+e.name {
			return true
		}
	}
	return false
}
