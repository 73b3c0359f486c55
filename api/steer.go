package api

import (
	"context"
	"errors"
	"time"

	"github.com/hivellm/nexus/scripts/planted"
)

const (
	// steerEvery is the pace at which a leader moves members that are on their way out. Without any it does nothing.
	steerEvery = 200 * time.Millisecond
	// steerTimeout bounds one step.
	steerTimeout = 5 * time.Second
	// transactionPatience is how long a leader that is drained waits for open transactions before it gives leadership
	// away, which ends them. It is less than the patience of those who wait to begin one (leaderPatience).
	transactionPatience = 3 * time.Second
	// partingPatience is how long a removed node may take to hear of it before it leaves the configuration.
	partingPatience = 3 * time.Second
)

// memberSteering is what one term's leader remembers of members on their way out. All that matters stands in the log and in
// the configuration: the next leader goes on from there.
type memberSteering struct {
	s *Service
	// since is when this leader first saw a node at its present step, by node id; bounded by the members.
	since map[string]time.Time
}

// steerMembers moves members that are drained or removed, step by step, while this node's term lasts:
// marked → leadership given away → nothing left to do → learner → removed in the log → out of the configuration.
func (s *Service) steerMembers(ctx context.Context, term uint64) {
	every := time.NewTicker(steerEvery)
	defer every.Stop()
	leaving := memberSteering{s, map[string]time.Time{}}
	for s.lanes.Term() == term {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		leaving.step(ctx)
	}
}

// step moves each member on its way out by one step.
func (m *memberSteering) step(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, steerTimeout)
	defer cancel()
	for _, id := range m.s.machine.DrainingMembers() {
		m.told("drain", id, m.drain(ctx, id))
	}
	for _, id := range m.s.machine.RemovedMembers() {
		if member, _ := m.s.node.Suffrage(id); member {
			m.told("remove", id, m.part(ctx, id))
		}
	}
}

// told says what went wrong. The step is tried again.
func (m *memberSteering) told(doing, id string, err error) {
	if err != nil && !isNotTaken(err) && !errors.Is(err, context.Canceled) {
		m.s.logger.Warn("member does not go on", "doing", doing, "node", id, "error", err)
	}
}

// drain moves a marked member by one step. One that does not answer stays where it is: what it still does is not known.
func (m *memberSteering) drain(ctx context.Context, id string) error {
	s := m.s
	if id == s.node.Self().ID {
		return m.giveAway(ctx, id)
	}
	member, voter := s.node.Suffrage(id)
	if member {
		work, err := s.workOf(ctx, id)
		if err != nil || !work.idle() && !planted.On("drain-waits-for-nothing") {
			return nil
		}
	}
	if voter {
		return m.demote(ctx, id)
	}
	_, err := s.proposeRemoval(ctx, id)
	return err
}

// giveAway makes another node lead this term's successor: this one is on its way out itself.
func (m *memberSteering) giveAway(ctx context.Context, id string) error {
	if m.s.txs.Count() > 0 && m.waited(id) < transactionPatience {
		return nil
	}
	return m.s.node.TransferLeadership(ctx, "")
}

// demote looks at the quorum again: it may have changed since the mark.
func (m *memberSteering) demote(ctx context.Context, id string) error {
	if !m.s.node.Status(ctx).Without(m.s.leaving).Bearable() {
		return nil
	}
	return m.s.node.Demote(ctx, id)
}

// part takes a removed node out of the configuration, once it knows or had time to hear of it.
func (m *memberSteering) part(ctx context.Context, id string) error {
	work, err := m.s.workOf(ctx, id)
	if err == nil && !work.Removed && m.waited(id) < partingPatience {
		return nil
	}
	return m.s.node.Expel(ctx, id)
}

// waited is how long this leader has waited with a node.
func (m *memberSteering) waited(id string) time.Duration {
	if _, known := m.since[id]; !known {
		m.since[id] = time.Now()
	}
	return time.Since(m.since[id])
}
