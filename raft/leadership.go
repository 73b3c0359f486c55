package raft

import (
	"context"
	"sync"
	"time"

	hraft "github.com/hashicorp/raft"
	"github.com/hivellm/nexus/scripts/planted"
)

// Leadership is whether this node leads, and which term.
type Leadership struct {
	Term    uint64
	Leading bool
}

// leadership is what watchers were told last.
type leadership struct {
	mu      sync.Mutex
	current Leadership    // guarded by mu
	changed chan struct{} // guarded by mu; closed and replaced at each change
}

const (
	// leadershipLook is how often leadership is looked at even without a signal, which may have been lost.
	leadershipLook = 250 * time.Millisecond
	// termStartPause is the wait before TermStart is proposed again.
	termStartPause = 50 * time.Millisecond
)

// Leadership tells whether this node leads, read now and not from a signal: the library says leader, and this node's
// own machine has applied the TermStart of the current term (R1), and the cluster was made.
func (n *Node) Leadership() (term uint64, leading bool) {
	term, elected := n.elected()
	if !elected || !n.opened(term) {
		return term, false
	}
	return term, n.config.ClusterInit == nil || n.machine.ClusterID() != ""
}

// elected reads the current term and whether the library leads it. The library's state and term are two reads; the
// same term before and after makes them one.
func (n *Node) elected() (term uint64, leader bool) {
	instance := n.raft()
	term = instance.CurrentTerm()
	return term, instance.State() == hraft.Leader && instance.CurrentTerm() == term
}

// opened tells whether the machine applied the term's start.
func (n *Node) opened(term uint64) bool {
	return planted.On("term-start-skipped") || n.machine.AppliedTerm() == term
}

// WatchLeadership sends the present state and then the newest one after each change, until ctx or the node ends; then
// it is closed. A slow reader misses states in between, never the last.
func (n *Node) WatchLeadership(ctx context.Context) <-chan Leadership {
	states := make(chan Leadership)
	if n.ctx.Err() != nil {
		close(states)
		return states
	}
	n.run(func() {
		defer close(states)
		for {
			state, changed := n.leadership.look()
			select {
			case states <- state:
			case <-ctx.Done():
				return
			case <-n.ctx.Done():
				return
			case <-changed:
				continue
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return
			case <-n.ctx.Done():
				return
			}
		}
	})
	return states
}

func (l *leadership) look() (Leadership, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.current, l.changed
}

func (l *leadership) publish(state Leadership) (changed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if state == l.current {
		return false
	}
	l.current = state
	close(l.changed)
	l.changed = make(chan struct{})
	return true
}

// leadershipLoop opens terms and tells watchers.
func (n *Node) leadershipLoop() {
	look := time.NewTicker(leadershipLook)
	defer look.Stop()
	for {
		n.publishLeadership()
		if term, elected := n.elected(); elected {
			if !n.openTerm(term) && !n.pause(termStartPause) {
				return
			}
			n.publishLeadership()
		}
		select {
		case <-n.notify:
		case <-look.C:
		case <-n.ctx.Done():
			return
		}
	}
}

func (n *Node) publishLeadership() {
	term, leading := n.Leadership()
	if n.leadership.publish(Leadership{Term: term, Leading: leading}) && leading {
		n.config.Logger.Info("leading", "term", term)
	}
}

// openTerm proposes what a term begins with, if it has not begun. It reports false when it must be tried again.
func (n *Node) openTerm(term uint64) bool {
	if !n.opened(term) {
		n.proposeSystem(n.config.TermStart(term))
		if n.machine.AppliedTerm() != term {
			return false
		}
	}
	if n.config.ClusterInit != nil && n.machine.ClusterID() == "" {
		n.proposeSystem(n.config.ClusterInit(term))
		return n.machine.ClusterID() != ""
	}
	return true
}

// proposeSystem proposes one command of the node itself and waits until its fate is known or the node closes. What
// became of it shows in the machine, so the answer is not looked at.
func (n *Node) proposeSystem(command []byte) {
	entry := n.config.Pack([][]byte{command})
	_ = n.await(n.raft().Apply(entry, enqueueTimeout))
}

// await waits for a future of the library, which may never answer when its instance is shut down.
func (n *Node) await(future hraft.Future) error {
	known := make(chan error, 1)
	go func() { known <- future.Error() }()
	select {
	case err := <-known:
		return err
	case <-n.ctx.Done():
		return context.Cause(n.ctx)
	}
}
