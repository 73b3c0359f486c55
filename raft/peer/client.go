package peer

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
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
	running sync.WaitGroup
	mu      sync.Mutex
	links   map[string]*[classes]*link // guarded by mu, by node id; bounded by the nodes that were ever addressed
	open    map[*conn]struct{}         // guarded by mu
	closed  bool                       // guarded by mu
}

// NewClient makes a client without connections.
func NewClient(config ClientConfig) *Client {
	if config.Dial == nil {
		config.Dial = (&net.Dialer{}).DialContext
	}
	return &Client{config: config, links: map[string]*[classes]*link{}, open: map[*conn]struct{}{}}
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
	if len(body) > MaxFrameBytes {
		return "", nil, notTaken("call "+method, ErrFrameTooLarge)
	}
	fresh, err := c.dial(ctx, address, "")
	if err != nil {
		return "", nil, notTaken("dial "+address, err)
	}
	defer fresh.close()
	stream, err := begin(ctx, fresh, nil, method, body, true)
	if err != nil {
		return fresh.node, nil, notTaken("call "+method, err)
	}
	result, err = stream.result()
	return fresh.node, result, err
}

// CloseConnections cuts every connection; exchanges under way end with an error.
func (c *Client) CloseConnections() { c.CloseNodes(func(string) bool { return true }) }

// CloseNodes cuts the connections to the nodes that are chosen.
func (c *Client) CloseNodes(chosen func(nodeID string) bool) {
	c.mu.Lock()
	open := make([]*conn, 0, len(c.open))
	for connection := range c.open {
		if chosen(connection.node) {
			open = append(open, connection)
		}
	}
	c.mu.Unlock()
	for _, connection := range open {
		connection.close()
	}
}

// Close cuts every connection and waits for their goroutines. Later calls answer ErrClosed.
func (c *Client) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.CloseConnections()
	c.running.Wait()
}

// maxJoins bounds how often a request is offered to a connection that ended or was retired meanwhile.
const maxJoins = 3

func (c *Client) begin(ctx context.Context, nodeID string, class Class, method string, body []byte, noMore bool) (*Stream, error) {
	if len(body) > MaxFrameBytes {
		return nil, notTaken("call "+method, ErrFrameTooLarge)
	}
	over := c.linkOf(nodeID, class)
	if err := over.enter(ctx, len(body)); err != nil {
		return nil, notTaken("reach node "+nodeID, err)
	}
	for attempt := 1; ; attempt++ {
		connection, err := over.connection(ctx, func() (*conn, error) { return c.dialNode(ctx, nodeID) })
		if err == nil {
			var stream *Stream
			if stream, err = begin(ctx, connection, over, method, body, noMore); err == nil {
				return stream, nil
			}
		}
		if !errors.Is(err, errConnectionLost) || attempt == maxJoins {
			over.exit(len(body))
			return nil, notTaken("reach node "+nodeID, err)
		}
	}
}

func (c *Client) linkOf(nodeID string, class Class) *link {
	c.mu.Lock()
	defer c.mu.Unlock()
	both, found := c.links[nodeID]
	if !found {
		both = &[classes]*link{Control: newLink(), Work: newLink()}
		c.links[nodeID] = both
	}
	return both[class]
}

func (c *Client) dialNode(ctx context.Context, nodeID string) (*conn, error) {
	address, known := c.config.Address(nodeID)
	if !known {
		return nil, fmt.Errorf("no address known of node %s", nodeID)
	}
	return c.dial(ctx, address, nodeID)
}

// dial opens a peer connection and starts its goroutines.
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
	c.running.Add(1)
	c.mu.Unlock()
	go func() {
		defer c.running.Done()
		fresh.run()
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.open, fresh)
	}()
	return fresh, nil
}
