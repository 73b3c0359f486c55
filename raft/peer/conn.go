package peer

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

const (
	connectionBufferBytes = 32 << 10
	// deadlineRenewal is how old a write deadline gets before it is set anew: setting one for each batch costs more
	// than the precision is worth.
	deadlineRenewal = sendTimeout / 4
)

// conn is one peer connection with many exchanges on it. Its reader never waits for anything but the socket: what it
// delivers is bounded by each exchange's window. Its writer writes whatever waits in the outbox at once.
type conn struct {
	node   string // the other node's id, from its certificate
	tls    *tls.Conn
	out    *outbox
	accept func(request frame) error // the serving side's; nil on the dialling side

	born    time.Time
	unheard atomic.Int64 // nanoseconds since born of the first request after which nothing was heard; 0: none

	mu        sync.Mutex
	exchanges map[uint64]*exchange // guarded by mu; bounded by maxStreams, on the serving side by maxServed
	lastID    uint64               // guarded by mu: the id given last
	retired   bool                 // guarded by mu: takes no new exchange, is closed after the last
	ended     bool                 // guarded by mu
}

func newConn(connection *tls.Conn) *conn {
	return &conn{
		node:      nodeOf(connection),
		tls:       connection,
		out:       newOutbox(),
		born:      time.Now(),
		exchanges: map[uint64]*exchange{},
	}
}

// run reads and writes until the connection ends; then every exchange on it has failed. Its owner waits for it.
func (c *conn) run() {
	var writing sync.WaitGroup
	writing.Go(func() {
		defer c.close()
		_ = c.writeAll() // whatever it was, the connection is over
	})
	_ = c.readAll() // the same
	c.close()
	c.failAll()
	writing.Wait()
}

func (c *conn) readAll() error {
	reader := bufio.NewReaderSize(c.tls, connectionBufferBytes)
	for {
		next, err := readFrame(reader)
		if err != nil {
			return err
		}
		if c.unheard.Load() != 0 {
			c.unheard.Store(0)
		}
		if err := c.dispatch(next); err != nil {
			return err
		}
	}
}

func (c *conn) writeAll() error {
	var renewed time.Time
	return c.out.run(func(batch []byte) error {
		if now := time.Now(); now.Sub(renewed) > deadlineRenewal {
			if err := c.tls.SetWriteDeadline(now.Add(sendTimeout)); err != nil {
				return err
			}
			renewed = now
		}
		_, err := c.tls.Write(batch)
		return err
	})
}

// dispatch hands a frame to its exchange. An error is a breach of the protocol and ends the connection.
func (c *conn) dispatch(f frame) error {
	if f.kind == kindRequest {
		if c.accept == nil {
			return fmt.Errorf("peer %s sent a request where it answers", c.node)
		}
		return c.accept(f)
	}
	c.mu.Lock()
	target := c.exchanges[f.id]
	c.mu.Unlock()
	if target == nil {
		return nil // it ended here while the frame was under way
	}
	switch f.kind {
	case kindWindow:
		bytes, err := decodeWindow(f.payload)
		if err != nil {
			return err
		}
		return target.grant(bytes)
	case kindCancel:
		if c.accept != nil {
			target.fail(errCancelled)
			return nil
		}
	case kindData:
		return target.deliver(f)
	case kindSendEnd:
		if c.accept != nil {
			return target.deliver(f)
		}
	case kindEnd, kindRefused, kindFailed:
		if c.accept == nil {
			return target.deliver(f)
		}
	}
	return fmt.Errorf("peer %s sent a frame of kind %d", c.node, f.kind)
}

// join gives a new exchange its id. false: the connection takes no more, and nothing was sent.
func (c *conn) join(e *exchange) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended || c.retired {
		return false
	}
	c.lastID++
	e.init(c, c.lastID)
	c.exchanges[e.id] = e
	return true
}

// adopt registers an exchange that the other side opened. An error is a breach of the protocol.
func (c *conn) adopt(e *exchange, id uint64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.exchanges[id] != nil {
		return fmt.Errorf("peer %s opened exchange %d twice", c.node, id)
	}
	e.init(c, id)
	c.exchanges[id] = e
	return nil
}

// leave forgets an exchange; frames of it that still come are dropped.
func (c *conn) leave(e *exchange) {
	c.mu.Lock()
	delete(c.exchanges, e.id)
	last := c.retired && len(c.exchanges) == 0
	c.mu.Unlock()
	if last {
		c.close()
	}
}

// retire keeps new exchanges off the connection and closes it after the last.
func (c *conn) retire() {
	c.mu.Lock()
	c.retired = true
	last := len(c.exchanges) == 0
	c.mu.Unlock()
	if last {
		c.close()
	}
}

// asked notes that a request was sent, for silence.
func (c *conn) asked() {
	if c.unheard.Load() == 0 {
		c.unheard.CompareAndSwap(0, int64(max(time.Since(c.born), 1)))
	}
}

// silence is for how long nothing was heard although something was asked; 0: the peer spoke since.
func (c *conn) silence() time.Duration {
	since := c.unheard.Load()
	if since == 0 {
		return 0
	}
	return time.Since(c.born) - time.Duration(since)
}

// alive tells whether new exchanges may join.
func (c *conn) alive() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.ended && !c.retired
}

// failAll ends every exchange of a connection that was closed.
func (c *conn) failAll() {
	c.mu.Lock()
	open := make([]*exchange, 0, len(c.exchanges))
	for _, e := range c.exchanges {
		open = append(open, e)
	}
	c.mu.Unlock()
	for _, e := range open {
		e.fail(errConnectionLost)
	}
}

// close cuts the connection without a farewell that could block. The reader then fails the exchanges.
func (c *conn) close() {
	c.out.close()
	c.mu.Lock()
	before := c.ended
	c.ended = true
	c.mu.Unlock()
	if !before {
		_ = c.tls.NetConn().Close() // the error of closing a broken socket changes nothing
	}
}

// over tells whether the connection was closed.
func (c *conn) over() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended
}
