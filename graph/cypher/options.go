package cypher

import (
	"time"

	"github.com/hivellm/nexus/graph/cypher/exec"
	"github.com/hivellm/nexus/graph/cypher/fn"
	"github.com/hivellm/nexus/graph/cypher/plan"
	"github.com/hivellm/nexus/graph/value"
)

// Options are what one run of a query gets from outside. The zero Options run a query without parameters, limits,
// clock or random numbers.
type Options struct {
	// Parameters are the statement's parameters; Params are more of them, which win. Neither may change during the run.
	Parameters *value.Map
	Params     map[string]value.Value
	// Procedures are what CALL finds; nil stands for the built-in ones.
	Procedures fn.Procedures
	// Now is the statement's moment, used for every instant that Clock leaves zero.
	Now   time.Time
	Clock fn.Clock
	// Random gives 64 random bits; without it numbers follow from Seed.
	Random func() uint64
	Seed   uint64
	Limits Limits
	// Pacer sees the run's checkpoints and may hold it up or end it; nil for none.
	Pacer exec.Pacer
}

// Limits bound one run; the time limit is the context's deadline. 0 means no limit.
type Limits struct {
	// MaxRows bounds the rows that are returned.
	MaxRows uint64
	// MaxMemoryBytes bounds what a run holds at once, as the executor estimates it.
	MaxMemoryBytes uint64
}

// Sink takes the answer. Columns is called once before the first row. A row and its graph are valid only during the
// call; g is the version that the row's entities are read in. An error ends the run.
type Sink = exec.Sink

// Stats counts what a run changed.
type Stats = exec.Stats

// PlanNode is one operator of a plan as a tree.
type PlanNode = plan.Node

// Notification tells the caller something about a run that succeeded.
type Notification struct {
	Code        string
	Severity    string
	Title       string
	Description string
}

// Summary is the end of a run that succeeded.
type Summary struct {
	Stats         Stats
	Notifications []Notification
	Rows          uint64
	// Profile is the plan with the rows that each operator passed on and how often it looked at the graph; empty without
	// PROFILE.
	Profile string
	// Plan is the plan as a tree, for EXPLAIN and PROFILE only. It is not kept with a write's outcome.
	Plan *PlanNode `msgpack:"-"`
}

func (o *Options) inputs() exec.Inputs {
	in := exec.Inputs{
		Parameters: o.Parameters, More: o.Params, Procedures: o.Procedures, Clock: o.Clock, Random: o.Random,
		Seed: o.Seed, MaxRows: o.Limits.MaxRows, MaxMemoryBytes: o.Limits.MaxMemoryBytes, Pacer: o.Pacer,
	}
	if in.Procedures == nil {
		in.Procedures = builtins
	}
	if !o.Now.IsZero() {
		now := value.Instant{EpochSeconds: o.Now.Unix(), Nano: int32(o.Now.Nanosecond())}
		if in.Clock.Statement == (value.Instant{}) {
			in.Clock.Statement = now
		}
		if in.Clock.Transaction == (value.Instant{}) {
			in.Clock.Transaction = now
		}
	}
	return in
}
