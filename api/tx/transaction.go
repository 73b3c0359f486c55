package tx

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hivellm/nexus/api/lane"
	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher"
	"github.com/hivellm/nexus/graph/value"
)

// Bounds of one transaction.
const (
	// MaxBytes is what one may hold in memory, as it is estimated.
	MaxBytes = 64 << 20
	// MaxBusy is how long its statements may run, together.
	MaxBusy = 60 * time.Second
	// bytesPerOperation is what an operation's copied pages take, at most and roughly.
	bytesPerOperation = 1 << 10
)

// LimitError says which bound of a transaction a statement met. The statement was taken back; the transaction goes on.
type LimitError struct{ What string }

// Error implements error.
func (e *LimitError) Error() string { return "the transaction reached its limit of " + e.What }

// ErrEnding says that a transaction whose commit was begun takes no more statements.
var ErrEnding = errors.New("the transaction's commit has begun")

// Spec is what a transaction begins with.
type Spec struct {
	ID    ID
	Place lane.Place
	// Database is the name of the place's database.
	Database string
	// ReadOnly transactions refuse statements that write and propose nothing.
	ReadOnly bool
	// Idle is how long it may wait for its next step; 0 = DefaultIdle.
	Idle time.Duration
	// Base is the applied version it begins on, and Index the log's at which a strong read saw it.
	Base  *graph.Graph
	Index uint64
	// Release lets go of what keeps Base in memory; called once, when the table forgets the transaction. May be nil.
	Release func()
	// Reserve reserves ids in the lane.
	Reserve func(ctx context.Context, kind graph.EntityKind, count uint64) (graph.Block, error)
	// GiveBack returns to the lane what is left of the last blocks of one that does not commit. It must not wait.
	GiveBack func(unused [2]graph.Block)
	// Now is the moment it began: what transaction clocks show.
	Now time.Time
}

// Transaction is one open transaction. Between Table.Take and Release or End it belongs to whoever took it.
type Transaction struct {
	id       ID
	place    lane.Place
	database string
	readOnly bool
	idleFor  time.Duration
	base     *graph.Graph
	index    uint64
	release  func()
	began    value.Instant

	turn chan struct{} // holds one while a step runs

	table *Table // written by Table.Begin
	// Guarded by the table:
	clock *time.Timer // runs while no step does
	until time.Time   // when the clock ends
	ends  time.Time   // when it is too old
	steps int         // those that run or wait
	held  int         // bytes that it counts for

	// The rest belongs to the step that runs.
	draft      *graph.Draft   // nil for one that only reads
	reads      *graph.ReadSet // of the draft
	reserve    func(ctx context.Context, kind graph.EntityKind, count uint64) (graph.Block, error)
	giveBack   func(unused [2]graph.Block)
	reserved   [2]uint64       // size of the last block, by kind
	statement  context.Context // of the statement that runs
	busy       time.Duration
	stats      cypher.Stats
	committing bool // written with the turn and the table's lock
	arrivedMs  int64
}

// New makes a transaction; Table.Begin opens it.
func New(s Spec) *Transaction {
	if s.Idle == 0 {
		s.Idle = DefaultIdle
	}
	t := &Transaction{
		id: s.ID, place: s.Place, database: s.Database, readOnly: s.ReadOnly, idleFor: min(s.Idle, MaxIdle),
		base: s.Base, index: s.Index, release: s.Release, began: value.Instant{EpochSeconds: s.Now.Unix(), Nano: int32(s.Now.Nanosecond())},
		turn: make(chan struct{}, 1), reserve: s.Reserve, giveBack: s.GiveBack,
	}
	if t.release == nil {
		t.release = func() {}
	}
	if !s.ReadOnly {
		t.draft = graph.NewDraft(s.Base, s.Base.Stamp(), graph.DraftLimits{MaxOperations: lane.MaxOperations, MaxBytes: lane.MaxCommandBytes})
		t.draft.UseBlocks(t.block)
		t.reads = t.draft.Track()
	}
	return t
}

// ID names it.
func (t *Transaction) ID() ID { return t.id }

// Place is the tenant's database it is in, Database that one's name.
func (t *Transaction) Place() lane.Place { return t.place }

// Database is the name of its database.
func (t *Transaction) Database() string { return t.database }

// ReadOnly tells whether it refuses to write.
func (t *Transaction) ReadOnly() bool { return t.readOnly }

// Idle is how long it may wait for its next step.
func (t *Transaction) Idle() time.Duration { return t.idleFor }

// Index is the log's index at which a strong read saw the version it began on.
func (t *Transaction) Index() uint64 { return t.index }

// Committing tells whether a commit of it was begun.
func (t *Transaction) Committing() bool { return t.committing }

// Stats counts what its statements changed.
func (t *Transaction) Stats() cypher.Stats { return t.stats }

// firstBlock and lastBlock are how many ids are reserved at first and at most at once: each block is twice the last.
const (
	firstBlock = 8
	lastBlock  = 8192
)

// block reserves the draft's next ids.
func (t *Transaction) block(kind graph.EntityKind) (graph.Block, error) {
	size := min(max(2*t.reserved[kind], firstBlock), lastBlock)
	block, err := t.reserve(t.statement, kind, size)
	if expired := t.statement.Err(); err != nil && expired != nil {
		err = expired // what became of a reservation is nobody's business
	}
	if err != nil {
		return graph.Block{}, fmt.Errorf("reserve ids: %w", err)
	}
	t.reserved[kind] = size
	return block, nil
}

// Run runs one statement; one that fails leaves the transaction as it was. Errors are those of cypher.Write, of
// reserving, a *LimitError, ErrNodeFull and ErrEnding.
func (t *Transaction) Run(ctx context.Context, q *cypher.Query, opts cypher.Options, sink cypher.Sink) (cypher.Summary, error) {
	switch {
	case t.committing:
		return cypher.Summary{}, ErrEnding
	case t.busy >= MaxBusy:
		return cypher.Summary{}, &LimitError{fmt.Sprintf("%v of running", MaxBusy)}
	}
	ctx, cancel := context.WithTimeout(ctx, MaxBusy-t.busy)
	defer cancel()
	started := time.Now()
	defer func() { t.busy += time.Since(started) }()
	opts.Clock.Transaction = t.began
	if t.readOnly {
		return guarded(func() (cypher.Summary, error) { return cypher.Read(ctx, q, t.base, opts, sink) })
	}
	return t.write(ctx, q, opts, sink)
}

func (t *Transaction) write(ctx context.Context, q *cypher.Query, opts cypher.Options, sink cypher.Sink) (cypher.Summary, error) {
	t.statement = ctx
	defer func() { t.statement = nil }()
	saved := t.draft.Savepoint()
	summary, err := guarded(func() (cypher.Summary, error) { return cypher.Write(ctx, q, t.draft, opts, sink) })
	if err == nil {
		err = t.fits()
	}
	if err != nil {
		t.draft.RollbackTo(saved)
		t.table.note(t, t.bytes()) // what it read stays noted
		return cypher.Summary{}, err
	}
	addStats(&t.stats, summary.Stats)
	return summary, nil
}

// guarded makes an error of a panic: it is one statement's and nobody else's.
func guarded(run func() (cypher.Summary, error)) (summary cypher.Summary, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("evaluate in a transaction: panic: %v", p)
		}
	}()
	return run()
}

// fits tells whether the transaction may hold what it holds now, and counts it.
func (t *Transaction) fits() error {
	if t.bytes() > MaxBytes {
		return &LimitError{fmt.Sprintf("%d MiB of memory", MaxBytes>>20)}
	}
	return t.table.hold(t, t.bytes())
}

// bytes estimates what the transaction holds.
func (t *Transaction) bytes() int {
	return t.draft.Bytes() + t.draft.Operations()*bytesPerOperation + t.reads.Bytes()
}

func addStats(to *cypher.Stats, s cypher.Stats) {
	for _, f := range []struct {
		to *uint64
		n  uint64
	}{
		{&to.NodesCreated, s.NodesCreated}, {&to.NodesDeleted, s.NodesDeleted},
		{&to.RelationshipsCreated, s.RelationshipsCreated}, {&to.RelationshipsDeleted, s.RelationshipsDeleted},
		{&to.PropertiesSet, s.PropertiesSet}, {&to.LabelsAdded, s.LabelsAdded}, {&to.LabelsRemoved, s.LabelsRemoved},
		{&to.IndexesAdded, s.IndexesAdded}, {&to.IndexesRemoved, s.IndexesRemoved},
		{&to.ConstraintsAdded, s.ConstraintsAdded}, {&to.ConstraintsRemoved, s.ConstraintsRemoved},
	} {
		*f.to += f.n
	}
}
