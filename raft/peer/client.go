package peer

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync"
	"time"
)

const (
	// maxControlConnections bounds exchanges of control calls to one node at a time.
	maxControlConnections = 16
	// maxWorkConnections bounds forwarded work to one node at a time.
	maxWorkConnections = 256
	// idleLife is how long an unused connection is kept.
	idleLife = 60 * time.Second
)

// Class keeps control calls (read rounds, status) from waiting behind forwarded work.
type Class uint8

const (
	// Control is for calls of the cluster itself.
	Control Class = iota
	// Work is for what clients asked.
	Work
	classes
)

// ClientConfig is what [NewClient] needs.
type ClientConfig struct {
	Identity Identity
	Gate     Gate
	Address  func(nodeID string) (string, bool) // where a node listens now
	Dial     Dial                               // nil: the net package's
}

// Client opens exchanges with other nodes. All methods may be called from any goroutine.
type Client struct {
	config  ClientConfig
	reading sync.WaitGroup
	mu      sync.Mutex
	pools   map[string]*[classes]*pool // guarded by mu, by node id
	open    map[*conn]struct{}         // guarded by mu
	closed  bool                       // guarded by mu
}

// pool holds the connections to one node in one class.
type pool struct {
	slots chan struct{} // one token an exchange under way
	mu    sync.Mutex
	idle  []*conn // guarded by mu, the most recently used last
}

// NewClient makes a client with empty pools.
func NewClient(config ClientConfig) *Client {
	if config.Dial == nil {
		config.Dial = (&net.Dialer{}).DialContext
	}
	return &Client{config: config, pools: map[string]*[classes]*pool{}, open: map[*conn]struct{}{}}
}

// DialTLS opens one connection of a protocol to an address and returns it with the other node's id. An empty wantNode
// accepts any node of the cluster. Raft's streams use it.
func (c *Client) DialTLS(ctx context.Context, address, wantNode, protocol string) (*tls.Conn, string, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	raw, err := c.config.Dial(ctx, "tcp", address)
	if err != nil {
		return nil, "", err
	}
	secured := tls.Client(raw, clientConfig(c.config.Identity, wantNode, protocol, c.config.Gate))
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = raw.Close() // the handshake's error is the one to tell
		return nil, "", fmt.Errorf("handshake with peer %s: %w", address, err)
	}
	return secured, nodeOf(secured), nil
}

// Call sends one request to a node and waits for its one result.
func (c *Client) Call(ctx context.Context, nodeID string, class Class, method string, body []byte) ([]byte, error) {
	stream, err := c.begin(ctx, nodeID, class, method, body, true)
	if err != nil {
		return nil, err
	}
	return stream.result()
}

// Stream opens a stream with a node. The caller must Close it. With sends, the caller may Send frames until CloseSend.
func (c *Client) Stream(ctx context.Context, nodeID string, class Class, method string, body []byte, sends bool) (*Stream, error) {
	return c.begin(ctx, nodeID, class, method, body, !sends)
}

// CallAddress makes one call on a fresh connection to an address whose node is not known yet, and tells its node id.
func (c *Client) CallAddress(ctx context.Context, address, method string, body []byte) (nodeID string, result []byte, err error) {
	fresh, err := c.dial(ctx, address, "")
	if err != nil {
		return "", nil, notTaken("dial "+address, err)
	}
	defer c.discard(fresh)
	stream := &Stream{ctx: ctx, client: c, conn: fresh, sendEnded: true}
	if err := stream.start(method, body); err != nil {
		return fresh.node, nil, err
	}
	result, err = stream.result()
	return fresh.node, result, err
}

// CloseConnections cuts every connection of every pool; exchanges under way end with an error.
func (c *Client) CloseConnections() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for connection := range c.open {
		connection.close()
	}
}

// Close cuts every connection and waits for their readers. Later calls answer ErrClosed.
func (c *Client) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.CloseConnections()
	c.reading.Wait()
}

func (c *Client) begin(ctx context.Context, nodeID string, class Class, method string, body []byte, noMore bool) (*Stream, error) {
	if len(body) > MaxFrameBytes {
		return nil, notTaken("call "+method, ErrFrameTooLarge)
	}
	from := c.poolOf(nodeID, class)
	connection, err := c.acquire(ctx, nodeID, from)
	if err != nil {
		return nil, notTaken("reach node "+nodeID, err)
	}
	stream := &Stream{ctx: ctx, client: c, pool: from, conn: connection, sendEnded: noMore}
	if err := stream.start(method, body); err != nil {
		return nil, err
	}
	return stream, nil
}

func (c *Client) poolOf(nodeID string, class Class) *pool {
	c.mu.Lock()
	defer c.mu.Unlock()
	both, found := c.pools[nodeID]
	if !found {
		both = &[classes]*pool{
			Control: {slots: make(chan struct{}, maxControlConnections)},
			Work:    {slots: make(chan struct{}, maxWorkConnections)},
		}
		c.pools[nodeID] = both
	}
	return both[class]
}

// acquire takes a slot and an idle connection, or dials.
func (c *Client) acquire(ctx context.Context, nodeID string, from *pool) (*conn, error) {
	select {
	case from.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if idle := from.take(); idle != nil {
		return idle, nil
	}
	address, known := c.config.Address(nodeID)
	if !known {
		<-from.slots
		return nil, fmt.Errorf("no address known of node %s", nodeID)
	}
	fresh, err := c.dial(ctx, address, nodeID)
	if err != nil {
		<-from.slots
		return nil, err
	}
	return fresh, nil
}

// dial opens a peer connection and starts its reader.
func (c *Client) dial(ctx context.Context, address, wantNode string) (*conn, error) {
	secured, _, err := c.DialTLS(ctx, address, wantNode, ProtocolPeer)
	if err != nil {
		return nil, err
	}
	fresh := newConn(secured)
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		fresh.close()
		return nil, ErrClosed
	}
	c.open[fresh] = struct{}{}
	c.reading.Add(1)
	c.mu.Unlock()
	go func() {
		defer c.reading.Done()
		fresh.readLoop()
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.open, fresh)
	}()
	return fresh, nil
}

// release ends an exchange: a clean connection goes back to its pool, any other is cut.
func (c *Client) release(from *pool, connection *conn, clean bool) {
	if from == nil {
		return // CallAddress discards its own
	}
	if clean && connection.alive() {
		from.put(connection)
	} else {
		connection.close()
	}
	<-from.slots
}

func (c *Client) discard(connection *conn) { connection.close() }

// take removes the most recently used live connection.
func (p *pool) take() *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.idle) > 0 {
		last := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		if last.alive() {
			return last
		}
	}
	return nil
}

// put adds a connection and cuts those unused for long. The slots bound the length.
func (p *pool) put(connection *conn) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	connection.lastUsed = now
	for len(p.idle) > 0 && (now.Sub(p.idle[0].lastUsed) > idleLife || !p.idle[0].alive()) {
		p.idle[0].close()
		p.idle = p.idle[1:]
	}
	p.idle = append(p.idle, connection)
}
