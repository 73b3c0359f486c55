package peer

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

const (
	// maxStreams bounds the exchanges under way to one node in one class.
	maxStreams = 4096
	// maxRequestBytes bounds the requests of those exchanges together, at either end.
	maxRequestBytes = 64 << 20
	// suspectAfter is how long a connection may be silent after a request before a caller that gave up doubts it.
	suspectAfter = 200 * time.Millisecond
	// maxRetired bounds the doubted connections of a link whose last exchanges are still awaited. At the bound the
	// current one is kept: cutting another could lose the answer of an exchange that is only slow.
	maxRetired = 16
)

// link is the way to one node in one class: one connection that all exchanges share.
type link struct {
	streams chan struct{}       // one token an exchange under way
	bytes   *semaphore.Weighted // the bodies of their requests

	mu      sync.Mutex
	current *conn    // guarded by mu: nil before the first
	attempt *attempt // guarded by mu: the dial under way
	retired []*conn  // guarded by mu, the oldest first
}

// attempt is one dial, which everybody waits for.
type attempt struct {
	done chan struct{} // closed at its end
	err  error         // written before done is closed; nil also when only its own caller gave up
}

func newLink() *link {
	return &link{streams: make(chan struct{}, maxStreams), bytes: semaphore.NewWeighted(maxRequestBytes)}
}

// enter waits for a place for one exchange with a request of so many bytes.
func (l *link) enter(ctx context.Context, bytes int) error {
	select {
	case l.streams <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if err := l.bytes.Acquire(ctx, int64(bytes)); err != nil {
		<-l.streams
		return context.Cause(ctx)
	}
	return nil
}

// exit gives the place back.
func (l *link) exit(bytes int) {
	l.bytes.Release(int64(bytes))
	<-l.streams
}

// connection is the link's live connection. Without one, the first caller dials and the others wait for what it gets.
func (l *link) connection(ctx context.Context, dial func() (*conn, error)) (*conn, error) {
	for {
		l.mu.Lock()
		if l.current != nil && l.current.alive() {
			defer l.mu.Unlock()
			return l.current, nil
		}
		other := l.attempt
		if other == nil {
			own := &attempt{done: make(chan struct{})}
			l.attempt = own
			l.mu.Unlock()
			return l.settle(ctx, own, dial)
		}
		l.mu.Unlock()
		select {
		case <-other.done:
			if other.err != nil {
				return nil, other.err
			}
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// settle makes an attempt and tells its result.
func (l *link) settle(ctx context.Context, own *attempt, dial func() (*conn, error)) (*conn, error) {
	fresh, err := dial()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.attempt = nil
	if err == nil {
		l.current = fresh
	} else if ctx.Err() == nil {
		own.err = err // the others fail too; otherwise the next of them dials
	}
	close(own.done)
	return fresh, err
}

// doubt is told by a caller that gave up waiting. A connection that has been silent since it was asked may lead nowhere,
// and the socket would not tell for minutes: new exchanges then go over a new one, those under way stay.
func (l *link) doubt(connection *conn) {
	if connection.silence() < suspectAfter {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current != connection {
		return
	}
	alive := l.retired[:0]
	for _, old := range l.retired {
		if !old.over() {
			alive = append(alive, old)
		}
	}
	if l.retired = alive; len(alive) == maxRetired {
		return
	}
	l.current, l.retired = nil, append(alive, connection)
	connection.retire()
}
