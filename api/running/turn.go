package running

import (
	"context"
	"slices"
	"sync"
	"time"
)

const (
	// slice is how long a turn lasts while others wait.
	slice = 20 * time.Millisecond
	// reapEvery is how often those who wait look for a turn whose holder does not run.
	reapEvery = 25 * time.Millisecond
)

// turns are what long queries run by: fewer than processors, so that something is left for whoever is short.
type turns struct {
	mu      sync.Mutex // guards all below
	most    int
	free    int
	given   uint64
	holders map[*Query]struct{}
	waiting []*turnTicket // in order of arrival; no more than queries are under way
}

type turnTicket struct {
	query *Query
	given chan struct{} // closed with the turn
}

// take returns when the query has a turn, with the reason to end while it waited. One that has a turn passes it on after
// its slice, if anybody waits.
func (t *turns) take(q *Query, now time.Time) error {
	ticket := t.ask(q, now)
	if ticket == nil {
		return nil
	}
	q.Set(Paused)
	defer q.Set(Running)
	look := time.NewTicker(reapEvery)
	defer look.Stop()
	for {
		select {
		case <-ticket.given:
			return nil
		case <-look.C:
			t.reap(time.Now())
		case <-q.context.Done():
			t.leave(q)
			return context.Cause(q.context)
		}
	}
}

// ask gives the query a turn, or a ticket to wait for one.
func (t *turns) ask(q *Query, now time.Time) *turnTicket {
	t.mu.Lock()
	defer t.mu.Unlock()
	if q.turn {
		if len(t.waiting) == 0 || now.Sub(q.turnSince) < slice {
			return nil
		}
		t.back(q)
	}
	ticket := &turnTicket{query: q, given: make(chan struct{})}
	t.waiting = append(t.waiting, ticket)
	t.pass(now)
	if q.turn {
		return nil
	}
	return ticket
}

// pass gives free turns to those who wait, first to the tenant that was served least recently. Needs mu.
func (t *turns) pass(now time.Time) {
	for t.free > 0 && len(t.waiting) > 0 {
		next := 0
		for i, ticket := range t.waiting {
			if ticket.query.tenant.served < t.waiting[next].query.tenant.served {
				next = i
			}
		}
		ticket := t.waiting[next]
		t.waiting = slices.Delete(t.waiting, next, next+1)
		t.given++
		q := ticket.query
		q.turn, q.turnSince, q.tenant.served = true, now, t.given
		q.seen.Store(int64(now.Sub(q.started)))
		t.holders[q] = struct{}{}
		t.free--
		close(ticket.given)
	}
}

// back takes a turn from its holder. Needs mu.
func (t *turns) back(q *Query) {
	q.turn = false
	delete(t.holders, q)
	t.free++
}

// reap takes the turns of those who do not run: they wait for a client, or for the log.
func (t *turns) reap(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for q := range t.holders {
		if now.Sub(q.started)-time.Duration(q.seen.Load()) > idleAfter {
			t.back(q)
		}
	}
	t.pass(now)
}

// leave takes back a query's turn, or its wish for one.
func (t *turns) leave(q *Query) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if q.turn {
		t.back(q)
	}
	if i := slices.IndexFunc(t.waiting, func(one *turnTicket) bool { return one.query == q }); i >= 0 {
		t.waiting = slices.Delete(t.waiting, i, i+1)
	}
	t.pass(time.Now())
}

func (t *turns) figures() (holding, waiting int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.holders), len(t.waiting)
}
