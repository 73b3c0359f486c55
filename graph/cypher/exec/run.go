package exec

import (
	"context"
	"fmt"
	"time"
	"unsafe"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher/fn"
	"github.com/hivellm/nexus/graph/cypher/plan"
	"github.com/hivellm/nexus/graph/value"
)

// Inputs are what a run gets from outside.
type Inputs struct {
	Parameters     *value.Map
	More           map[string]value.Value
	Procedures     fn.Procedures
	Clock          fn.Clock
	Random         func() uint64
	Seed           uint64
	MaxRows        uint64
	MaxMemoryBytes uint64
	Pacer          Pacer
}

// Sink takes the answer. Columns is called once before the first row. A row and its graph are valid only during the
// call; g is the version that the row's entities are read in. An error ends the run.
type Sink interface {
	Columns(names []string) error
	Row(g *graph.Graph, row []value.Value) error
}

// Stats counts what a run changed.
type Stats struct {
	NodesCreated, NodesDeleted                 uint64
	RelationshipsCreated, RelationshipsDeleted uint64
	PropertiesSet                              uint64
	LabelsAdded, LabelsRemoved                 uint64
	IndexesAdded, IndexesRemoved               uint64
	ConstraintsAdded, ConstraintsRemoved       uint64
}

// Result is the end of a run that succeeded.
type Result struct {
	Stats Stats
	Rows  uint64
	// Profile is the plan with counts of rows and hits, for PROFILE only.
	Profile string
	// Plan is the plan as a tree, for EXPLAIN and PROFILE only.
	Plan *plan.Node
}

// LimitError says that a run reached a limit: "time", "rows" or "memory". Value is the limit, 0 for time, where the
// limit is the context's deadline, or whatever else ended the context or was the pacer's reason.
type LimitError struct {
	Limit string
	Value uint64
	// Cause is the context's cause or what the pacer said, for time.
	Cause error
}

// Error implements error.
func (e *LimitError) Error() string {
	if e.Limit == "time" {
		return "the query reached its time limit or was cancelled"
	}
	return fmt.Sprintf("the query reached its limit of %d (%s)", e.Value, e.Limit)
}

// Unwrap returns the cause.
func (e *LimitError) Unwrap() error { return e.Cause }

// valueBytes is the size of one slot.
const valueBytes = int64(unsafe.Sizeof(value.Value{}))

// run is one execution. It belongs to one goroutine.
type run struct {
	ctx      context.Context
	program  *program
	row      []value.Value
	fn       fn.Context
	draft    *graph.Draft
	nodes    graph.NodeReader // on the version that is read; of use without a draft, where that never changes
	inputs   *Inputs
	params   []value.Value
	keys     []int64 // ids of the program's property keys, -1 while unknown
	labels   []int64
	types    []int64
	stats    Stats
	counts   []measure       // by the places of program.profile; nil unless rows are counted
	current  int             // the place whose operator is at work
	tallies  []*tally        // by the places of program.tallies
	done     <-chan struct{} // the context's
	stride   stride
	rows     uint64 // answered
	memory   int64
	seed     uint64
	courtesy Courtesy
}

func newRun(ctx context.Context, p *program, g *graph.Graph, d *graph.Draft, in *Inputs) (*run, error) {
	r := &run{ctx: ctx, done: ctx.Done(), program: p, draft: d, nodes: graph.NewNodeReader(g), inputs: in, seed: in.Seed, row: make([]value.Value, p.width)}
	tokens := make([]int64, len(p.keys)+len(p.labels)+len(p.types))
	for i := range tokens {
		tokens[i] = -1
	}
	r.keys, tokens = tokens[:len(p.keys)], tokens[len(p.keys):]
	r.labels, r.types = tokens[:len(p.labels)], tokens[len(p.labels):]
	if p.profile != nil {
		r.counts = make([]measure, len(p.profile)+1)
		r.current = len(p.profile)
	}
	r.fn = fn.Context{Graph: g, Before: g, Clock: in.Clock, Random: in.Random, Budget: r}
	if r.fn.Random == nil {
		r.fn.Random = r.random
	}
	return r, r.bindParameters(p, in)
}

func (r *run) bindParameters(p *program, in *Inputs) error {
	if len(p.params) == 0 {
		return nil
	}
	r.params = make([]value.Value, len(p.params))
	for i, name := range p.params {
		v, ok := in.More[name]
		if !ok {
			v, ok = in.Parameters.Lookup(name)
		}
		if !ok {
			return missingParameter(name, p.paramAt[i])
		}
		r.params[i] = v
	}
	return nil
}

// random is splitmix64 over the seed.
func (r *run) random() uint64 {
	r.seed += 0x9e3779b97f4a7c15
	z := r.seed
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (r *run) graph() *graph.Graph { return r.fn.Graph }

// see makes a version the one that what follows reads.
func (r *run) see(g *graph.Graph) { r.fn.Graph = g }

// step counts work. The end of the context is seen at every step, for a step may be a long one; now and then there is a
// checkpoint.
func (r *run) step() error {
	select {
	case <-r.done:
		return r.look()
	default:
	}
	if r.stride.left > 1 {
		r.stride.left--
		return nil
	}
	return r.look()
}

func (r *run) look() error {
	now := time.Now()
	r.stride.next(now)
	return checkpoint(r.ctx, now, &r.courtesy, r.inputs.Pacer, r.rows, r.memory)
}

// hold accounts for memory that is kept until release.
func (r *run) hold(bytes int64) error {
	r.memory += bytes
	return r.within(0)
}

func (r *run) release(bytes int64) { r.memory -= bytes }

// forget goes back to what was held before something that was left early, and so could not release what it held.
func (r *run) forget(before int64) { r.memory = before }

func (r *run) within(more int64) error {
	if most := r.inputs.MaxMemoryBytes; most > 0 && uint64(r.memory+more) > most {
		return &LimitError{Limit: "memory", Value: most}
	}
	return nil
}

// Charge implements fn.Budget: what functions build lives as long as the row that holds it, so it must fit beside what
// is held now.
func (r *run) Charge(bytes int64) error {
	if err := r.step(); err != nil {
		return err
	}
	return r.within(bytes)
}

func (r *run) key(i int) (graph.PropertyKey, bool) {
	if id := r.keys[i]; id >= 0 {
		return graph.PropertyKey(id), true
	}
	id, ok := r.fn.Graph.PropertyKey(r.program.keys[i])
	if ok {
		r.keys[i] = int64(id)
	}
	return id, ok
}

func (r *run) label(i int) (graph.Label, bool) {
	if id := r.labels[i]; id >= 0 {
		return graph.Label(id), true
	}
	id, ok := r.fn.Graph.Label(r.program.labels[i])
	if ok {
		r.labels[i] = int64(id)
	}
	return id, ok
}

func (r *run) typ(i int) (graph.Type, bool) {
	if id := r.types[i]; id >= 0 {
		return graph.Type(id), true
	}
	id, ok := r.fn.Graph.Type(r.program.types[i])
	if ok {
		r.types[i] = int64(id)
	}
	return id, ok
}
