package fsm

import (
	"errors"
	"slices"

	"github.com/hivellm/nexus/graph/store"
)

// memberMark is what the log says of a node besides its place in Raft's configuration. A node without one has no record.
type memberMark byte

// The marks, as they stand in the store: never renumbered.
const (
	memberRemoved  memberMark = 0
	memberDraining memberMark = 1
)

var errMemberUnnamed = errors.New("a member without an id")

// markMember marks a node as draining, or takes the mark away. Either twice is once.
func (b *batch) markMember(c *MarkMember) Result {
	if c.NodeID == "" {
		return Result{Err: &InvalidError{errMemberUnnamed}}
	}
	switch mark, marked := b.state.members.Get(c.NodeID); {
	case marked && mark == memberRemoved:
		return Result{Err: ErrMemberRemoved}
	case c.Draining && !marked:
		b.setMember(c.NodeID, memberDraining)
	case !c.Draining && marked:
		b.records.System().Delete(store.Members, []byte(c.NodeID))
		b.state.members.Delete(c.NodeID)
		b.membersChanged = true
	}
	return Result{}
}

func (b *batch) removeMember(c *RemoveMember) Result {
	if c.NodeID == "" {
		return Result{Err: &InvalidError{errMemberUnnamed}}
	}
	b.setMember(c.NodeID, memberRemoved)
	b.departed(c.NodeID)
	return Result{}
}

func (b *batch) setMember(id string, mark memberMark) {
	b.records.System().Set(store.Members, []byte(id), encodeMember(mark))
	b.state.members.Set(id, mark)
	b.membersChanged = true
}

// encodeMember writes a removal as the first version did: the format alone.
func encodeMember(mark memberMark) []byte {
	if mark == memberRemoved {
		return []byte{systemFormat}
	}
	return []byte{systemFormat, byte(mark)}
}

func decodeMember(raw []byte) (memberMark, error) {
	switch {
	case len(raw) == 0 || raw[0] != systemFormat:
		return 0, malformed("a member's record of format %v", raw)
	case len(raw) == 1:
		return memberRemoved, nil
	case len(raw) == 2 && memberMark(raw[1]) == memberDraining:
		return memberDraining, nil
	}
	return 0, malformed("a member's record %v", raw)
}

func (st *state) loadMembers(sys store.System) error {
	return sys.Scan(store.Members, nil, func(suffix, value []byte) error {
		mark, err := decodeMember(value)
		if err != nil {
			return err
		}
		st.members.Set(string(suffix), mark)
		return nil
	})
}

// RemovedMember tells whether a node was removed from this cluster for good (R32).
func (m *Machine) RemovedMember(id string) bool { return m.marked(id, memberRemoved) }

// DrainingMember tells whether a node is marked as draining.
func (m *Machine) DrainingMember(id string) bool { return m.marked(id, memberDraining) }

func (m *Machine) marked(id string, as memberMark) bool {
	mark, found := m.published.Load().members.Get(id)
	return found && mark == as
}

// DrainingMembers lists the nodes that are marked as draining, by id.
func (m *Machine) DrainingMembers() []string { return m.marks(memberDraining) }

// RemovedMembers lists the nodes that were removed for good, by id.
func (m *Machine) RemovedMembers() []string { return m.marks(memberRemoved) }

func (m *Machine) marks(as memberMark) (ids []string) {
	m.published.Load().members.Scan(func(id string, mark memberMark) bool {
		if mark == as {
			ids = append(ids, id)
		}
		return true
	})
	return slices.Clip(ids)
}
