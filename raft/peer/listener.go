package peer

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxConnections bounds what the port holds open, in both protocols together.
	maxConnections = 2048
	// maxHandshakes bounds handshakes under way.
	maxHandshakes = 64
	// maxHandlers bounds handlers under way, over all connections.
	maxHandlers = 16384
	// raftBacklog bounds Raft streams that nobody accepted yet.
	raftBacklog = 32
	// acceptPause is how long to wait after a failed accept, for instance without file descriptors.
	acceptPause = 50 * time.Millisecond
)

// ListenerConfig is what [Listen] needs.
type ListenerConfig struct {
	Address  string // host:port
	Identity Identity
	Gate     Gate                     // nil: every node of the cluster
	Member   func(nodeID string) bool // whether a node is in the Raft configuration
	Logger   *slog.Logger
}

// Listener owns the peer port. All methods may be called from any goroutine.
type Listener struct {
	config   ListenerConfig
	tls      *tls.Config
	socket   net.Listener
	raft     chan net.Conn
	methods  methods
	ctx      context.Context
	cancel   context.CancelFunc
	running  sync.WaitGroup
	shaking  chan struct{}
	mu       sync.Mutex
	accepted map[net.Conn]string // guarded by mu: every open connection, and its node once that is known

	handlers      atomic.Int64 // under way
	refusalLogged atomic.Int64 // when a refusal was logged last, Unix nanoseconds
}

// Listen opens the port and begins to accept. Methods may be registered before and after.
func Listen(config ListenerConfig) (*Listener, error) {
	socket, err := net.Listen("tcp", config.Address)
	if err != nil {
		return nil, fmt.Errorf("listen for peers: %w", err)
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(context.Background())
	l := &Listener{
		config:   config,
		tls:      serverConfig(config.Identity, config.Gate),
		socket:   socket,
		raft:     make(chan net.Conn, raftBacklog),
		ctx:      ctx,
		cancel:   cancel,
		shaking:  make(chan struct{}, maxHandshakes),
		accepted: map[net.Conn]string{},
	}
	l.running.Add(1)
	go l.acceptLoop()
	return l, nil
}

// Addr is the address listened on.
func (l *Listener) Addr() net.Addr { return l.socket.Addr() }

// AcceptRaft waits for the next Raft stream. It ends with ErrClosed when the listener or done closes.
func (l *Listener) AcceptRaft(done <-chan struct{}) (net.Conn, error) {
	select {
	case connection := <-l.raft:
		return connection, nil
	case <-done:
		return nil, ErrClosed
	case <-l.ctx.Done():
		return nil, ErrClosed
	}
}

// Close cuts every connection, cancels every handler and waits for them.
func (l *Listener) Close() error {
	l.cancel()
	err := l.socket.Close()
	l.CloseConnections()
	l.running.Wait()
	return err
}

// CloseConnections cuts every open connection. The port stays open.
func (l *Listener) CloseConnections() { l.cut(func(string) bool { return true }) }

// CloseNodes cuts the open connections of the nodes that are chosen, Raft streams included. The port stays open.
func (l *Listener) CloseNodes(chosen func(nodeID string) bool) {
	l.cut(func(node string) bool { return node != "" && chosen(node) })
}

func (l *Listener) cut(chosen func(nodeID string) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for connection, node := range l.accepted {
		if chosen(node) {
			_ = connection.Close() // cutting is the purpose; its error says nothing more
		}
	}
}

func (l *Listener) acceptLoop() {
	defer l.running.Done()
	for {
		connection, err := l.socket.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) || !l.pause() {
				return
			}
			continue
		}
		select {
		case l.shaking <- struct{}{}:
		case <-l.ctx.Done():
			_ = connection.Close() // never used
			return
		}
		if !l.track(connection) {
			<-l.shaking
			_ = connection.Close() // over the bound; the dialler tries again
			continue
		}
		l.running.Add(1)
		go func() {
			defer l.running.Done()
			l.welcome(connection)
		}()
	}
}

// pause waits a little and tells whether the listener still runs.
func (l *Listener) pause() bool {
	timer := time.NewTimer(acceptPause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-l.ctx.Done():
		return false
	}
}

// welcome shakes hands and hands the connection to its protocol.
func (l *Listener) welcome(raw net.Conn) {
	secured, err := l.handshake(raw)
	<-l.shaking
	if err != nil {
		l.forget(raw)
		l.logRefusal(raw, err)
		return
	}
	l.name(raw, nodeOf(secured))
	if secured.ConnectionState().NegotiatedProtocol == ProtocolPeer {
		defer l.forget(raw)
		l.serve(newConn(secured))
		return
	}
	select {
	case l.raft <- &raftConn{Conn: secured, raw: raw, listener: l}:
	case <-l.ctx.Done():
		l.forget(raw)
	}
}

// refusalLogEvery bounds how often refused connections are logged: strangers must not fill the log.
const refusalLogEvery = time.Second

func (l *Listener) logRefusal(raw net.Conn, reason error) {
	now := time.Now().UnixNano()
	last := l.refusalLogged.Load()
	if l.ctx.Err() != nil || now-last < int64(refusalLogEvery) || !l.refusalLogged.CompareAndSwap(last, now) {
		return
	}
	l.config.Logger.Warn("peer connection refused", "remote", raw.RemoteAddr().String(), "reason", reason.Error())
}

func (l *Listener) handshake(raw net.Conn) (*tls.Conn, error) {
	ctx, cancel := context.WithTimeout(l.ctx, handshakeTimeout)
	defer cancel()
	secured := tls.Server(raw, l.tls)
	if err := secured.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	return secured, nil
}

// track counts a connection in, or refuses it at the bound or after Close.
func (l *Listener) track(connection net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.accepted) >= maxConnections || l.ctx.Err() != nil {
		return false
	}
	l.accepted[connection] = ""
	return true
}

// name notes whose connection it is.
func (l *Listener) name(connection net.Conn, node string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, open := l.accepted[connection]; open {
		l.accepted[connection] = node
	}
}

func (l *Listener) forget(connection net.Conn) {
	_ = connection.Close() // may be closed already
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.accepted, connection)
}

// raftConn is a Raft stream that leaves the listener's count when closed. It closes the socket at once: a farewell
// of TLS could block on a peer that does not read.
type raftConn struct {
	net.Conn
	raw      net.Conn
	listener *Listener
}

func (c *raftConn) Close() error {
	c.listener.forget(c.raw)
	return nil
}
