package tx

import (
	"context"
	"sync"
	"time"

	"github.com/hivellm/nexus/tenancy"
)

// Bounds of INTERFACE and of this node.
const (
	// MaxOpen is how many transactions a tenant may have open at once.
	MaxOpen = 16
	// DefaultIdle and MaxIdle are how long one may wait for its next step.
	DefaultIdle = 30 * time.Second
	MaxIdle     = 300 * time.Second
	// MaxAge is how long one may be open: for as long as its id tells what became of it (R14).
	MaxAge = 10 * time.Minute
	// maxOpenNode is how many a node holds, of all tenants.
	maxOpenNode = 1024
	// maxSteps is how many steps of one transaction may run or wait at once.
	maxSteps = 16
)

// Table holds the open transactions of the term that this node leads. Safe for concurrent use.
type Table struct {
	mu      sync.Mutex // guards all below
	term    uint64     // 0 while closed
	open    map[string]*Transaction
	tenants map[tenancy.ID]*holding
	bytes   int // of all
	ended   map[string]End
}

// holding is what the table keeps for one tenant.
type holding struct {
	open, bytes int
	ended       []string // oldest first
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
	t.open, t.tenants, t.ended = map[string]*Transaction{}, map[tenancy.ID]*holding{}, map[string]End{}
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
		one.clock.Stop()
		one.release()
	}
	t.term, t.open, t.tenants, t.bytes, t.ended = 0, nil, nil, 0, nil
}

// Begin takes a transaction in; ErrGone where the table is not open for its term, ErrTooMany, ErrNodeFull.
func (t *Table) Begin(one *Transaction) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.term == 0 || t.term != one.id.Term {
		return ErrGone
	}
	mine := t.of(one.place.Tenant)
	switch {
	case mine.open >= MaxOpen:
		return ErrTooMany
	case len(t.open) >= maxOpenNode:
		return ErrNodeFull
	}
	mine.open++
	t.open[one.id.Text] = one
	one.table, one.ends = t, time.Now().Add(MaxAge)
	one.until = time.Now().Add(one.idleFor)
	one.clock = time.AfterFunc(one.idleFor, func() { t.expire(one) })
	return nil
}

// of needs mu.
func (t *Table) of(tenant tenancy.ID) *holding {
	mine := t.tenants[tenant]
	if mine == nil {
		mine = &holding{}
		t.tenants[tenant] = mine
	}
	return mine
}

// Take waits for a transaction's turn and begins a step; Release or End must follow. ErrGone where it is not open here,
// or ended while this waited; ErrBusy where too many steps wait already.
func (t *Table) Take(ctx context.Context, id ID) (*Transaction, error) {
	one, err := t.enter(id)
	if err != nil {
		return nil, err
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

// enter counts a step and stops the clock. One that is too old ends here, whatever runs in it, unless its commit has
// begun.
func (t *Table) enter(id ID) (*Transaction, error) {
	t.mu.Lock()
	one := t.open[id.Text]
	switch {
	case one == nil:
		t.mu.Unlock()
		return nil, ErrGone
	case one.steps >= maxSteps:
		t.mu.Unlock()
		return nil, ErrBusy
	}
	one.steps++
	one.clock.Stop()
	old := !one.committing && !time.Now().Before(one.ends)
	if old {
		t.remove(one, End{Kind: Lost, Err: &ExpiredError{After: MaxAge}})
	}
	t.mu.Unlock()
	if old {
		t.leave(one)
		return nil, ErrGone
	}
	return one, nil
}

// leave ends what enter began. The last step of one that is no longer open gives its ids back: nobody else touches it
// any more.
func (t *Table) leave(one *Transaction) {
	t.mu.Lock()
	one.steps--
	last, open := one.steps == 0, t.open[one.id.Text] == one
	if last && open {
		t.rest(one)
	}
	t.mu.Unlock()
	if last && !open {
		one.returnIDs()
	}
}

// rest needs mu: it starts the clock of one in which no step is. One whose commit has begun is kept for as long as it
// may be: the same commit, sent again, finds out what became of it.
func (t *Table) rest(one *Transaction) {
	wait := max(time.Until(one.ends), 0)
	if !one.committing {
		wait = min(wait, one.idleFor)
	}
	one.until = time.Now().Add(wait)
	one.clock.Reset(wait)
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

// expire ends a transaction that waited too long for its next step, or is too old.
func (t *Table) expire(one *Transaction) {
	t.mu.Lock()
	if one.steps > 0 || t.open[one.id.Text] != one || time.Now().Before(one.until) { // a step runs, or came and went
		t.mu.Unlock()
		return
	}
	end := End{Kind: Lost, Err: &ExpiredError{After: one.idleFor, Idle: true}}
	switch {
	case one.committing:
		end = End{Kind: Uncertain}
	case !time.Now().Before(one.ends):
		end.Err = &ExpiredError{After: MaxAge}
	}
	t.remove(one, end)
	t.mu.Unlock()
	one.returnIDs()
}

// remove needs mu. One that is no longer in the table leaves no memory: its term is over, or it has ended before.
func (t *Table) remove(one *Transaction, end End) {
	text := one.id.Text
	if t.open[text] != one {
		return
	}
	one.clock.Stop()
	one.release()
	delete(t.open, text)
	mine := t.of(one.place.Tenant)
	mine.open--
	t.count(mine, one, 0)
	t.remember(mine, text, end)
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
