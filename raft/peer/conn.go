package peer

import (
	"bufio"
	"context"
	"crypto/tls"
	"sync"
	"time"
)

// sendTimeout bounds one flush towards a peer that does not read.
const sendTimeout = 30 * time.Second

const connectionBufferBytes = 32 << 10

// conn is one peer connection. A goroutine of its own reads frames, so that a peer's death is seen while nothing is
// expected and while a handler runs. Only the holder of the current exchange sends.
type conn struct {
	node     string // the other node's id, from its certificate
	tls      *tls.Conn
	writer   *bufio.Writer
	frames   chan frame    // unbuffered: the channel's back pressure is TCP's
	dead     chan struct{} // closed when the reader ended
	closing  sync.Once
	closed   chan struct{} // closed by close
	lastUsed time.Time     // guarded by the pool's lock while idle
}

func newConn(connection *tls.Conn) *conn {
	return &conn{
		node:   nodeOf(connection),
		tls:    connection,
		writer: bufio.NewWriterSize(connection, connectionBufferBytes),
		frames: make(chan frame),
		dead:   make(chan struct{}),
		closed: make(chan struct{}),
	}
}

// readLoop runs until the connection ends. The owner starts it and waits for dead.
func (c *conn) readLoop() {
	defer close(c.dead)
	reader := bufio.NewReaderSize(c.tls, connectionBufferBytes)
	for {
		next, err := readFrame(reader)
		if err != nil {
			c.close()
			return
		}
		select {
		case c.frames <- next:
		case <-c.closed:
			return
		}
	}
}

// send writes one frame and, when asked, everything buffered.
func (c *conn) send(k kind, head, payload []byte, flush bool) error {
	if err := c.tls.SetWriteDeadline(time.Now().Add(sendTimeout)); err != nil {
		return err
	}
	if err := writeFrame(c.writer, k, head, payload); err != nil {
		return err
	}
	if !flush {
		return nil
	}
	return c.writer.Flush()
}

// receive waits for the next frame, the connection's end, or the context's.
func (c *conn) receive(ctx context.Context) (frame, error) {
	select {
	case next := <-c.frames:
		return next, nil
	case <-c.dead:
		return frame{}, errConnectionLost
	case <-ctx.Done():
		return frame{}, context.Cause(ctx)
	}
}

// alive tells whether the reader still runs.
func (c *conn) alive() bool {
	select {
	case <-c.dead:
		return false
	case <-c.closed:
		return false
	default:
		return true
	}
}

// close cuts the connection without a farewell that could block.
func (c *conn) close() {
	c.closing.Do(func() {
		close(c.closed)
		_ = c.tls.NetConn().Close() // the error of closing a broken socket changes nothing
	})
}
