package peer

import (
	"context"
	"runtime"
	"sync"
)

const (
	// maxPendingBytes is how much may wait to be written before senders wait too.
	maxPendingBytes = 512 << 10
	// maxOverrunBytes bounds what does not wait (refusals, windows, cancels) behind a peer that reads nothing.
	maxOverrunBytes = 16 << 20
	// flushBytes is how much of queued frames is written without being asked.
	flushBytes = 32 << 10
	// keptBufferBytes is the largest buffer that is used again.
	keptBufferBytes = 1 << 20
)

// outbox is the queue of frames towards one peer. Any goroutine puts frames; the connection's writer takes everything
// that waits at once, so that frames of many exchanges share one record and one system call.
type outbox struct {
	wake chan struct{} // capacity one: there is something to write
	done chan struct{} // closed by close

	mu      sync.Mutex
	pending []byte        // guarded by mu: encoded frames, in order
	spare   []byte        // guarded by mu: an empty buffer
	taken   uint64        // guarded by mu: bytes the writer took since the start
	roused  bool          // guarded by mu: the writer was woken and has not taken yet
	room    chan struct{} // guarded by mu: closed at the next take; nil while nobody waits
	closed  bool          // guarded by mu: nothing is taken any more
}

func newOutbox() *outbox {
	return &outbox{wake: make(chan struct{}, 1), done: make(chan struct{})}
}

// outgoing is one frame to put.
type outgoing struct {
	kind       kind
	id         uint64
	head, body []byte // copied
	flush      bool   // false: with the next one
}

// put queues a frame, after waiting for room as long as the context lasts. It returns the place of the frame in all that
// is ever written. After an error the frame was not queued.
func (o *outbox) put(ctx context.Context, f outgoing) (place uint64, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for !o.closed && len(o.pending) >= maxPendingBytes {
		if err := o.awaitRoom(ctx); err != nil {
			return 0, err
		}
	}
	return o.add(f)
}

// putNow queues a small frame without waiting.
func (o *outbox) putNow(f outgoing) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.pending) >= maxOverrunBytes {
		return errNotRead
	}
	_, err := o.add(f)
	return err
}

// awaitRoom waits without the lock for the writer to take what is pending. The caller holds mu.
func (o *outbox) awaitRoom(ctx context.Context) error {
	if o.room == nil {
		o.room = make(chan struct{})
	}
	room := o.room
	o.rouse()
	o.mu.Unlock()
	defer o.mu.Lock()
	select {
	case <-room:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// add appends a frame. The caller holds mu.
func (o *outbox) add(f outgoing) (place uint64, err error) {
	if o.closed {
		return 0, errConnectionLost
	}
	place = o.taken + uint64(len(o.pending))
	o.pending = appendFrame(o.pending, f.kind, f.id, f.head, f.body)
	if f.flush || len(o.pending) >= flushBytes {
		o.rouse()
	}
	return place, nil
}

// rouse wakes the writer, once per take. The caller holds mu.
func (o *outbox) rouse() {
	if o.roused || len(o.pending) == 0 {
		return
	}
	o.roused = true
	select {
	case o.wake <- struct{}{}:
	default: // a token is there already
	}
}

// flush asks for what was queued to be written.
func (o *outbox) flush() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.closed {
		o.rouse()
	}
}

// run gives everything pending to write, again and again, until close or the first error. One goroutine calls it.
func (o *outbox) run(write func(batch []byte) error) error {
	for {
		select {
		case <-o.wake:
		case <-o.done:
			return nil
		}
		runtime.Gosched() // whoever is about to put a frame does so first: measured, a third of the system calls
		batch := o.take()
		if len(batch) == 0 {
			return nil // closed
		}
		if err := write(batch); err != nil {
			return err
		}
		o.giveBack(batch)
	}
}

// take hands over what is pending; nothing once the outbox is closed.
func (o *outbox) take() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.roused = false
	if o.closed {
		return nil
	}
	batch := o.pending
	o.pending, o.spare = o.spare, nil
	o.taken += uint64(len(batch))
	o.admit()
	return batch
}

func (o *outbox) giveBack(batch []byte) {
	if cap(batch) > keptBufferBytes {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.spare = batch[:0]
}

// admit lets those go on who wait for room. The caller holds mu.
func (o *outbox) admit() {
	if o.room != nil {
		close(o.room)
		o.room = nil
	}
}

// close ends the outbox: whatever the writer has not taken by now is never written.
func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return
	}
	o.closed = true
	o.admit()
	close(o.done)
}

// neverLeft tells whether the outbox was closed before the frame at a place was taken: then no byte of it went out.
func (o *outbox) neverLeft(place uint64) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.closed && place >= o.taken
}
