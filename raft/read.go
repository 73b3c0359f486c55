package raft

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hivellm/nexus/raft/peer"
	"github.com/hivellm/nexus/scripts/planted"
)

const (
	// roundTimeout bounds a round among voters and each question of it.
	roundTimeout = time.Second
	// remoteReadTimeout bounds a follower's shared call, which has a round inside.
	remoteReadTimeout = 2 * time.Second
	// freshnessEvery is how often freshness is measured (R5).
	freshnessEvery = time.Second
	// maxMeasurements bounds the measurements whose index is not applied yet.
	maxMeasurements = 64
)

// ReadIndex is the index a linearizable read that arrives now must have applied, on any node (R3, R4). The caller then
// waits ([Node.WaitApplied]) and reads from its own machine. Errors: ErrNoLeader, or the context's.
func (n *Node) ReadIndex(ctx context.Context) (uint64, error) {
	if _, leading := n.Leadership(); leading {
		return n.leaderReads.Do(ctx)
	}
	return n.remoteReads.Do(ctx)
}

// WaitApplied returns once this node's own machine has applied index. Never the library's AppliedIndex: that is set
// when entries are queued for the machine.
func (n *Node) WaitApplied(ctx context.Context, index uint64) error {
	if planted.On("raft-applied-index") {
		return n.waitQueued(ctx, index)
	}
	return n.machine.WaitApplied(ctx, index)
}

// waitQueued is the planted bug "raft-applied-index".
func (n *Node) waitQueued(ctx context.Context, index uint64) error {
	for n.raft().AppliedIndex() < index {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(time.Millisecond):
		}
	}
	return nil
}

// leaderIndex is the shared call of reads on the leader. It begins after all of them arrived.
func (n *Node) leaderIndex(ctx context.Context) (uint64, error) {
	term, leading := n.Leadership()
	if !leading {
		return 0, fmt.Errorf("%w: %w", ErrNoLeader, ErrNotLeader)
	}
	index := n.raft().CommitIndex()
	if planted.On("read-applied") {
		index = n.machine.Applied()
	}
	if planted.On("verify-leader") {
		return index, n.await(n.raft().VerifyLeader())
	}
	if err := n.round.Confirm(ctx, term); err != nil {
		return 0, fmt.Errorf("%w: %w", ErrNoLeader, err)
	}
	return index, nil
}

// remoteIndex is the shared call of reads on a follower.
func (n *Node) remoteIndex(ctx context.Context) (uint64, error) {
	leader := n.leaderID()
	if leader == "" || leader == n.config.NodeID {
		return 0, ErrNoLeader
	}
	answer, err := n.control(ctx, leader, methodReadIndex, nil)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%w: ask node %s for the read index: %w", ErrNoLeader, leader, err)
	case len(answer) != 8:
		return 0, fmt.Errorf("node %s answered a read index of %d bytes", leader, len(answer))
	}
	return binary.BigEndian.Uint64(answer), nil
}

// serveReadIndex answers a follower. Its reads arrived before its call was sent, so they arrived before this round is.
func (n *Node) serveReadIndex(ctx context.Context, _ string, _ []byte) ([]byte, error) {
	index, err := n.leaderReads.Do(ctx)
	if errors.Is(err, ErrNoLeader) {
		return nil, peer.Refuse(codeNoLeader, "%v", err)
	}
	if err != nil {
		return nil, err
	}
	return binary.BigEndian.AppendUint64(nil, index), nil
}

// serveTerm answers a leader's round.
func (n *Node) serveTerm(context.Context, string, []byte) ([]byte, error) {
	return binary.BigEndian.AppendUint64(nil, n.raft().CurrentTerm()), nil
}

// askTerm is the question of a round.
func (n *Node) askTerm(ctx context.Context, voter string) (uint64, error) {
	if counter := n.askCount.Load(); counter != nil {
		counter.Add(1)
	}
	answer, err := n.control(ctx, voter, methodTerm, nil)
	if err != nil {
		return 0, err
	}
	if len(answer) != 8 {
		return 0, fmt.Errorf("node %s answered a term of %d bytes", voter, len(answer))
	}
	return binary.BigEndian.Uint64(answer), nil
}

// freshness measures how old this node's data may be (R5), on the monotonic clock.
type freshness struct {
	mu      sync.Mutex
	known   bool          // guarded by mu
	at      time.Time     // guarded by mu: when the call was sent whose index is applied
	waiting []measurement // guarded by mu: calls whose index is not applied yet, in order
}

type measurement struct {
	sent  time.Time
	index uint64
}

// Freshness is how old this node's data may be: the time since it sent the last read-index call whose index it has
// applied. False: not known since the start, which means not fresh.
func (n *Node) Freshness() (time.Duration, bool) {
	return n.fresh.age(n.machine.Applied())
}

func (f *freshness) age(applied uint64) (time.Duration, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.settle(applied)
	return time.Since(f.at), f.known
}

// settle takes the measurements whose index is applied. The caller holds mu.
func (f *freshness) settle(applied uint64) {
	for len(f.waiting) > 0 && f.waiting[0].index <= applied {
		f.known, f.at = true, f.waiting[0].sent
		f.waiting = f.waiting[1:]
	}
}

func (f *freshness) add(sent time.Time, index, applied uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.waiting) < maxMeasurements { // a machine this far behind is measured by the ones it has
		f.waiting = append(f.waiting, measurement{sent, index})
	}
	f.settle(applied)
}

func (n *Node) freshnessLoop() {
	every := time.NewTicker(freshnessEvery)
	defer every.Stop()
	for {
		n.measure()
		wait := every.C
		if _, known := n.Freshness(); !known {
			if !n.pause(leadershipLook) { // nothing known yet: do not wait a whole second
				return
			}
			continue
		}
		select {
		case <-wait:
		case <-n.ctx.Done():
			return
		}
	}
}

// measure makes one measurement. Without an answer there is none, and freshness grows old.
func (n *Node) measure() {
	ctx, cancel := context.WithTimeout(n.ctx, remoteReadTimeout)
	defer cancel()
	sent := time.Now()
	if index, err := n.ReadIndex(ctx); err == nil {
		n.fresh.add(sent, index, n.machine.Applied())
	}
}
