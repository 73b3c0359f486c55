package raft

import (
	"context"
	"fmt"
	"slices"
	"time"

	hraft "github.com/hashicorp/raft"
)

const (
	// clockBound is how far a leader's clock may be off the voters' median (R29).
	clockBound = 2 * time.Second
	// clockLooks is how many looks of the maintenance go by from one comparison of clocks to the next.
	clockLooks = 3
)

// clockWatch compares the own clock with the voters' while this node leads. It belongs to the maintenance goroutine.
type clockWatch struct {
	looks  int
	reason string // of the last comparison
}

// look returns why this node's clock makes it unfit to lead, or "".
func (w *clockWatch) look(n *Node) string {
	if w.looks++; w.looks%clockLooks != 1 {
		return w.reason
	}
	w.reason = ""
	if off := offMedian(n.clockOffsets()); off > clockBound {
		w.reason = fmt.Sprintf("this node's clock is %v off the voters' median", off.Round(time.Millisecond))
	}
	return w.reason
}

// clockOffsets is how far each voter that answers is ahead of this node's clock, this node included; none where asking
// took too long to say.
func (n *Node) clockOffsets() []time.Duration {
	servers := slices.DeleteFunc(slices.Clone(n.servers()), func(s hraft.Server) bool { return s.Suffrage != hraft.Voter })
	offsets := make([]time.Duration, 0, len(servers))
	asked := time.Now()
	answers := n.askStatuses(n.ctx, servers)
	// An answer was given at some moment since the question: half the time is the best guess. On a machine too busy to
	// ask and look in time it tells nothing.
	now, took := n.config.Clock(), time.Since(asked)
	if took > clockBound/2 {
		return nil
	}
	middle := now.Add(-took / 2)
	for i, answer := range answers {
		switch {
		case string(servers[i].ID) == n.config.NodeID:
			offsets = append(offsets, 0)
		case answer != nil && answer.ClockMs != 0:
			offsets = append(offsets, time.UnixMilli(answer.ClockMs).Sub(middle))
		}
	}
	return offsets
}

// offMedian is how far zero, the own clock, lies outside the median of offsets. Of an even number the median is all that
// lies between the two in the middle: of two nodes neither can say which one is wrong.
func offMedian(offsets []time.Duration) time.Duration {
	if len(offsets) == 0 {
		return 0
	}
	slices.Sort(offsets)
	low, high := offsets[(len(offsets)-1)/2], offsets[len(offsets)/2]
	return max(0, low, -high)
}

// unfit names the reason why this node should not lead: the configuration's, or its clock.
func (n *Node) unfit(clocks *clockWatch) string {
	if n.config.Unfit != nil {
		if reason := n.config.Unfit(); reason != "" {
			return reason
		}
	}
	return clocks.look(n)
}

// checkFitness gives leadership away while there is a reason not to lead (R29).
func (n *Node) checkFitness(clocks *clockWatch) {
	if _, elected := n.elected(); !elected {
		*clocks = clockWatch{}
		return
	}
	reason := n.unfit(clocks)
	if reason == "" {
		return
	}
	n.config.Logger.Warn("giving leadership away", "reason", reason)
	ctx, cancel := context.WithTimeout(n.ctx, n.config.scale(heartbeatTimeout)*2)
	defer cancel()
	if err := n.giveLeadership(ctx, ""); err != nil {
		n.config.Logger.Warn("leadership not given away", "error", err.Error())
	}
}
