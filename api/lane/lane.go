package lane

import (
	"context"
	"slices"
	"sync"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/scripts/planted"
)

// lane is the writing line of one place in one term.
type lane struct {
	set   *Lanes
	place Place
	term  uint64
	// alive ends when the lane is shut.
	alive context.Context
	end   context.CancelFunc

	mu      sync.Mutex // guards the three below
	queue   []*ticket
	working bool
	closed  bool

	// open says that all indexes of the place were whole once in this term; only the working goroutine touches it.
	open bool
	// sequence is the last stamp given; only the working goroutine touches it.
	sequence uint64
	// reserved are the ids above those given out in blocks, by graph.EntityKind; only the working goroutine touches them.
	reserved [2]uint64
}

func newLane(set *Lanes, place Place, term uint64) *lane {
	alive, end := context.WithCancel(context.Background())
	return &lane{set: set, place: place, term: term, alive: alive, end: end}
}

// push appends a ticket and starts the lane's goroutine when none works.
func (l *lane) push(t *ticket) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return ErrNotTaken
	case len(l.queue) >= maxQueue:
		return ErrQueueFull
	}
	l.queue = append(l.queue, t)
	if !l.working {
		l.working = true
		l.set.owned.Go(l.work)
	}
	return nil
}

// pop takes the next ticket that waits, nil when none does.
func (l *lane) pop() *ticket {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) == 0 {
		return nil
	}
	t := l.queue[0]
	l.queue[0] = nil
	l.queue = l.queue[1:]
	return t
}

// again puts tickets back at the front of the queue, in their order (R11). A closed lane answers them instead.
func (l *lane) again(tickets []*ticket) {
	l.mu.Lock()
	closed := l.closed
	if !closed {
		l.queue = slices.Concat(tickets, l.queue)
	}
	l.mu.Unlock()
	if closed {
		failAll(tickets, ErrNotTaken)
	}
}

// remove takes a ticket that has not begun out of the queue.
func (l *lane) remove(t *ticket) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.Index(l.queue, t)
	if i < 0 {
		return false
	}
	l.queue = slices.Delete(l.queue, i, i+1)
	return true
}

func (l *lane) shut() {
	l.mu.Lock()
	l.closed = true
	queued := l.queue
	l.queue = nil
	l.mu.Unlock()
	l.end()
	failAll(queued, ErrNotTaken)
}

// work runs batches until nothing waits. It is the only goroutine that computes for this place in this term.
func (l *lane) work() {
	for l.more() {
		l.batch()
	}
}

func (l *lane) batch() {
	if planted.On("one-global-lane") {
		l.set.only.Lock()
		defer l.set.only.Unlock()
	}
	b := l.compute()
	defer b.pinned.Release()
	l.propose(b)
	l.settle(b)
}

// more tells whether work is left; when none is, the lane's goroutine is over.
func (l *lane) more() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.working = len(l.queue) > 0
	return l.working
}

// next gives the next stamp of this lane: (term, sequence), never rewound, never reused.
func (l *lane) next(applied graph.Stamp) graph.Stamp {
	if applied.Term == l.term && applied.Sequence > l.sequence {
		l.sequence = applied.Sequence
	}
	l.sequence++
	return graph.Stamp{Term: l.term, Sequence: l.sequence}
}

func failAll(tickets []*ticket, err error) {
	for _, t := range tickets {
		t.answer(Result{}, err)
	}
}
