package raft

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	hraft "github.com/hashicorp/raft"
	"github.com/hivellm/nexus/raft/peer"
)

// streamLayer gives the library's transport its connections: mutual TLS on the shared peer port. One layer lives as
// long as one Raft instance; closing it cuts all of its connections, so that the instance's goroutines end at once.
type streamLayer struct {
	listener *peer.Listener
	client   *peer.Client
	address  advertised
	done     chan struct{}
	closing  sync.Once
	mu       sync.Mutex
	open     map[*stream]struct{} // guarded by mu
}

// advertised is a net.Addr of the address others dial.
type advertised string

func (a advertised) Network() string { return "tcp" }
func (a advertised) String() string  { return string(a) }

func newStreamLayer(listener *peer.Listener, client *peer.Client, address string) *streamLayer {
	return &streamLayer{listener: listener, client: client, address: advertised(address),
		done: make(chan struct{}), open: map[*stream]struct{}{}}
}

// Accept implements net.Listener.
func (l *streamLayer) Accept() (net.Conn, error) {
	connection, err := l.listener.AcceptRaft(l.done)
	if err != nil {
		return nil, err
	}
	return l.track(connection, true)
}

// Addr implements net.Listener.
func (l *streamLayer) Addr() net.Addr { return l.address }

// Dial implements hraft.StreamLayer. The address is what serverAddresses made: <node id>@<host:port>, so that the
// certificate can be compared with the node the library means.
func (l *streamLayer) Dial(address hraft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	node, target, found := strings.Cut(string(address), "@")
	if !found || target == "" {
		return nil, fmt.Errorf("no address known of raft server %q", address)
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	secured, _, err := l.client.DialTLS(ctx, target, node, peer.ProtocolRaft)
	if err != nil {
		return nil, err
	}
	return l.track(secured, false)
}

// Close implements net.Listener.
func (l *streamLayer) Close() error {
	l.closing.Do(func() { close(l.done) })
	l.cutWhere(func(*stream) bool { return true })
	return nil
}

// cutAccepted cuts what others opened to this node.
func (l *streamLayer) cutAccepted() {
	l.cutWhere(func(s *stream) bool { return s.accepted })
}

func (l *streamLayer) cutWhere(chosen func(*stream) bool) {
	l.mu.Lock()
	open := make([]*stream, 0, len(l.open))
	for connection := range l.open {
		if chosen(connection) {
			open = append(open, connection)
		}
	}
	l.mu.Unlock()
	for _, connection := range open {
		_ = connection.Close() // cutting is the purpose
	}
}

// track wraps a connection so that the layer can cut it.
func (l *streamLayer) track(connection net.Conn, accepted bool) (net.Conn, error) {
	wrapped := &stream{Conn: connection, layer: l, accepted: accepted}
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.done:
		_ = wrapped.cut() // never used
		return nil, peer.ErrClosed
	default:
		l.open[wrapped] = struct{}{}
		return wrapped, nil
	}
}

// stream is one Raft connection. Closing cuts the socket: TLS's farewell could block on a peer that does not read.
type stream struct {
	net.Conn
	layer    *streamLayer
	accepted bool
	deadline atomic.Int64 // Unix nanoseconds the library set for the exchange; 0: none
	wrote    atomic.Int64 // Unix nanoseconds of the last write
}

// streamIdleLimit is how long a stream may stand still, on either side.
const streamIdleLimit = 10 * time.Second

// streamChunkBytes is the most that is written under one deadline.
const streamChunkBytes = 256 << 10

// SetDeadline implements net.Conn. The library sets one when an exchange begins: ten seconds for an append of any size
// (a follower behind a slow link would be sent the same 64 MiB for ever), hours for a snapshot (R23). Instead, what
// counts is progress: see Write and Read.
func (s *stream) SetDeadline(at time.Time) error {
	s.deadline.Store(at.UnixNano())
	return s.Conn.SetDeadline(at)
}

// Write implements net.Conn. A peer that takes nothing for streamIdleLimit is given up.
func (s *stream) Write(data []byte) (int, error) {
	written := 0
	for {
		chunk := data[written:min(len(data), written+streamChunkBytes)]
		if err := s.Conn.SetWriteDeadline(time.Now().Add(streamIdleLimit)); err != nil {
			return written, err
		}
		n, err := s.Conn.Write(chunk)
		written += n
		s.wrote.Store(time.Now().UnixNano())
		if err != nil || written == len(data) {
			return written, err
		}
	}
}

// Read implements net.Conn. An answer is waited for as long as the library says, but at least for streamIdleLimit after
// the request was written. Between exchanges, and on accepted connections, nothing bounds it.
func (s *stream) Read(into []byte) (int, error) {
	if deadline := s.deadline.Load(); deadline != 0 && !s.accepted {
		limit := max(deadline, s.wrote.Load()+int64(streamIdleLimit))
		if err := s.Conn.SetReadDeadline(time.Unix(0, limit)); err != nil {
			return 0, err
		}
	}
	return s.Conn.Read(into)
}

// Close implements net.Conn.
func (s *stream) Close() error {
	s.layer.mu.Lock()
	delete(s.layer.open, s)
	s.layer.mu.Unlock()
	return s.cut()
}

func (s *stream) cut() error {
	if secured, isTLS := s.Conn.(*tls.Conn); isTLS {
		return secured.NetConn().Close()
	}
	return s.Conn.Close()
}

// serverAddresses answers the library where a server is. Membership is the configuration's; the address is gossip's,
// if it knows one.
type serverAddresses struct{ node *Node }

// ServerAddr implements hraft.ServerAddressProvider. An unknown address stays empty and fails in Dial, with the id.
func (s serverAddresses) ServerAddr(id hraft.ServerID) (hraft.ServerAddress, error) {
	address, _ := s.node.address(string(id))
	return dialAddress(string(id), address), nil
}

func dialAddress(id, address string) hraft.ServerAddress {
	return hraft.ServerAddress(id + "@" + address)
}
