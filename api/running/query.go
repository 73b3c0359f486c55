package running

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/hivellm/nexus/tenancy"
)

// Spec is what is told of a query when it begins.
type Spec struct {
	Tenant   tenancy.ID
	Database tenancy.DatabaseID
	// KeyID and AuthVersion name the key that asks and its record; Function is what it asks for.
	KeyID       string
	AuthVersion uint64
	Function    tenancy.Function
	// DatabaseName is for people. Fingerprint is called when somebody lists what runs.
	DatabaseName string
	Fingerprint  func() string
	// Forwarded says that another node sent it.
	Forwarded bool
}

// State is what a query does now.
type State uint32

// The states.
const (
	// Waiting: for a place, for the leader, for this node to have caught up, for its lane.
	Waiting State = iota
	// Running: it is evaluated here.
	Running
	// Paused: it waits for its turn.
	Paused
	// Elsewhere: another node runs it, lists it, and can end it.
	Elsewhere
)

// String implements fmt.Stringer.
func (s State) String() string {
	return [...]string{"waiting", "running", "paused", "elsewhere"}[s]
}

// Reasons why a query was ended from outside.
var (
	// ErrKilled says that an administrator ended it.
	ErrKilled = errors.New("the query was killed by an administrator")
	// ErrFull says that the tenant's queue on this node is full.
	ErrFull = errors.New("the tenant has as many queries under way on this node as it may have")
	// ErrMemory says that all queries of this node together hold what they may, and that this one's tenant holds more
	// than its part.
	ErrMemory = errors.New("the queries under way on this node hold as much memory as they may")
)

// Query is one query under way. Pace and Set belong to whoever evaluates it; the rest may be called from anywhere.
type Query struct {
	spec    Spec
	number  uint64
	started time.Time
	table   *Table
	tenant  *tenant
	context context.Context
	cancel  context.CancelCauseFunc

	state        atomic.Uint32
	rows, memory atomic.Int64
	seen         atomic.Int64 // when it paced last, nanoseconds since started
	long         atomic.Bool  // it has asked for a turn

	// Guarded by the table's turns:
	turn      bool
	turnSince time.Time

	// The rest belongs to who evaluates.
	last time.Time     // the last checkpoint
	used time.Duration // how long it ran
}

// Set says what the query does now.
func (q *Query) Set(s State) { q.state.Store(uint32(s)) }

// Ended is the reason why the query was told to end, nil while it was not.
func (q *Query) Ended() error { return context.Cause(q.context) }

const (
	// longAfter is how long a run goes on without a turn.
	longAfter = 20 * time.Millisecond
	// idleAfter is how long a checkpoint may be away before what lies between is taken for waiting, not running: for a
	// lane, for a client that takes rows slowly.
	idleAfter = 100 * time.Millisecond
)

// Pace is a checkpoint: it notes the progress and returns when the query may go on. The error is the reason to end. rows
// is what was answered so far, memory the bytes that are held.
func (q *Query) Pace(rows uint64, memory int64) error {
	if err := context.Cause(q.context); err != nil {
		return err
	}
	now := time.Now()
	q.rows.Store(int64(rows))
	if q.State() != Running {
		q.Set(Running)
	}
	if err := q.table.hold(q, memory); err != nil {
		return err
	}
	step := now.Sub(q.last)
	if q.last.IsZero() || step > idleAfter {
		step = 0
	}
	q.last = now
	q.seen.Store(int64(now.Sub(q.started)))
	q.used += step
	if heavy := q.tenant.use(now, step); !heavy && q.used < longAfter {
		return nil
	}
	q.long.Store(true)
	err := q.table.turns.take(q, now)
	q.last = time.Now() // the wait was no running
	return err
}

// State tells what the query does now.
func (q *Query) State() State { return State(q.state.Load()) }

// End gives back what the query holds. It is called once.
func (q *Query) End() { q.table.end(q) }

// Info is what is told of a query under way.
type Info struct {
	Number      uint64
	Tenant      tenancy.ID
	KeyID       string
	Function    tenancy.Function
	Database    string
	Fingerprint string
	Started     time.Time
	State       State
	Forwarded   bool
	// Rows were answered and MemoryBytes held at the last checkpoint.
	Rows, MemoryBytes int64
}

func (q *Query) info() Info {
	return Info{
		Number: q.number, Tenant: q.spec.Tenant, KeyID: q.spec.KeyID, Function: q.spec.Function, Database: q.spec.DatabaseName,
		Fingerprint: q.spec.Fingerprint(), Started: q.started, State: q.State(), Forwarded: q.spec.Forwarded,
		Rows: q.rows.Load(), MemoryBytes: q.memory.Load(),
	}
}
