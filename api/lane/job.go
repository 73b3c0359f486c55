package lane

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher"
	"github.com/hivellm/nexus/graph/value"
	"github.com/hivellm/nexus/tenancy"
)

// Errors of a lane that speak of the cluster, not of the query.
var (
	// ErrNotTaken says that nothing of the write is or will be in the log by this node, which does not lead the term it is
	// meant for (any more): it may run where the leader is.
	ErrNotTaken = errors.New("this node does not lead the term the write is meant for")
	// ErrNoLeader says that the write was begun and did not happen: leadership of its term ended.
	ErrNoLeader = errors.New("the write did not happen: leadership of its term ended")
	// ErrUnknownOutcome says that the write may or may not have been applied.
	ErrUnknownOutcome = errors.New("the outcome of the write is unknown")
	// ErrQueueFull says that the lane's queue has reached its bound.
	ErrQueueFull = errors.New("too many writes wait for this database")
	// ErrConflict says that what a transaction read was changed since it began: it did not happen.
	ErrConflict = errors.New("what the transaction read was changed since it began")
	// ErrExpired says that the write did not run: its deadline passed while it waited.
	ErrExpired = errors.New("the deadline passed before the write ran")
)

// Place names a tenant's database: the unit a lane belongs to.
type Place struct {
	Tenant   tenancy.ID
	Database tenancy.DatabaseID
}

// Job is one write, admitted and prepared.
type Job struct {
	// Query is prepared text that can write, or data definition; nil for a job with Draft.
	Query *cypher.Query
	// Draft makes a transaction's changes on the version it gets, as the version of the given stamp. It is called in the
	// lane's goroutine, each time the job is run, and is for jobs with Kept.
	Draft func(on *graph.Graph, stamp graph.Stamp) (*graph.Draft, cypher.Summary, error)
	// Unused is what is left of the blocks that were reserved for Draft; the lane may give it to others.
	Unused [2]graph.Block
	// Options carry parameters, the statement's time and the limits of the tenant.
	Options cypher.Options
	// Request is the id that watches and replays know this write by. Never zero.
	Request fsm.RequestID
	// Kept is set for a client's own idempotency key.
	Kept *fsm.Kept
	// Encode appends one row, as it goes to the client, to dst. It is called in the lane's goroutine.
	Encode func(dst []byte, g *graph.Graph, row []value.Value) ([]byte, error)

	reservation *reservation
	returns     bool // it only gives Unused back
}

// Result is what a write left behind. Rows are as Job.Encode made them.
type Result struct {
	Columns  []string
	Rows     [][]byte
	Summary  cypher.Summary
	Index    uint64
	Replayed bool
	// Compute is how long the query ran, the last time it did; 0 of a replay.
	Compute time.Duration
}

// ticket is a job on its way through a lane. done is closed once, after result and err are final.
type ticket struct {
	ctx  context.Context
	job  *Job
	done chan struct{}
	// proposed is closed before anything that the answer waits for goes to the log.
	proposed chan struct{}

	commits sync.Once // closes proposed: a job may be run again
	once    sync.Once
	result  Result
	err     error
}

func newTicket(ctx context.Context, job *Job) *ticket {
	return &ticket{ctx: ctx, job: job, done: make(chan struct{}), proposed: make(chan struct{})}
}

// committing says that the outcome is the log's from now on.
func (t *ticket) committing() { t.commits.Do(func() { close(t.proposed) }) }

func (t *ticket) answer(result Result, err error) {
	t.once.Do(func() {
		t.result, t.err = result, err
		close(t.done)
	})
}
