package lane

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher"
)

// maxReserved bounds how far reserved ids may lie above those of entities: a new id may not lie farther (graph).
const maxReserved = 1 << 23

// ErrReserved says that as many ids of a database are reserved as may be.
var ErrReserved = errors.New("too many ids of this database are reserved by transactions that did not commit; a write outside of them that creates one of the kind makes room")

// reservation asks for a block of ids.
type reservation struct {
	kind  graph.EntityKind
	count uint64
	block graph.Block // the answer
}

// Reserve reserves a block of ids of a place, in its turn in the lane: what runs there later takes others. A block dies
// with the term (R14).
func (l *Lanes) Reserve(ctx context.Context, term uint64, place Place, kind graph.EntityKind, count uint64) (graph.Block, error) {
	job := &Job{reservation: &reservation{kind: kind, count: count}}
	rand.Read(job.Request[:]) // never fails
	if _, err := l.Run(ctx, term, place, job); err != nil {
		return graph.Block{}, err
	}
	return job.reservation.block, nil
}

// GiveBack returns what is left of blocks that were reserved in a term and that nobody will use any more. It does not
// wait. Ids of a term that is over, or for which a full queue has no room, die.
func (l *Lanes) GiveBack(term uint64, place Place, unused [2]graph.Block) {
	job := &Job{Unused: unused, returns: true}
	rand.Read(job.Request[:]) // never fails
	_, _, _ = l.enqueue(context.Background(), term, place, job)
}

// aside answers what needs no place in a batch: reservations, and what is given back.
func (l *lane) aside(t *ticket, current *graph.Graph) (done bool) {
	switch {
	case t.job.reservation != nil:
		l.reserve(t, current)
	case t.job.returns:
		l.giveBack(t.job)
		t.answer(Result{}, nil)
	default:
		return false
	}
	return true
}

// reserve answers a reservation: above every id given, to entities and in blocks.
func (l *lane) reserve(t *ticket, current *graph.Graph) {
	r, next := t.job.reservation, nextIDs(current.Meta())
	first := max(next[r.kind], l.reserved[r.kind])
	if first+r.count > next[r.kind]+maxReserved {
		t.answer(Result{}, ErrReserved)
		return
	}
	r.block = graph.Block{First: first, Count: r.count}
	l.reserved[r.kind] = first + r.count
	t.answer(Result{}, nil)
}

func nextIDs(meta graph.Meta) [2]uint64 {
	return [2]uint64{graph.NodeEntity: meta.NextNode, graph.RelationshipEntity: meta.NextRelationship}
}

// passReserved makes a draft take its ids above the blocks that were reserved.
func (l *lane) passReserved(draft *graph.Draft, meta graph.Meta) {
	next := nextIDs(meta)
	if l.reserved[graph.NodeEntity] <= next[graph.NodeEntity] && l.reserved[graph.RelationshipEntity] <= next[graph.RelationshipEntity] {
		return
	}
	draft.UseIDs(max(next[graph.NodeEntity], l.reserved[graph.NodeEntity]),
		max(next[graph.RelationshipEntity], l.reserved[graph.RelationshipEntity]))
}

// giveBack takes what a transaction did not use of its last blocks, where nothing was reserved above them since. A job
// that runs again has nothing more to give.
func (l *lane) giveBack(job *Job) {
	for kind, block := range job.Unused {
		if block.Count > 0 && block.First+block.Count == l.reserved[kind] {
			l.reserved[kind] = block.First
		}
	}
	job.Unused = [2]graph.Block{}
}

// commit runs a job that brings its own draft: a member of the batch like any other.
func (l *lane) commit(m *member, current *graph.Graph, stamp graph.Stamp) (*member, *graph.Graph) {
	l.giveBack(m.ticket.job)
	draft, summary, err := makeDraft(m.ticket.job, current, stamp)
	if err != nil {
		m.err = err
		return m, nil
	}
	m.result.Summary = summary
	return l.stage(m, current, draft)
}

// makeDraft runs the job's own code; a panic is its error.
func makeDraft(job *Job, on *graph.Graph, stamp graph.Stamp) (draft *graph.Draft, summary cypher.Summary, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("bring a transaction onto the newest version: panic: %v", p)
		}
	}()
	return job.Draft(on, stamp)
}
