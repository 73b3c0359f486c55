package meter

import (
	"sync"
	"sync/atomic"
)

// maxWaiting bounds the requests of one tenant that wait on this node for more: the others are refused at once, so that one
// tenant does not take every place of the door.
const maxWaiting = 64

// waits lets requests wait for a change of what a tenant holds.
type waits struct {
	count   atomic.Int64
	mu      sync.Mutex
	changed chan struct{} // guarded by mu; nil while nobody waits; closed by the next change
	// asking says that the leader is to be asked at once.
	asking atomic.Bool
}

// enter is false where too many wait already; else leave follows.
func (w *waits) enter() bool {
	if w.count.Add(1) > maxWaiting {
		w.count.Add(-1)
		return false
	}
	return true
}

func (w *waits) leave() { w.count.Add(-1) }

// next is closed by the next change.
func (w *waits) next() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.changed == nil {
		w.changed = make(chan struct{})
	}
	return w.changed
}

// tell wakes those who wait.
func (w *waits) tell() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.changed != nil {
		close(w.changed)
		w.changed = nil
	}
}
