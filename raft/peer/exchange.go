package peer

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	// windowBytes is how much data of one exchange and direction may be under way or unread. A frame is sent while any
	// of it is left, so one frame may reach beyond.
	windowBytes = 256 << 10
	// frameCost is what a frame counts beyond its payload, so that empty frames are bounded too.
	frameCost = 64
	// sendTimeout bounds how long a sender waits for a peer that does not read.
	sendTimeout = 30 * time.Second
)

// exchange is one end of one request and its answer, on a connection that it shares. The connection's reader delivers;
// one goroutine takes and sends.
type exchange struct {
	id     uint64
	conn   *conn
	ready  chan struct{} // capacity one: a frame or the failure is there
	cancel func()        // the handler's context; nil on the caller's side

	mu        sync.Mutex
	frames    []frame       // guarded by mu: delivered and not taken; their data is within the window
	first     [2]frame      // memory for most exchanges' frames
	unread    int           // guarded by mu: cost of data in frames
	read      int           // guarded by mu: cost of data taken and not yet granted anew
	credit    int           // guarded by mu: what may be sent
	more      chan struct{} // guarded by mu: told of new credit or the end; nil while nobody waits
	closed    bool          // guarded by mu: the other end sends no more frames
	listening bool          // guarded by mu: the other end still reads data
	failure   error         // guarded by mu: what ended the exchange early
}

func (e *exchange) init(c *conn, id uint64) {
	e.conn, e.id = c, id
	e.ready = make(chan struct{}, 1)
	e.frames = e.first[:0]
	e.credit = windowBytes
	e.listening = true
}

func costOf(payload []byte) int { return len(payload) + frameCost }

// deliver adds a frame that was read. An error is a breach of the protocol.
func (e *exchange) deliver(f frame) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.closed:
		return fmt.Errorf("peer frame of kind %d after the last", f.kind)
	case f.kind != kindData:
		e.closed = true
		if f.kind != kindSendEnd { // the handler ended
			e.listening = false
			e.tell()
		}
	case e.unread >= windowBytes:
		return fmt.Errorf("peer data beyond the window of %d bytes", windowBytes)
	default:
		e.unread += costOf(f.payload)
	}
	e.frames = append(e.frames, f)
	e.arouse()
	return nil
}

// grant adds credit that the other end gave.
func (e *exchange) grant(bytes int) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.credit += bytes; e.credit > windowBytes {
		return fmt.Errorf("peer window grew beyond %d bytes", windowBytes)
	}
	e.tell()
	return nil
}

// fail ends the exchange. What was delivered before can still be taken.
func (e *exchange) fail(reason error) {
	e.mu.Lock()
	if e.failure == nil {
		e.failure = reason
		e.tell()
		e.arouse()
	}
	e.mu.Unlock()
	if e.cancel != nil {
		e.cancel()
	}
}

// failed is what ended the exchange early, nil while nothing did.
func (e *exchange) failed() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.failure
}

// arouse wakes whoever takes. The caller holds mu.
func (e *exchange) arouse() {
	select {
	case e.ready <- struct{}{}:
	default:
	}
}

// tell wakes a sender that waits for credit. The caller holds mu.
func (e *exchange) tell() {
	if e.more != nil {
		close(e.more)
		e.more = nil
	}
}

// take waits for the next frame, the exchange's failure, or the context's end.
func (e *exchange) take(ctx context.Context) (frame, error) {
	for {
		next, found, grant, err := e.pop()
		if grant > 0 {
			_ = e.conn.out.putNow(outgoing{kind: kindWindow, id: e.id, body: encodeWindow(grant), flush: true}) // a broken connection fails the exchange by itself
		}
		if found || err != nil {
			return next, err
		}
		select {
		case <-e.ready:
		case <-ctx.Done():
			return frame{}, context.Cause(ctx)
		}
	}
}

// pop takes a delivered frame, and says how much data may be sent anew.
func (e *exchange) pop() (next frame, found bool, grant int, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.frames) == 0 {
		return frame{}, false, 0, e.failure
	}
	next = e.frames[0]
	e.frames[0] = frame{}
	if e.frames = e.frames[1:]; len(e.frames) == 0 {
		e.frames = e.first[:0]
	}
	if next.kind == kindData {
		cost := costOf(next.payload)
		e.unread -= cost
		e.read += cost
		if e.read >= windowBytes/2 && !e.closed {
			grant, e.read = e.read, 0
		}
	}
	return next, true, grant, nil
}

// send sends one data frame when the window and the connection have room. Data for an end that reads no more is dropped.
func (e *exchange) send(ctx context.Context, payload []byte, flush bool) error {
	if len(payload) > MaxFrameBytes {
		return ErrFrameTooLarge
	}
	wanted, err := e.spend(ctx, costOf(payload))
	if err != nil || !wanted {
		return err
	}
	_, err = e.conn.out.put(ctx, outgoing{kind: kindData, id: e.id, body: payload, flush: flush})
	return err
}

// spend takes credit for a frame, after waiting for some to be left. It tells whether the other end still reads.
func (e *exchange) spend(ctx context.Context, cost int) (wanted bool, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for {
		switch {
		case e.failure != nil:
			return false, e.failure
		case !e.listening:
			return false, nil
		case e.credit > 0:
			e.credit -= cost
			return true, nil
		}
		if err := e.awaitCredit(ctx); err != nil {
			return false, err
		}
	}
}

// awaitCredit waits without the lock. The caller holds mu.
func (e *exchange) awaitCredit(ctx context.Context) error {
	if e.more == nil {
		e.more = make(chan struct{})
	}
	more := e.more
	e.mu.Unlock()
	defer e.mu.Lock()
	e.conn.out.flush() // the other end can only read what it has
	timer := time.NewTimer(sendTimeout)
	defer timer.Stop()
	select {
	case <-more:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return errNotRead
	}
}
