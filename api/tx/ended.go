package tx

import (
	"errors"
	"fmt"
	"time"

	"github.com/hivellm/nexus/graph/cypher"
)

var (
	// ErrTooMany says that a tenant has as many transactions open as it may.
	ErrTooMany = fmt.Errorf("the tenant has %d transactions open, as many as one may have: commit one or roll it back", MaxOpen)
	// ErrNodeFull says that a node holds as many transactions, or as much of them, as it may.
	ErrNodeFull = errors.New("this node holds as much of open transactions as it may: try again in a moment")
	// ErrBusy says that too many steps of one transaction wait for their turn.
	ErrBusy = fmt.Errorf("%d requests for this transaction run or wait already: send one after the other", maxSteps)
	// ErrGone says that a transaction is not open here: Table.Ended may tell why.
	ErrGone = errors.New("the transaction is not open here")
	// ErrEnded says that a transaction was ended by its client or by its commit's refusal.
	ErrEnded = errors.New("the transaction has ended")
	// ErrLost says that a transaction is gone with the term of its leader and that nothing of it was applied.
	ErrLost = errors.New("the transaction is gone: leadership moved. Nothing of it was applied: begin again")
)

// ExpiredError says that a transaction was given up because of its age, or because it was idle. Nothing of it was
// applied.
type ExpiredError struct {
	After time.Duration
	// Idle tells that it waited for its next step; else it was open for that long.
	Idle bool
}

// Error implements error.
func (e *ExpiredError) Error() string {
	what := "was open for longer than"
	if e.Idle {
		what = "waited for its next step for longer than"
	}
	return fmt.Sprintf("the transaction %s %v and was rolled back: begin again", what, e.After)
}

// EndKind is how a transaction ended.
type EndKind uint8

// The kinds of ends.
const (
	// RolledBack: its client gave it up.
	RolledBack EndKind = iota + 1
	// Committed: what it did is applied, or it only read.
	Committed
	// Refused: its commit was refused; nothing of it was applied.
	Refused
	// Lost: expired, in conflict, or gone with its term; nothing of it was applied.
	Lost
	// Uncertain: it became too old while its commit's outcome was not known.
	Uncertain
)

// End is what is remembered of one.
type End struct {
	Kind EndKind
	// Err is what one that is Refused or Lost is answered with.
	Err error
	// Index and Stats are of one that was committed and only read.
	Index uint64
	Stats cypher.Stats
}

// Bounds of what is remembered. Forgetting is harmless: what a commit did is in the machine's record, and a commit
// whose outcome is open keeps its transaction until that is too old for a verdict anyway.
const (
	maxRemembered     = 256 // of a tenant; its oldest are forgotten
	maxRememberedNode = 1 << 16
)

// remember needs mu.
func (t *Table) remember(mine *holding, text string, end End) {
	if len(mine.ended) >= maxRemembered || len(t.ended) >= maxRememberedNode {
		if len(mine.ended) == 0 {
			return
		}
		delete(t.ended, mine.ended[0])
		mine.ended = mine.ended[1:]
	}
	t.ended[text] = end
	mine.ended = append(mine.ended, text)
}

// Ended tells how a transaction of the table's term ended, where that is still remembered.
func (t *Table) Ended(id ID) (End, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	end, ok := t.ended[id.Text]
	return end, ok
}
