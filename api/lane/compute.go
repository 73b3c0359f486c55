package lane

import (
	"fmt"
	"time"

	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher"
	"github.com/hivellm/nexus/raft/proposer"
	"github.com/hivellm/nexus/scripts/planted"
)

// member is one job of a batch, computed.
type member struct {
	ticket *ticket
	// after is the member whose version this one was computed on; nil = the applied version.
	after *member

	// write is nil for a member that changes nothing: its answer is held until the version it saw is made.
	write     *fsm.GraphWrite
	encoded   []byte
	rehearsal *fsm.Rehearsal
	watch     *fsm.Watch
	proposal  *proposer.Proposal

	result Result
	err    error
	// made says that the machine made this member's version; settle sets it.
	made bool
}

// batch is what a lane computed in one go. One batch of a lane is in flight.
type batch struct {
	members []*member
	pinned  fsm.Pinned // the version it began on
}

// compute runs what waits, each job on its predecessor's result, until the batch closes.
func (l *lane) compute() *batch {
	b := &batch{}
	pinned, err := l.base()
	if err == nil {
		b.pinned = pinned
		err = l.set.config.Machine.CheckWritable(l.place.Tenant, l.place.Database)
	}
	if err != nil {
		for t := l.pop(); t != nil && len(b.members) < maxBatchJobs; t = l.pop() {
			b.members = append(b.members, &member{ticket: t, err: err})
		}
		return b
	}
	var last *member
	applied := pinned.Graph
	current, started, size := applied, time.Now(), 0
	for len(b.members) < maxBatchJobs && size < maxBatchBytes && time.Since(started) < maxBatchTime {
		t := l.pop()
		if t == nil {
			break
		}
		if l.aside(t, current) {
			continue
		}
		m, built := l.execute(t, current, last, l.next(applied.Stamp()))
		b.members = append(b.members, m)
		if m.write != nil {
			last, current = m, built
			size += len(m.encoded)
		}
	}
	return b
}

// base is the version that a batch begins on: the applied one, once its constraints can be decided here. A new leader's
// lane opens when all indexes are built (R19), and there must be room in memory for its tenant (R21). Meanwhile what waits in the queue may reach its deadline and leave.
func (l *lane) base() (fsm.Pinned, error) {
	pinned, err := l.set.config.Machine.Writable(l.alive, l.place.Tenant, l.place.Database, !l.open)
	l.open = l.open || err == nil
	return pinned, err
}

// execute runs one job on a draft over current. The version it built is returned when the member proposes one.
func (l *lane) execute(t *ticket, current *graph.Graph, after *member, stamp graph.Stamp) (*member, *graph.Graph) {
	m := &member{ticket: t, after: after}
	if t.ctx.Err() != nil {
		m.err = ErrExpired
		return m, nil
	}
	if replayed := l.replay(m); replayed {
		return m, nil
	}
	if t.job.Draft != nil {
		return l.commit(m, current, stamp)
	}
	draft := graph.NewDraft(current, stamp, graph.DraftLimits{MaxOperations: MaxOperations, MaxBytes: MaxCommandBytes})
	l.passReserved(draft, current.Meta())
	rows := &held{encode: t.job.Encode, limit: t.job.Options.Limits.MaxMemoryBytes}
	began := time.Now()
	summary, err := runQuery(t, draft, rows)
	m.result = Result{Columns: rows.columns, Rows: rows.rows(), Summary: summary, Compute: time.Since(began)}
	switch {
	case err != nil && t.job.Kept != nil && isRefusal(err):
		return l.refusal(m, current, stamp, err)
	case err != nil:
		m.result, m.err = Result{}, err
		if t.ctx.Err() != nil { // it ended by its own context, whatever becomes of what it saw
			t.answer(Result{}, err)
		}
		return m, nil
	case draft.Empty() && (t.job.Kept == nil || planted.On("op-less-forgotten")):
		return m, nil
	}
	return l.stage(m, current, draft)
}

// runQuery evaluates; a panic of the evaluator is this query's error and nobody else's.
func runQuery(t *ticket, draft *graph.Draft, rows *held) (summary cypher.Summary, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("evaluate: panic: %v", p)
		}
	}()
	return cypher.Write(t.ctx, t.job.Query, draft, t.job.Options, rows)
}

// stage turns a draft into the command that will be proposed, and rehearses it (R12).
func (l *lane) stage(m *member, base *graph.Graph, draft *graph.Draft) (*member, *graph.Graph) {
	if err := draft.Check(); err != nil { // a statement has asked; whatever else makes a draft has not
		m.result, m.err = Result{}, err
		return m, nil
	}
	built := draft.Graph()
	if err := l.set.config.Machine.CheckRoom(l.place.Tenant, l.place.Database, base, built); err != nil {
		m.result, m.err = Result{}, err
		return m, nil
	}
	write := l.command(m, draft.Changes())
	if kept := m.ticket.job.Kept; kept != nil {
		write.Rows = keptRows(m.result)
	}
	return l.rehearse(m, write, base, built)
}

// refusal stages an answer that must be remembered under the client's key although it changed nothing (R10).
func (l *lane) refusal(m *member, base *graph.Graph, stamp graph.Stamp, refused error) (*member, *graph.Graph) {
	m.result, m.err = Result{}, refused
	draft := graph.NewDraft(base, stamp, graph.DraftLimits{})
	write := l.command(m, draft.Changes())
	write.Refusal = encodeRefusal(refused)
	return l.rehearse(m, write, base, draft.Graph())
}

func (l *lane) rehearse(m *member, write *fsm.GraphWrite, base, built *graph.Graph) (*member, *graph.Graph) {
	rehearsal, err := l.set.config.Machine.Rehearse(write, base, built)
	if beside(m.ticket.job) {
		write.Changes.Base, write.Changes.Stamp = graph.Stamp{}, graph.Stamp{} // on whatever is applied by then
	}
	if err == nil {
		m.encoded, err = fsm.Encode(write)
	}
	if err != nil {
		m.result, m.err = Result{}, err
		return m, nil
	}
	m.write, m.rehearsal = write, rehearsal
	return m, built
}

func (l *lane) command(m *member, changes graph.Changes) *fsm.GraphWrite {
	return &fsm.GraphWrite{
		Header:   fsm.Header{Term: l.term, TimeMs: l.set.config.NowMs(), Request: m.ticket.job.Request},
		Tenant:   l.place.Tenant,
		Database: l.place.Database,
		Kept:     m.ticket.job.Kept,
		Changes:  changes,
		Stats:    encodeSummary(m.result.Summary),
	}
}
