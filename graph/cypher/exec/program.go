package exec

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher/ast"
	"github.com/hivellm/nexus/graph/cypher/bind"
	"github.com/hivellm/nexus/graph/cypher/plan"
	"github.com/hivellm/nexus/graph/value"
)

// program is a compiled plan. Immutable once compiled.
type program struct {
	text    string
	width   int
	root    *union
	columns []string
	out     []int
	writes  bool
	deletes bool
	params  []string
	paramAt []int
	keys    []string
	labels  []string
	types   []string
	plan    *plan.Plan
	tallies int // places of pipelines within expressions
	// profile holds the places of the operators' counters; nil unless rows are counted.
	profile map[plan.Op]int
}

// Plans keeps the programs of a query that were used last. The zero Plans is empty. Safe for any number of goroutines.
type Plans struct{ kept atomic.Pointer[[]kept] }

// maxKept is how many programs of one query are kept: one for each kind of graph that the query is asked of.
const maxKept = 8

// kept is a program with the graph it was made or last found good for, by its digest and by which of its indexes are not
// whole on this node: equal data has equal digests.
type kept struct {
	digest  graph.Digest
	unbuilt uint64
	rules   plan.Rules
	program *program
}

// program finds or makes the program for a graph: always the one that planning on it would make. What a plan looks at
// does not change the answer, so it is no part of what a transaction has read.
func (p *Plans) program(q *bind.Query, g *graph.Graph, rules plan.Rules) *program {
	g = g.Untracked()
	digest, unbuilt := g.Meta().Digest, g.UnbuiltMark()
	var before []kept
	if list := p.kept.Load(); list != nil {
		before = *list
	}
	for i := range before {
		if k := &before[i]; k.rules == rules && (k.digest == digest && k.unbuilt == unbuilt || k.program.plan.Holds(g)) {
			return k.program
		}
	}
	made := kept{digest: digest, unbuilt: unbuilt, rules: rules, program: compile(q, plan.Make(q, g, rules))}
	list := append([]kept{made}, before[:min(len(before), maxKept-1)]...)
	p.kept.Store(&list)
	return made.program
}

// Run plans, unless that was done, and runs a query. The draft may be nil for one that does not write. Errors are
// *ast.Error, *LimitError, *graph.LimitError, or the sink's.
func Run(
	ctx context.Context, q *bind.Query, plans *Plans, g *graph.Graph, d *graph.Draft, in Inputs, sink Sink,
) (Result, error) {
	return RunWith(ctx, q, plans, g, d, in, sink, plan.AllRules)
}

// RunWith is Run under a choice of plan rules; for tests.
func RunWith(
	ctx context.Context, q *bind.Query, plans *Plans, g *graph.Graph, d *graph.Draft, in Inputs, sink Sink, rules plan.Rules,
) (Result, error) {
	if q.Schema != nil {
		return runSchema(ctx, q, g, d, in.Pacer, sink)
	}
	if q.Mode == ast.ModeExplain {
		return explainPlan(plan.Make(q, g.Untracked(), rules), g, sink)
	}
	r, err := newRun(ctx, plans.program(q, g.Untracked(), rules), g, d, &in)
	if err != nil {
		return Result{}, placed(q.Text, err)
	}
	if err := r.look(); err != nil {
		return Result{}, err
	}
	if err := sink.Columns(r.program.columns); err != nil {
		return Result{}, err
	}
	out := &produce{sink: sink, slots: r.program.out, row: make([]value.Value, len(r.program.out)), hold: r.program.holds()}
	if err := r.program.root.run(r, out); err != nil {
		return Result{}, placed(q.Text, err)
	}
	if d != nil {
		if err := explain(nil, d.Check()); err != nil {
			return Result{}, placed(q.Text, err)
		}
	}
	result := Result{Stats: r.stats, Rows: out.count}
	if r.program.profile != nil {
		result.Profile, result.Plan = r.profiled()
	}
	return result, nil
}

// explainPlan answers the lines of a plan, and the plan as a tree.
func explainPlan(p *plan.Plan, g *graph.Graph, sink Sink) (Result, error) {
	if err := sink.Columns(slices.Clone(bind.ExplainColumns)); err != nil {
		return Result{}, err
	}
	rows := uint64(0)
	for text := range strings.Lines(p.String()) {
		if err := sink.Row(g, []value.Value{value.String(strings.TrimRight(text, "\n"))}); err != nil {
			return Result{}, err
		}
		rows++
	}
	return Result{Rows: rows, Plan: p.Tree(g, nil)}, nil
}

// holds tells whether rows must wait because a later part of a UNION may still write.
func (p *program) holds() bool { return p.writes && len(p.root.parts) > 1 }

// produce passes rows to the sink.
type produce struct {
	sink  Sink
	slots []int
	row   []value.Value
	count uint64
	hold  bool
	kept  buffer
}

func (o *produce) push(r *run) error {
	if len(o.slots) == 0 {
		return nil
	}
	if o.hold {
		o.kept.slots = o.slots
		return o.kept.add(r)
	}
	return o.emit(r)
}

func (o *produce) emit(r *run) error {
	o.count++
	r.rows = o.count
	if most := r.inputs.MaxRows; most > 0 && o.count > most {
		return &LimitError{Limit: "rows", Value: most}
	}
	for i, slot := range o.slots {
		o.row[i] = r.row[slot]
	}
	if err := r.step(); err != nil {
		return err
	}
	return o.sink.Row(r.fn.Graph, o.row)
}

func (o *produce) finish(r *run) error {
	if !o.hold {
		return nil
	}
	o.hold = false
	for i := range o.kept.count {
		o.kept.restore(r, i)
		if err := o.emit(r); err != nil {
			return err
		}
	}
	return nil
}
