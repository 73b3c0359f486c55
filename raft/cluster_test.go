package raft

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hivellm/nexus/raft/peer"
	"github.com/hivellm/nexus/raft/proposer"
)

// One cluster serves the tests that leave it whole.
func TestCluster(t *testing.T) {
	c := startAll(t, 3)
	t.Run("Write_ReachesEveryMachine", func(t *testing.T) { c.replicates(t) })
	t.Run("Read_OnFollowerSeesTheLastWrite", func(t *testing.T) { c.followerReads(t) })
	t.Run("Read_SharesRounds", func(t *testing.T) { c.sharesRounds(t) })
	t.Run("Status_DescribesEveryMember", func(t *testing.T) { c.describes(t) })
	t.Run("Freshness_IsMeasuredOnEveryNode", func(t *testing.T) { c.fresh(t) })
	t.Run("Peer_StreamsFrames", func(t *testing.T) { c.streams(t) })
	t.Run("Propose_OtherTermIsNotAppended", func(t *testing.T) { c.otherTerm(t) })
	t.Run("Compact_DropsTheLogAndGoesOn", func(t *testing.T) { c.compacts(t) })
	t.Run("Transfer_FromAFollower", func(t *testing.T) { c.transfers(t) })
}

func (c *testCl) replicates(t *testing.T) {
	c.steady(t, func(leader *testNode, term uint64) error {
		before := len(leader.machine.look().Commands)
		proposals := make([]*proposer.Proposal, 200)
		for i := range proposals {
			proposals[i] = leader.Propose(context10(t), fmt.Appendf(nil, "command %d", i), term)
		}
		var last uint64
		for i, proposal := range proposals {
			outcome := proposal.Wait(context10(t))
			if outcome.Kind != proposer.Applied || outcome.Result != before+i+1 {
				return fmt.Errorf("command %d: %+v", i, outcome)
			}
			last = max(last, outcome.Index)
		}
		for _, node := range c.nodes {
			if err := node.WaitApplied(context10(t), last); err != nil {
				return err
			}
			if !slices.Equal(node.machine.look().Commands, leader.machine.look().Commands) {
				t.Fatalf("node %s holds other commands than the leader", node.config.NodeID)
			}
		}
		return nil
	})
}

func (c *testCl) followerReads(t *testing.T) {
	for i := range 10 {
		outcome := c.write(fmt.Sprintf("seen %d", i))
		c.steady(t, func(*testNode, uint64) error {
			follower := c.follower()
			index, err := follower.ReadIndex(context10(t))
			if err != nil {
				return err
			}
			if index < outcome.Index {
				t.Fatalf("read index %d misses the acknowledged write at %d", index, outcome.Index)
			}
			return follower.WaitApplied(context10(t), index)
		})
	}
}

func (c *testCl) sharesRounds(t *testing.T) {
	const reads = 500
	c.steady(t, func(leader *testNode, _ uint64) error {
		var asked atomic.Int64
		leader.askCount.Store(&asked)
		defer leader.askCount.Store(nil)
		failed := make(chan error, reads)
		for range reads {
			go func() {
				_, err := leader.ReadIndex(context10(t))
				failed <- err
			}()
		}
		var first error
		for range reads {
			first = cmp.Or(first, <-failed)
		}
		if first != nil {
			return first
		}
		if questions := asked.Load(); questions == 0 || questions > reads {
			t.Fatalf("%d reads asked voters %d times", reads, questions)
		}
		t.Logf("%d reads, %d questions to 2 other voters", reads, asked.Load())
		return nil
	})
}

func (c *testCl) describes(t *testing.T) {
	for _, node := range c.nodes {
		wait(t, "a status that is whole", func() bool {
			leader := c.leader()
			status := node.Status(context10(t))
			whole := len(status.Members) == 3 && status.Quorum && status.FailuresTolerated == 1
			for _, member := range status.Members {
				isLeader := member.ID == leader.config.NodeID
				whole = whole && member.State == StateAlive && member.Name == "n-"+member.ID &&
					isLeader == (member.Role == RoleLeader) && member.DiskFree > 0 && member.Version == "test" &&
					member.HTTP == "http-"+member.ID && member.LastContact >= 0
			}
			seen, known := node.Leader()
			return whole && known && seen == leader.Self()
		})
	}
}

func (c *testCl) fresh(t *testing.T) {
	for _, node := range c.nodes {
		wait(t, "freshness under three seconds", func() bool {
			age, known := node.Freshness()
			return known && age.Seconds() < 3
		})
	}
}

func (c *testCl) streams(t *testing.T) {
	leader, follower := c.leader(), c.follower()
	leader.HandleStream("test.echo", peer.Member, func(ctx context.Context, from string, stream *peer.ServerStream) error {
		if from != follower.config.NodeID {
			return peer.Refuse("who", "came as %s", from)
		}
		for range 3 {
			if err := stream.Send(stream.Request()); err != nil {
				return err
			}
		}
		return peer.Fail("enough", "three are enough")
	})
	stream, err := follower.Stream(context10(t), leader.config.NodeID, "test.echo", []byte("hello"))
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	for range 3 {
		if frame, err := stream.Receive(); err != nil || string(frame) != "hello" {
			t.Fatalf("frame %q, %v", frame, err)
		}
	}
	if _, err := stream.Receive(); peer.CodeOf(err) != "enough" || errors.Is(err, peer.ErrNotTaken) {
		t.Fatalf("after the last frame: %v", err)
	}
	_, err = follower.Call(context10(t), leader.config.NodeID, "test.unknown", nil)
	if !errors.Is(err, peer.ErrNotTaken) || peer.CodeOf(err) != peer.CodeUnknownMethod {
		t.Fatalf("unknown method: %v", err)
	}
}

func (c *testCl) otherTerm(t *testing.T) {
	leader := c.leader()
	term, _ := leader.Leadership()
	for _, node := range c.nodes {
		other := term + 1
		if node != leader {
			other = term
		}
		outcome := node.Propose(context10(t), []byte("never"), other).Wait(context10(t))
		if outcome.Kind != proposer.NotAppended || !errors.Is(outcome.Err, proposer.ErrTermOver) {
			t.Errorf("node %s, term %d: %+v", node.config.NodeID, other, outcome)
		}
	}
	if slices.ContainsFunc(leader.machine.look().Commands, func(s string) bool { return s == "never" }) {
		t.Error("a command of another term was applied")
	}
}

func (c *testCl) compacts(t *testing.T) {
	leader := c.leader()
	c.write(strings.Repeat("x", 100))
	if err := leader.Compact(); err != nil {
		t.Fatal(err)
	}
	if entries, sizeBytes := leader.store.Since(); entries > 4 || sizeBytes > 100 { // an election may add a few
		t.Errorf("after the snapshot %d entries of %d bytes count", entries, sizeBytes)
	}
	if list, err := leader.snapshots.List(); err != nil || len(list) == 0 {
		t.Errorf("snapshots %v, %v", list, err)
	}
	c.write("after the snapshot")
}

func (c *testCl) transfers(t *testing.T) {
	leader, follower := c.leader(), c.follower()
	ctx, cancel := context.WithCancel(context10(t))
	defer cancel()
	states := follower.WatchLeadership(ctx)
	if first := <-states; first.Leading {
		t.Fatalf("a follower begins with %+v", first)
	}
	before, _ := leader.Leadership()
	c.transfer(follower, follower)
	for state := range states {
		if state.Leading {
			if state.Term <= before {
				t.Fatalf("leads term %d after %d", state.Term, before)
			}
			break
		}
	}
	if _, leading := leader.Leadership(); leading {
		t.Fatal("the old leader still says it leads")
	}
	c.write("after the transfer")
	if err := leader.TransferLeadership(context10(t), "no such node"); !errors.Is(err, ErrUnknownNode) {
		t.Fatalf("transfer to an unknown node: %v", err)
	}
}
