package fsm

import (
	"errors"
	"sync"

	"github.com/hivellm/nexus/scripts/planted"
)

// maxWatches bounds the requests that a node watches at once.
const maxWatches = 1 << 16

// OutcomeKind is how a watch ended.
type OutcomeKind uint8

// The kinds.
const (
	// OutcomeApplied: the machine has applied or refused the command; Result.Err says which.
	OutcomeApplied OutcomeKind = iota + 1
	// OutcomeLaterTerm: a later term began and the command was not among what came before: it did not happen.
	OutcomeLaterTerm
	// OutcomeSnapshot: a snapshot took the place of entries the command may have been in: unknown.
	OutcomeSnapshot
	// OutcomeClosed: the machine was closed, or watches already as many as it may: unknown.
	OutcomeClosed
	// OutcomeDamaged: this node passed the command over, for its copy of the database is damaged: unknown.
	OutcomeDamaged
)

// WatchOutcome is what a watch learned.
type WatchOutcome struct {
	Kind   OutcomeKind
	Result Result
}

// Watch waits for what becomes of one request on this node's machine (R10). It must be cancelled when no longer needed.
type Watch struct {
	table   *watches
	request RequestID
	term    uint64
	// through says that a conflict does not end the watch: the command may run again while its term lasts.
	through bool

	done    chan struct{}
	outcome WatchOutcome // written once before done is closed
	settled bool         // guarded by table.mu
}

// Done is closed when the outcome is known.
func (w *Watch) Done() <-chan struct{} { return w.done }

// Outcome returns what became of the request; only after Done is closed.
func (w *Watch) Outcome() WatchOutcome { return w.outcome }

// Cancel ends the watch; its outcome, if it has none yet, will never come.
func (w *Watch) Cancel() {
	w.table.mu.Lock()
	defer w.table.mu.Unlock()
	if !w.settled {
		w.settled = true
		w.table.remove(w)
	}
}

// watches holds the requests that are watched.
type watches struct {
	mu     sync.Mutex             // guards all below and Watch.settled
	byID   map[RequestID][]*Watch // what is registered
	queue  []*Watch               // the same, in order of registration; settled ones are left out now and then
	count  int                    // not settled
	term   uint64                 // of the last TermStart told
	closed bool
}

func newWatches() *watches { return &watches{byID: map[RequestID][]*Watch{}} }

// add registers a watch for a request that is to be proposed in a term.
func (t *watches) add(request RequestID, term uint64, through bool) *Watch {
	w := &Watch{table: t, request: request, term: term, through: through, done: make(chan struct{})}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.closed || t.count >= maxWatches:
		w.end(WatchOutcome{Kind: OutcomeClosed})
	case t.term > term:
		w.end(WatchOutcome{Kind: OutcomeLaterTerm})
	default:
		t.byID[request] = append(t.byID[request], w)
		t.queue = append(t.queue, w)
		t.count++
	}
	return w
}

// end needs the table's lock. The watch must not be registered, or be removed besides.
func (w *Watch) end(outcome WatchOutcome) {
	w.settled = true
	w.outcome = outcome
	close(w.done)
}

// remove needs mu.
func (t *watches) remove(w *Watch) {
	list := t.byID[w.request]
	kept := list[:0]
	for _, other := range list {
		if other != w {
			kept = append(kept, other)
		}
	}
	if len(kept) == 0 {
		delete(t.byID, w.request)
	} else {
		t.byID[w.request] = kept
	}
	t.count--
	if len(t.queue) > 2*t.count+64 {
		t.compact()
	}
}

func (t *watches) compact() {
	kept := t.queue[:0]
	for _, w := range t.queue {
		if !w.settled {
			kept = append(kept, w)
		}
	}
	clear(t.queue[len(kept):])
	t.queue = kept
}

// news is what a batch has to tell, in the order of the log.
type news struct {
	request RequestID
	result  Result
	// term is set instead for a TermStart.
	term uint64
}

// tell gives a batch's news to those who watch.
func (t *watches) tell(list []news) {
	if len(list) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range list {
		if list[i].term != 0 {
			t.begin(list[i].term)
			continue
		}
		t.applied(&list[i])
	}
}

func (t *watches) applied(n *news) {
	list := t.byID[n.request]
	if len(list) == 0 {
		return
	}
	conflict := errors.Is(n.result.Err, ErrConflict)
	outcome := WatchOutcome{Kind: OutcomeApplied, Result: n.result}
	if passedOver(n.result) {
		outcome = WatchOutcome{Kind: OutcomeDamaged}
	}
	for _, w := range append([]*Watch(nil), list...) {
		if conflict && w.through {
			continue
		}
		w.end(outcome)
		t.remove(w)
	}
}

// begin needs mu: a term has begun, so no command of an earlier one can still come.
func (t *watches) begin(term uint64) {
	t.term = term
	t.endWhere(func(w *Watch) bool { return w.term < term }, OutcomeLaterTerm)
}

// endAll ends every watch: with a snapshot, or at close.
func (t *watches) endAll(kind OutcomeKind, term uint64) {
	if kind == OutcomeSnapshot && planted.On("snapshot-unnoticed") {
		t.tell([]news{{term: max(term, 1)}})
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = t.closed || kind == OutcomeClosed
	t.term = max(t.term, term)
	t.endWhere(func(*Watch) bool { return true }, kind)
}

// endWhere needs mu.
func (t *watches) endWhere(which func(*Watch) bool, kind OutcomeKind) {
	for _, w := range append([]*Watch(nil), t.queue...) {
		if !w.settled && which(w) {
			w.end(WatchOutcome{Kind: kind})
			t.remove(w)
		}
	}
}

// Watch begins to watch for a request that is to be proposed in a term, by this node or through another: registered
// before it is sent. It ends with the first command of that id that the machine applies or refuses, even by
// ErrConflict.
func (m *Machine) Watch(request RequestID, term uint64) *Watch {
	return m.watches.add(request, term, false)
}

// WatchThrough is Watch for who does not run the request itself: a refusal by ErrConflict does not end it, since the
// lane elsewhere runs the request again while its term lasts.
func (m *Machine) WatchThrough(request RequestID, term uint64) *Watch {
	return m.watches.add(request, term, true)
}
