package tx

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/hivellm/nexus/graph/cypher"
	"github.com/hivellm/nexus/tenancy"
)

// Bounds of INTERFACE.
const (
	// MaxOpen is how many transactions a tenant may have open at once.
	MaxOpen = 16
	// DefaultIdle and MaxIdle are how long one may wait for its next step.
	DefaultIdle = 30 * time.Second
	MaxIdle     = 300 * time.Second
	// maxRemembered bounds what is remembered of ended ones; the oldest are forgotten.
	maxRemembered = 4096
)

var (
	// ErrTooMany says that a tenant has as many transactions open as it may.
	ErrTooMany = errors.New("the tenant has as many transactions open as one may have")
	// ErrGone says that a transaction is not open here: Table.Ended may tell why.
	ErrGone = errors.New("the transaction is not open here")
)

// EndKind is how a transaction ended.
type EndKind uint8

// The kinds of ends.
const (
	// RolledBack: its client gave it up.
	RolledBack EndKind = iota + 1
	// Committed: what it did is applied, or it only read.
	Committed
	// Refused: its commit was refused by something that is remembered under its id.
	Refused
	// Lost: expired, or in conflict; nothing of it was applied.
	Lost
	// Uncertain: it expired while its commit's outcome was not known.
	Uncertain
)

// End is what is remembered of one.
type End struct {
	Kind EndKind
	// Index and Stats are of one that was committed and only read.
	Index uint64
	Stats cypher.Stats
}

// Table holds the open transactions of the term that this node leads. Safe for concurrent use.
type Table struct {
	mu     sync.Mutex // guards all below
	term   uint64     // 0 while closed
	open   map[string]*Transaction
	counts map[tenancy.ID]int
	ended  map[string]End
	order  []string // of ended, oldest first
}

// NewTable returns a table that is closed until Open.
func NewTable() *Table { return &Table{} }

// Open opens the table for a term.
func (t *Table) Open(term uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.term == term {
		return
	}
	t.shut()
	t.term = term
	t.open, t.counts, t.ended = map[string]*Transaction{}, map[tenancy.ID]int{}, map[string]End{}
}

// Close ends all transactions: leadership has moved, or the node stops. A step that runs ends by itself.
func (t *Table) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.shut()
}

// shut needs mu.
func (t *Table) shut() {
	for _, one := range t.open {
		one.idle.Stop()
	}
	t.term, t.open, t.counts, t.ended, t.order = 0, nil, nil, nil, nil
}

// Begin takes a transaction in; ErrGone where the table is not open for its term, ErrTooMany.
func (t *Table) Begin(one *Transaction) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch tenant := one.place.Tenant; {
	case t.term == 0 || t.term != one.id.Term:
		return ErrGone
	case t.counts[tenant] >= MaxOpen:
		return ErrTooMany
	default:
		t.counts[tenant]++
	}
	t.open[one.id.Text] = one
	one.idle = time.AfterFunc(one.idleFor, func() { t.expire(one) })
	return nil
}

// Take waits for a transaction's turn and begins a step; Release or End must follow. ErrGone where it is not open here,
// or ended while this waited.
func (t *Table) Take(ctx context.Context, id ID) (*Transaction, error) {
	one := t.enter(id)
	if one == nil {
		return nil, ErrGone
	}
	select {
	case one.turn <- struct{}{}:
	case <-ctx.Done():
		t.leave(one)
		return nil, context.Cause(ctx)
	}
	if t.holds(one) {
		return one, nil
	}
	t.Release(one)
	return nil, ErrGone
}

// enter counts a step and stops the idle clock.
func (t *Table) enter(id ID) *Transaction {
	t.mu.Lock()
	defer t.mu.Unlock()
	one := t.open[id.Text]
	if one != nil {
		one.steps++
		one.idle.Stop()
	}
	return one
}

func (t *Table) leave(one *Transaction) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if one.steps--; one.steps == 0 && t.open[one.id.Text] == one {
		one.idle.Reset(one.idleFor)
	}
}

func (t *Table) holds(one *Transaction) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.open[one.id.Text] == one
}

// Release ends a step; the transaction goes on.
func (t *Table) Release(one *Transaction) {
	<-one.turn
	t.leave(one)
}

// End ends a step and the transaction with it.
func (t *Table) End(one *Transaction, end End) {
	t.mu.Lock()
	t.remove(one, end)
	t.mu.Unlock()
	t.Release(one)
}

// expire ends a transaction that waited too long for its next step.
func (t *Table) expire(one *Transaction) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if one.steps > 0 {
		return
	}
	end := End{Kind: Lost}
	if one.committing {
		end.Kind = Uncertain
	}
	t.remove(one, end)
}

// remove needs mu. One that is no longer in the table leaves no memory: its term is over.
func (t *Table) remove(one *Transaction, end End) {
	text := one.id.Text
	if t.open[text] != one {
		return
	}
	one.idle.Stop()
	delete(t.open, text)
	if t.counts[one.place.Tenant]--; t.counts[one.place.Tenant] == 0 {
		delete(t.counts, one.place.Tenant)
	}
	if len(t.order) >= maxRemembered {
		delete(t.ended, t.order[0])
		t.order = t.order[1:]
	}
	t.ended[text] = end
	t.order = append(t.order, text)
}

// Ended tells how a transaction of the table's term ended, where that is still remembered.
func (t *Table) Ended(id ID) (End, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	end, ok := t.ended[id.Text]
	return end, ok
}

// Count is how many transactions are open, of all tenants.
func (t *Table) Count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.open)
}

// Term is the term the table is open for, 0 while it is closed.
func (t *Table) Term() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.term
}
