package lane

import (
	"context"
	"errors"

	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/raft/proposer"
	"github.com/hivellm/nexus/scripts/planted"
)

// propose registers a watch for every command of the batch, then hands them to the log in order.
func (l *lane) propose(b *batch) {
	machine := l.set.config.Machine
	var writes []*member
	var commands [][]byte
	for _, m := range b.members {
		m.ticket.committing()
		if m.write == nil {
			continue
		}
		m.watch = machine.Watch(m.write.Request, l.term)
		machine.Offer(m.rehearsal)
		writes, commands = append(writes, m), append(commands, m.encoded)
	}
	for i, proposal := range l.set.config.Node.ProposeAll(context.Background(), commands, l.term) {
		writes[i].proposal = proposal
	}
}

// settle waits until every command of the batch is applied, refused or definitely not appended, answers what can be
// answered, and puts what must run again in front of the queue.
func (l *lane) settle(b *batch) {
	if planted.On("answered-early") {
		b.answerEarly()
	}
	var again []*ticket
	var unproposed []*member
	for _, m := range b.members {
		switch {
		case m.write != nil:
			if l.await(m) {
				again = append(again, m.ticket)
			}
		case m.after == nil:
			unproposed = append(unproposed, m)
		case m.after.made:
			m.result.Index = m.after.result.Index
			m.ticket.answer(m.result, m.err)
		default:
			again = append(again, m.ticket)
		}
	}
	l.release(unproposed)
	if len(again) > 0 {
		l.again(again)
	}
}

// answerEarly is the planted bug "answered-early".
func (b *batch) answerEarly() {
	for _, m := range b.members {
		if m.write == nil && m.after != nil {
			m.ticket.answer(m.result, m.err)
		}
	}
}

// await waits for the fate of one command (R10) and answers it; true = it did not happen and must run again.
func (l *lane) await(m *member) (again bool) {
	defer m.watch.Cancel()
	select {
	case <-m.watch.Done():
	case <-m.proposal.Done():
		switch m.proposal.Wait(context.Background()).Kind {
		case proposer.NotAppended:
			return l.notAppended(m)
		case proposer.Unknown:
			switch {
			case planted.On("rerun-on-unknown"):
				return true
			case planted.On("503-by-raft-term"):
				m.ticket.answer(Result{}, ErrNoLeader)
				return false
			}
		}
		<-m.watch.Done() // only the machine says what became of what may be in the log
	}
	return l.outcome(m, m.watch.Outcome())
}

func (l *lane) outcome(m *member, outcome fsm.WatchOutcome) (again bool) {
	switch outcome.Kind {
	case fsm.OutcomeApplied:
		return l.applied(m, outcome.Result)
	case fsm.OutcomeLaterTerm:
		m.ticket.answer(Result{}, ErrNoLeader)
	default: // a snapshot took the place of the entries, or the node stops
		m.ticket.answer(Result{}, ErrUnknownOutcome)
	}
	return false
}

func (l *lane) applied(m *member, r fsm.Result) (again bool) {
	switch {
	case errors.Is(r.Err, fsm.ErrConflict):
		return true
	case r.Replay != nil:
		m.ticket.answer(replayed(r.Replay))
	case r.Err != nil:
		m.ticket.answer(Result{}, r.Err)
	default:
		m.made = true
		m.result.Index = r.Index
		m.ticket.answer(m.result, m.err)
	}
	return false
}

// notAppended handles a command that definitely never entered the log: it runs again while the term lasts, and after it
// wherever the next leader is (docs/decisions/0012).
func (l *lane) notAppended(m *member) (again bool) {
	l.set.config.Machine.Withdraw(l.place.Tenant, l.place.Database, m.write.Changes.Stamp)
	if term, leading := l.set.config.Node.Leadership(); leading && term == l.term {
		return true
	}
	m.ticket.answer(Result{}, ErrNotTaken)
	return false
}

// release answers what was computed on the applied version and proposed nothing, after one read round for all (R9).
func (l *lane) release(members []*member) {
	if len(members) == 0 {
		return
	}
	l.set.owned.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), roundTimeout)
		defer cancel()
		index, err := l.set.config.Node.ReadIndex(ctx)
		for _, m := range members {
			if err != nil { // no leader confirmed it, and nothing was proposed
				m.ticket.answer(Result{}, ErrNotTaken)
				continue
			}
			m.result.Index = index
			m.ticket.answer(m.result, m.err)
		}
	})
}
