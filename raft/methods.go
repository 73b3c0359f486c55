package raft

import (
	"context"
	"sync"
	"time"

	"github.com/hivellm/nexus/raft/peer"
)

// The peer methods of this package. Others register theirs with HandleCall and HandleStream.
const (
	methodTerm      = "raft.term"
	methodReadIndex = "raft.read_index"
	methodStatus    = "member.status"
	methodTransfer  = "leader.transfer"
	methodProbe     = "member.probe"
	methodJoin      = "member.join"
)

// Codes of answers of this package's methods.
const (
	codeForgot      = "forgot"
	codeNoLeader    = "no_leader"
	codeUnknownNode = "unknown_node"
	codeBadRequest  = "bad_request"
)

func (n *Node) registerMethods() {
	n.listener.HandleCall(methodTerm, peer.Member, n.serveTerm)
	n.listener.HandleCall(methodReadIndex, peer.Member, n.serveReadIndex)
	n.listener.HandleCall(methodStatus, peer.Member, n.serveStatus)
	n.listener.HandleCall(methodTransfer, peer.Member, n.serveTransfer)
	n.listener.HandleCall(methodProbe, peer.Certificate, n.serveProbe)
	n.listener.HandleCall(methodJoin, peer.Certificate, n.serveJoin)
}

// HandleCall serves a method of one request and one result to those the admission names. On a node without a peer port
// there is nobody to serve.
func (n *Node) HandleCall(method string, admission peer.Admission, handler peer.CallHandler) {
	if n.listener != nil {
		n.listener.HandleCall(method, admission, handler)
	}
}

// HandleStream serves a method that answers with frames to those the admission names.
func (n *Node) HandleStream(method string, admission peer.Admission, handler peer.StreamHandler) {
	if n.listener != nil {
		n.listener.HandleStream(method, admission, handler)
	}
}

// Methods lists the peer dispatch table: what is served, and to whom.
func (n *Node) Methods() []peer.Method {
	if n.listener == nil {
		return nil
	}
	return n.listener.Methods()
}

// Call asks another node. An error that is peer.ErrNotTaken says that it definitely did not begin.
func (n *Node) Call(ctx context.Context, nodeID, method string, request []byte) ([]byte, error) {
	if n.client == nil {
		return nil, ErrAlone
	}
	answer, err := n.client.Call(ctx, nodeID, peer.Work, method, request)
	if err == nil {
		n.contacts.heard(nodeID)
	}
	return answer, err
}

// Stream sends a request to another node that answers with frames. The caller must Close it.
func (n *Node) Stream(ctx context.Context, nodeID, method string, request []byte) (*peer.Stream, error) {
	return n.stream(ctx, nodeID, method, request, false)
}

// Exchange is Stream for a caller that sends frames too, until its CloseSend.
func (n *Node) Exchange(ctx context.Context, nodeID, method string, request []byte) (*peer.Stream, error) {
	return n.stream(ctx, nodeID, method, request, true)
}

func (n *Node) stream(ctx context.Context, nodeID, method string, request []byte, sends bool) (*peer.Stream, error) {
	if n.client == nil {
		return nil, ErrAlone
	}
	return n.client.Stream(ctx, nodeID, peer.Work, method, request, sends)
}

// control is Call for the cluster's own methods: it does not wait behind forwarded work.
func (n *Node) control(ctx context.Context, nodeID, method string, request []byte) ([]byte, error) {
	if n.client == nil {
		return nil, ErrAlone
	}
	answer, err := n.client.Call(ctx, nodeID, peer.Control, method, request)
	if err == nil {
		n.contacts.heard(nodeID)
	}
	n.hear(err)
	return answer, err
}

// contacts remembers when other nodes last answered, on the monotonic clock.
type contacts struct {
	mu   sync.Mutex
	last map[string]time.Time // guarded by mu; bounded by the nodes that hold a certificate
}

func (c *contacts) heard(nodeID string) {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last[nodeID] = now
}

// since is the time since a node answered; negative: never.
func (c *contacts) since(nodeID string) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, known := c.last[nodeID]
	if !known {
		return -1
	}
	return time.Since(at)
}
