package api

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/raft"
	"github.com/hivellm/nexus/tenancy"
)

// workTimeout bounds the question what a node still has to do.
const workTimeout = time.Second

// States of a drain.
const (
	DrainNone    = "none"     // nobody asked for it
	DrainUnder   = "draining" // under way
	DrainRemoved = "removed"  // the node left for good
)

// Drain is how far a node is on its way out.
type Drain struct {
	Node, Name string
	State      string
	// HeldBy says in words what the drain waits for; "" when it waits for nothing.
	HeldBy string
	// Requests and Transactions are what the node still has to do. Answers: it was asked and said so.
	Requests, Transactions int64
	Answers                bool
	// Voters remain once the node left, and FailuresTolerated of them may fail then.
	Voters, FailuresTolerated int
}

// DrainMember marks a member (by id or unique name) as draining; the leader then takes it out step by step. Asked again it
// only tells how far it is. Errors are *Error: CONFLICT with the numbers where it would cost the quorum.
func (s *Service) DrainMember(ctx context.Context, p tenancy.Principal, name string) (Drain, error) {
	return s.steerMember(ctx, p, "cluster.drain", name)
}

// UndrainMember takes the mark away; a node that was demoted already becomes a voter again. Errors are *Error.
func (s *Service) UndrainMember(ctx context.Context, p tenancy.Principal, name string) (Drain, error) {
	return s.steerMember(ctx, p, "cluster.undrain", name)
}

// RemoveMember removes a dead member for good. Errors are *Error: CONFLICT where it answers, or where its removal would
// cost the quorum.
func (s *Service) RemoveMember(ctx context.Context, p tenancy.Principal, name string) (Drain, error) {
	return s.steerMember(ctx, p, "cluster.remove", name)
}

func (s *Service) steerMember(ctx context.Context, p tenancy.Principal, operation, name string) (Drain, error) {
	id, err := do[string, string](s, ctx, p, operation, name)
	if err != nil {
		return Drain{}, err
	}
	return s.DrainOf(ctx, p, id)
}

// DrainOf tells how far a member's drain is, by id or unique name; any node answers. Errors are *Error.
func (s *Service) DrainOf(ctx context.Context, p tenancy.Principal, name string) (Drain, error) {
	if err := s.Allow(p, tenancy.FunctionClusterRead); err != nil && s.Allow(p, tenancy.FunctionClusterWrite) != nil {
		return Drain{}, err
	}
	if s.machine.RemovedMember(s.node.Self().ID) { // nobody tells this node anything any more
		return Drain{}, Refuse(CodeDraining, "This node was removed from the cluster: ask another one")
	}
	status := s.node.Status(ctx)
	left := status.Without(s.leaving)
	if s.machine.RemovedMember(name) {
		return Drain{Node: name, State: DrainRemoved, Voters: left.Voters, FailuresTolerated: left.FailuresTolerated()}, nil
	}
	m, err := findMember(status, name)
	if err != nil {
		return Drain{}, s.explain(err)
	}
	d := Drain{Node: m.ID, Name: m.Name, State: DrainNone, Voters: left.Voters, FailuresTolerated: left.FailuresTolerated()}
	if !s.machine.DrainingMember(m.ID) {
		return d, nil
	}
	d.State = DrainUnder
	w, err := s.workOf(ctx, m.ID)
	if d.Answers = err == nil; d.Answers {
		d.Requests, d.Transactions = w.Requests, w.Transactions
	}
	d.HeldBy = heldBy(m, status, w, d.Answers, left)
	return d, nil
}

// heldBy says what a drain waits for.
func heldBy(m raft.Member, status raft.Status, w Work, answers bool, left raft.Loss) string {
	switch {
	case status.Leader == "":
		return "the cluster has no leader now"
	case !answers:
		return fmt.Sprintf("%s does not answer: if it is dead, nexus cluster remove %s", m.Title(), m.Title())
	case !w.Draining:
		return m.Title() + " has not heard of it yet"
	case w.Transactions > 0:
		return fmt.Sprintf("%d requests and %d transactions left", w.Requests, w.Transactions)
	case w.Requests > 0:
		return fmt.Sprintf("%d requests left", w.Requests)
	case m.ID == status.Leader:
		return "leadership is being given away"
	case m.Voter && !left.Bearable():
		return fmt.Sprintf("without it %d of %d voters would answer (%s does not)", left.Answering, left.Voters, strings.Join(left.Silent, ", "))
	case m.Voter:
		return "it is being demoted"
	}
	return "it is being removed"
}

// leaving tells whether a node is on its way out or gone.
func (s *Service) leaving(nodeID string) bool {
	return s.machine.DrainingMember(nodeID) || s.machine.RemovedMember(nodeID)
}

// drainMember is the operation on the leader.
func (s *Service) drainMember(ctx context.Context, _ tenancy.Principal, name string) (string, uint64, error) {
	if s.leaving(name) {
		return name, s.machine.Applied(), nil
	}
	status := s.node.Status(ctx)
	m, err := findMember(status, name)
	switch {
	case err != nil:
		return "", 0, err
	case s.leaving(m.ID):
		return m.ID, s.machine.Applied(), nil
	}
	if err := s.bearLoss(status, m, "Draining"); err != nil {
		return "", 0, err
	}
	return s.markMember(ctx, m.ID, true)
}

// undrainMember is the operation on the leader.
func (s *Service) undrainMember(ctx context.Context, _ tenancy.Principal, name string) (string, uint64, error) {
	if s.machine.RemovedMember(name) {
		return "", 0, fsm.ErrMemberRemoved
	}
	m, err := findMember(s.node.Status(ctx), name)
	if err != nil {
		return "", 0, err
	}
	return s.markMember(ctx, m.ID, false)
}

func (s *Service) markMember(ctx context.Context, id string, draining bool) (string, uint64, error) {
	result, err := s.command(ctx, func(h fsm.Header) fsm.Command {
		return &fsm.MarkMember{Header: h, NodeID: id, Draining: draining}
	})
	return id, result.Index, err
}

// removeMember is the operation on the leader. The log's word comes first: from then on the node takes no part, whatever
// becomes of this leader, and whoever leads takes it out of the configuration.
func (s *Service) removeMember(ctx context.Context, _ tenancy.Principal, name string) (string, uint64, error) {
	if s.machine.RemovedMember(name) {
		return name, s.machine.Applied(), nil
	}
	status := s.node.Status(ctx)
	m, err := findMember(status, name)
	switch {
	case err != nil:
		return "", 0, err
	case m.State == raft.StateAlive:
		return "", 0, &Error{Code: CodeConflict, Detail: fmt.Sprintf("%s answers: a node that lives is drained", m.Title()),
			Hint: "nexus cluster drain " + m.Title() + " --wait"}
	}
	if err := s.bearLoss(status, m, "Removing"); err != nil {
		return "", 0, err
	}
	index, err := s.proposeRemoval(ctx, m.ID)
	if err != nil {
		return "", 0, err
	}
	return m.ID, index, s.expel(ctx, m.ID)
}

func (s *Service) proposeRemoval(ctx context.Context, id string) (uint64, error) {
	result, err := s.command(ctx, func(h fsm.Header) fsm.Command { return &fsm.RemoveMember{Header: h, NodeID: id} })
	return result.Index, err
}

// expel takes a node out of the configuration; lost leadership leaves it to the next leader.
func (s *Service) expel(ctx context.Context, id string) error {
	if err := s.node.Expel(ctx, id); err != nil && !errors.Is(err, raft.ErrNotLeader) {
		return fmt.Errorf("the node counts as removed, but still stands in the configuration: %w", err)
	}
	return nil
}

// bearLoss refuses what would cost the quorum, with the numbers and the command that helps (ARCHITECTURE §9). Those that
// leave already count as gone.
func (s *Service) bearLoss(status raft.Status, m raft.Member, doing string) error {
	if !m.Voter {
		return nil
	}
	left := status.Without(func(id string) bool { return id == m.ID || s.leaving(id) })
	switch {
	case left.Bearable():
		return nil
	case left.Voters == 0:
		return &Error{Code: CodeConflict, Detail: fmt.Sprintf("%s %s would leave no voter", doing, m.Title()),
			Hint: "let another node join first: nexus cluster init --add"}
	}
	return &Error{Code: CodeConflict,
		Detail: fmt.Sprintf("%s %s would cost the quorum: of the %d voters that remain %d must answer, and %d %s (%s does not)",
			doing, m.Title(), left.Voters, left.Majority(), left.Answering, does(left.Answering), strings.Join(left.Silent, ", ")),
		Hint: fmt.Sprintf("bring %s back, or let another node join; one that is dead: nexus cluster remove %s", strings.Join(left.Silent, ", "), left.Silent[0])}
}

func does(count int) string {
	if count == 1 {
		return "does"
	}
	return "do"
}
