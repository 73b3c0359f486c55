package raft

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	hraft "github.com/hashicorp/raft"
	"github.com/hivellm/nexus/raft/disk"
)

// mark sets a mark on every machine, as a command of the log would.
func (c *testCl) mark(set func(m *listMachine) map[string]bool, id string) {
	for _, node := range c.nodes {
		node.machine.mu.Lock()
		set(node.machine)[id] = true
		node.machine.mu.Unlock()
	}
}

func draining(m *listMachine) map[string]bool { return m.draining }
func removed(m *listMachine) map[string]bool  { return m.removed }

func TestWithout_CountsWhoAnswers(t *testing.T) {
	member := func(id string, voter, alive bool) Member {
		m := Member{ID: id, Name: "name of " + id, Voter: voter, State: StateDead}
		if alive {
			m.State = StateAlive
		}
		return m
	}
	for name, c := range map[string]struct {
		members   []Member
		gone      string
		voters    int
		bearable  bool
		tolerated int
	}{
		"three to two":              {[]Member{member("a", true, true), member("b", true, true), member("c", true, true)}, "a", 2, true, 0},
		"the dead of three":         {[]Member{member("a", true, false), member("b", true, true), member("c", true, true)}, "a", 2, true, 0},
		"an alive beside a dead":    {[]Member{member("a", true, false), member("b", true, true), member("c", true, true)}, "b", 2, false, 0},
		"four to three":             {[]Member{member("a", true, true), member("b", true, true), member("c", true, true), member("d", true, true)}, "d", 3, true, 1},
		"two to one":                {[]Member{member("a", true, true), member("b", true, true)}, "a", 1, true, 0},
		"two to a dead one":         {[]Member{member("a", true, true), member("b", true, false)}, "a", 1, false, 0},
		"the last":                  {[]Member{member("a", true, true)}, "a", 0, false, 0},
		"learners do not count":     {[]Member{member("a", true, true), member("b", true, false), member("c", false, true)}, "a", 1, false, 0},
		"two of five at the border": {[]Member{member("a", true, true), member("b", true, true), member("c", true, true), member("d", true, false), member("e", true, true)}, "a", 4, true, 0},
	} {
		left := Status{Members: c.members}.Without(func(id string) bool { return id == c.gone })
		if left.Voters != c.voters || left.Bearable() != c.bearable || left.FailuresTolerated() != c.tolerated || left.Answering+len(left.Silent) != left.Voters {
			t.Errorf("%s: %+v, bearable %v, tolerates %d", name, left, left.Bearable(), left.FailuresTolerated())
		}
	}
}

// TestMember_LeavesStepByStep goes the way of a drained leader: it gives leadership away, to one that is not leaving, is
// demoted, stays a learner, leaves the configuration, learns of its removal, and is heard by nobody from then on.
func TestMember_LeavesStepByStep(t *testing.T) {
	t.Parallel()
	c := startAll(t, 3)
	c.write("held by all")
	leaving, other := c.leader(), c.follower()
	id := leaving.config.NodeID
	c.mark(draining, id)
	c.mark(draining, other.config.NodeID)
	if err := leaving.TransferLeadership(context10(t), other.config.NodeID); !errors.Is(err, ErrUnknownNode) {
		t.Fatalf("leadership was given to one that is leaving: %v", err)
	}
	other.machine.mu.Lock()
	delete(other.machine.draining, other.config.NodeID)
	other.machine.mu.Unlock()
	wait(t, "leadership to move", func() bool { return leaving.TransferLeadership(context10(t), "") == nil })
	leader := c.leader()
	wait(t, "its demotion", func() bool { return leader.Demote(context10(t), id) == nil })
	patient := &promotion{closeSince: map[string]time.Time{id: time.Now().Add(-promotionAfter)}}
	patient.look(leader.Node)
	if _, voter := leader.Suffrage(id); voter {
		t.Fatal("one that is leaving was promoted again")
	}
	if role := roleOf(leader.Status(context10(t)), id); role != RoleDraining {
		t.Fatalf("its role is %s", role)
	}
	c.mark(removed, id)
	wait(t, "it to know", func() bool { return closed(leaving.Removed()) })
	if err := leader.Expel(context10(t), id); err != nil {
		t.Fatal(err)
	}
	wait(t, "its connections to end", func() bool {
		_, err := leader.control(context10(t), id, methodTerm, nil)
		return err != nil
	})
	if err := leaving.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(context.Background(), leaving.config, leaving.machine)
	if err == nil {
		_ = again.Close()
	}
	if !errors.Is(err, errRemoved) {
		t.Fatalf("a removed node starts: %v", err)
	}
}

func roleOf(status Status, id string) string {
	i := slices.IndexFunc(status.Members, func(m Member) bool { return m.ID == id })
	if i < 0 {
		return ""
	}
	return status.Members[i].Role
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// TestMember_RemovedWhileAwayIsTold has a node removed while it is down: with its data it hears of it, without it is
// refused at the start.
func TestMember_RemovedWhileAwayIsTold(t *testing.T) {
	t.Parallel()
	c := startAll(t, 3)
	away := c.follower()
	id := away.config.NodeID
	if err := away.Close(); err != nil {
		t.Fatal(err)
	}
	away.Node = nil
	leader := c.leader()
	wait(t, "its removal", func() bool { return leader.Expel(context10(t), id) == nil })
	for _, node := range c.nodes {
		if node != away {
			node.machine.mu.Lock()
			node.machine.removed[id] = true
			node.machine.mu.Unlock()
		}
	}
	c.start(away)
	wait(t, "it to be told", func() bool { return closed(away.Removed()) })
	if err := away.Close(); err != nil {
		t.Fatal(err)
	}
	away.Node = nil
	away.config.DataDir = t.TempDir()
	opened, err := Open(context.Background(), away.config, newListMachine())
	if err == nil {
		_ = opened.Close()
	}
	if !errors.Is(err, errRemoved) {
		t.Fatalf("an empty node under a removed id starts: %v", err)
	}
}

func TestJoin_RefusesWhoForgot(t *testing.T) {
	t.Parallel()
	c := startAll(t, 1)
	leader := c.leader()
	if err := leader.noteSeen("node-9"); err != nil {
		t.Fatal(err)
	}
	_, err := c.client("node-9", leader.config.PeerListen).Call(context10(t), leader.config.NodeID, 0, methodJoin, []byte("127.0.0.1:1"))
	if err == nil || !strings.Contains(err.Error(), "held data") || leader.isMember("node-9") {
		t.Fatalf("a node that lost its data asks to join: %v", err)
	}
}

// TestMember_IsFoundAtOtherPorts moves a node while it is down.
func TestMember_IsFoundAtOtherPorts(t *testing.T) {
	t.Parallel()
	c := startAll(t, 3)
	moved := c.follower()
	id := moved.config.NodeID
	if err := moved.Close(); err != nil {
		t.Fatal(err)
	}
	moved.Node = nil
	old := moved.config.PeerListen
	moved.config.PeerListen = freeAddress(t)
	c.links.mu.Lock()
	delete(c.links.owner, old)
	c.links.owner[moved.config.PeerListen] = id
	c.links.mu.Unlock()
	written := c.write("while it was away")
	c.start(moved)
	if err := moved.WaitApplied(context10(t), written.Index); err != nil {
		t.Fatalf("the group does not find it: %v", err)
	}
	leader := c.leader()
	wait(t, "its address to be known", func() bool {
		for _, m := range leader.Status(context10(t)).Members {
			if m.ID == id {
				return m.Peer == moved.config.PeerListen && m.State == StateAlive
			}
		}
		return false
	})
}

func TestOpen_RefusesForeignAndTornLogs(t *testing.T) {
	t.Parallel()
	c := startAll(t, 1)
	c.write("one")
	node := c.nodes[0]
	if err := node.Close(); err != nil {
		t.Fatal(err)
	}
	node.Node = nil
	refused := func(want string, config Config, machine Machine) {
		t.Helper()
		opened, err := Open(context.Background(), config, machine)
		if err == nil {
			_ = opened.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Fatalf("error %v, want %q", err, want)
		}
	}
	other := c.add("node-2")
	other.config.DataDir = node.config.DataDir
	refused("holds the log of node node-1", other.config, other.machine)

	store, err := disk.Open(node.config.DataDir, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(store.DeleteRange(1, 2), store.Close()); err != nil {
		t.Fatal(err)
	}
	node.config.Snapshots = hraft.NewInmemSnapshotStore()
	refused("the raft log begins at 3", node.config, newListMachine())
}
