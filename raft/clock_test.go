package raft

import (
	"sync/atomic"
	"testing"
	"time"
)

func TestOffMedian_IsOfTheVotersThatAnswer(t *testing.T) {
	s := time.Second
	for _, c := range []struct {
		offsets []time.Duration
		want    time.Duration
	}{
		{nil, 0},
		{[]time.Duration{0}, 0},
		{[]time.Duration{0, 9 * s}, 0}, // of two nobody knows which
		{[]time.Duration{0, 9 * s, s}, s},
		{[]time.Duration{0, 9 * s, 8 * s}, 8 * s},
		{[]time.Duration{0, -9 * s, -8 * s}, 8 * s},
		{[]time.Duration{0, -9 * s, 9 * s}, 0},
		{[]time.Duration{0, 5 * s, 6 * s, 7 * s}, 5 * s},
		{[]time.Duration{0, 0, 7 * s, 7 * s}, 0},
	} {
		if got := offMedian(c.offsets); got != c.want {
			t.Errorf("%v: off by %v, want %v", c.offsets, got, c.want)
		}
	}
}

func TestLeader_WhoseClockIsOffGivesLeadershipAway(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3)
	ahead := map[string]*atomic.Int64{}
	for _, node := range c.nodes {
		by := &atomic.Int64{}
		ahead[node.config.NodeID] = by
		node.config.Clock = func() time.Time { return time.Now().Add(time.Duration(by.Load())) }
		c.start(node)
	}
	first := c.leader()
	ahead[first.config.NodeID].Store(int64(-3 * time.Second))
	wait(t, "another leader", func() bool {
		_, leading := first.Leadership()
		return !leading && c.leader() != first
	})
	if off := offMedian(c.leader().clockOffsets()); off > time.Second {
		t.Fatalf("the new leader's clock is off by %v", off)
	}
}
