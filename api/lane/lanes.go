package lane

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/graph/cypher"
	"github.com/hivellm/nexus/raft"
	"github.com/hivellm/nexus/scripts/planted"
	"github.com/hivellm/nexus/tenancy"
)

// Bounds of a lane. A batch closes when nothing waits, at maxBatchBytes, at maxBatchJobs, or after maxBatchTime of
// running (ARCHITECTURE §3).
const (
	maxQueue      = 4096
	maxBatchJobs  = 1024
	maxBatchBytes = 4 << 20
	maxBatchTime  = 2 * time.Millisecond
)

// Config is what lanes stand on.
type Config struct {
	Machine *fsm.Machine
	Node    *raft.Node
	Logger  *slog.Logger
	// NowMs returns the host's wall clock in milliseconds: log time as this leader proposes it (R29).
	NowMs func() int64
}

// Lanes holds the lanes of the term that this node leads. Safe for concurrent use.
type Lanes struct {
	config Config

	mu       sync.Mutex // guards all below
	term     uint64     // 0 while not leading
	lanes    map[Place]*lane
	inFlight map[keptID]*ticket
	owned    sync.WaitGroup

	only sync.Mutex // held by a batch while the bug "one-global-lane" is planted
}

// keptID is the scope of a client's idempotency key (R10).
type keptID struct {
	tenant tenancy.ID
	key    string
}

// New returns lanes that are closed until Open.
func New(config Config) *Lanes {
	return &Lanes{config: config}
}

// Open opens lanes for a term that this node leads and whose TermStart its machine has applied (R1).
func (l *Lanes) Open(term uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.term == term {
		return
	}
	l.shut()
	l.term = term
	l.lanes = map[Place]*lane{}
	l.inFlight = map[keptID]*ticket{}
}

// Close ends the term's lanes: what waits in a queue did not happen; what is in the log is waited for (R2, R10).
func (l *Lanes) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shut()
}

// Wait returns when every goroutine of closed lanes has ended.
func (l *Lanes) Wait() { l.owned.Wait() }

// shut needs mu.
func (l *Lanes) shut() {
	for _, one := range l.lanes {
		one.shut()
	}
	l.term, l.lanes, l.inFlight = 0, nil, nil
}

// Term returns the term that the lanes are open for, 0 while they are closed.
func (l *Lanes) Term() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.term
}

// Run runs a job in its place's lane and waits for its answer. term is the term the request is meant for: a node takes
// it only while it leads exactly that term (R10), else ErrNotTaken. At the deadline of ctx a job that has not begun is
// withdrawn (ErrExpired), and one that is computed ends with what its query says of it; one that is in the log, or must
// wait for what is, is ErrUnknownOutcome.
func (l *Lanes) Run(ctx context.Context, term uint64, place Place, job *Job) (Result, error) {
	for {
		t, first, err := l.enqueue(ctx, term, place, job)
		if err != nil {
			return Result{}, err
		}
		if first {
			return l.await(ctx, place, t)
		}
		select { // the key is in flight: wait for the first, then ask again and find its record
		case <-t.done:
		case <-ctx.Done():
			return Result{}, ErrUnknownOutcome
		}
	}
}

func (l *Lanes) await(ctx context.Context, place Place, t *ticket) (Result, error) {
	defer l.landed(place.Tenant, t)
	select {
	case <-t.done:
	case <-ctx.Done():
		if l.withdraw(place, t) {
			t.answer(Result{}, ErrExpired)
		} else {
			select { // while it is computed, it sees its context itself, and did not happen
			case <-t.done:
			case <-t.proposed:
				t.answer(Result{}, ErrUnknownOutcome)
			}
		}
		<-t.done
	}
	return t.result, t.err
}

// enqueue puts the job in its lane's queue. first is false when another request with the same key is in flight: t is
// then that one's ticket.
func (l *Lanes) enqueue(ctx context.Context, term uint64, place Place, job *Job) (t *ticket, first bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if term == 0 || l.term != term {
		return nil, false, ErrNotTaken
	}
	if job.Kept != nil && !planted.On("in-flight-off") {
		if other, ok := l.inFlight[keptID{place.Tenant, job.Kept.Key}]; ok {
			return other, false, nil
		}
	}
	t = newTicket(ctx, job)
	if err := l.lane(place, job).push(t); err != nil {
		return nil, false, err
	}
	if job.Kept != nil {
		l.inFlight[keptID{place.Tenant, job.Kept.Key}] = t
	}
	return t, true, nil
}

// lane needs mu.
func (l *Lanes) lane(place Place, job *Job) *lane {
	key := place
	if beside(job) {
		key.Database += besideDatabase
	}
	one, ok := l.lanes[key]
	if !ok {
		one = newLane(l, place, l.term)
		one.sequence = uint64(key.Database - place.Database)
		l.lanes[key] = one
	}
	return one
}

// besideDatabase tells the lane beside a database's own one apart, and its stamps, while "ddl-beside-lane" is planted.
const besideDatabase = 1 << 30

// beside tells whether a job runs beside its lane: none, but with the bug "ddl-beside-lane" planted.
func beside(job *Job) bool {
	return planted.On("ddl-beside-lane") && job.Query != nil && job.Query.Kind() == cypher.KindSchemaWrite
}

func (l *Lanes) landed(tenant tenancy.ID, t *ticket) {
	if t.job.Kept == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	id := keptID{tenant, t.job.Kept.Key}
	if l.inFlight[id] == t {
		delete(l.inFlight, id)
	}
}

func (l *Lanes) withdraw(place Place, t *ticket) bool {
	l.mu.Lock()
	one := l.lanes[place]
	l.mu.Unlock()
	return one != nil && one.remove(t)
}
