package raft

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
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
	resolve  func(nodeID string) (string, bool)
	ctx      context.Context // ends when the layer is closed
	cancel   context.CancelFunc
	mu       sync.Mutex
	open     map[*stream]struct{} // guarded by mu
}

// advertised is a net.Addr of the address others dial.
type advertised string

func (a advertised) Network() string { return "tcp" }
func (a advertised) String() string  { return string(a) }

func newStreamLayer(n *Node) *streamLayer {
	ctx, cancel := context.WithCancel(context.Background())
	return &streamLayer{listener: n.listener, client: n.client, address: advertised(n.advertise), resolve: n.address,
		ctx: ctx, cancel: cancel, open: map[*stream]struct{}{}}
}

// Accept implements net.Listener.
func (l *streamLayer) Accept() (net.Conn, error) {
	connection, err := l.listener.AcceptRaft(l.ctx.Done())
	if err != nil {
		return nil, err
	}
	return l.track(connection, true, "")
}

// Addr implements net.Listener.
func (l *streamLayer) Addr() net.Addr { return l.address }

// dialAgain is the pause before a node whose port is closed is dialled again.
const dialAgain = 100 * time.Millisecond

// Dial implements hraft.StreamLayer. The address is what serverAddresses made: <node id>@<host:port>, so that the
// certificate can be compared with the node the library means.
//
// A port that is closed is dialled again until the timeout: the node is starting, or will be. To fail at once would let
// the library's own pause between attempts grow to ten seconds, and a node that came back would wait that long for its
// first entry.
func (l *streamLayer) Dial(address hraft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(l.ctx, timeout)
	defer cancel()
	node, target, _ := strings.Cut(string(address), "@")
	for {
		if target == "" {
			return nil, fmt.Errorf("no address known of raft server %q", address)
		}
		secured, _, err := l.client.DialTLS(ctx, target, node, peer.ProtocolRaft)
		if err == nil {
			return l.track(secured, false, node)
		}
		if !errors.Is(err, syscall.ECONNREFUSED) || !pauseIn(ctx, dialAgain) {
			return nil, err
		}
		if now, known := l.resolve(node); known {
			target = now // it may come back elsewhere
		}
	}
}

// pauseIn waits and tells whether the context still runs.
func pauseIn(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Close implements net.Listener.
func (l *streamLayer) Close() error {
	l.cancel()
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
func (l *streamLayer) track(connection net.Conn, accepted bool, node string) (net.Conn, error) {
	wrapped := &stream{Conn: connection, layer: l, accepted: accepted, node: node}
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.ctx.Done():
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
	node     string       // the other node's id where this node dialled; else the listener knows it
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
