package raft

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	hraft "github.com/hashicorp/raft"
	"github.com/hivellm/nexus/raft/disk"
	"github.com/hivellm/nexus/raft/gossip"
	"github.com/hivellm/nexus/raft/peer"
	"github.com/hivellm/nexus/raft/proposer"
	"github.com/hivellm/nexus/raft/round"
)

var (
	// ErrNoLeader says that no leader is known, or that the known one does not lead (any more). Retryable.
	ErrNoLeader = errors.New("no leader")
	// ErrNotLeader says that this node does not lead.
	ErrNotLeader = errors.New("this node does not lead")
	// ErrUnknownNode says that a node is not in the configuration.
	ErrUnknownNode = errors.New("unknown node")
	// ErrAlone is answered to calls between nodes on a node without a peer port.
	ErrAlone = fmt.Errorf("this node has no peer port: %w", peer.ErrNotTaken)
)

// Node is a node among nodes. Its methods may be called from any goroutine until Close.
type Node struct {
	config    Config
	machine   Machine
	advertise string // host:port others dial
	store     *disk.Log
	snapshots hraft.SnapshotStore
	listener  *peer.Listener // nil for a node alone
	client    *peer.Client   // nil for a node alone
	gossip    atomic.Pointer[gossip.Gossip]
	engine    atomic.Pointer[engine]
	notify    chan bool // the library's signals: only a reason to look

	proposer    *proposer.Proposer
	round       *round.Round
	leaderReads *round.Group[uint64]
	remoteReads *round.Group[uint64]
	fresh       freshness
	leadership  leadership
	contacts    contacts
	askCount    atomic.Pointer[atomic.Int64] // counts the questions of rounds while a test looks
	bootstrap   bootstrapState
	seen        seen
	removed     chan struct{} // closed once this node knows that it was removed
	removedOnce sync.Once

	installs    installWatch
	rebuild     chan struct{}
	rebuilt     atomic.Int64
	compacting  atomic.Bool   // this node asked for the snapshot being made
	compactedTo atomic.Uint64 // the last such snapshot's index

	compactAsked atomic.Bool // a snapshot is wanted whatever the log's size

	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup
	closing sync.Once
	closed  error // written inside closing
}

// signalBuffer lets the library go on while a signal is being looked at.
const signalBuffer = 16

// Open starts a node. It returns once the node takes part: that it has a leader shows later ([Node.Leader]). ctx bounds
// the start only. The machine stays the caller's and must outlive the node.
func Open(ctx context.Context, config Config, machine Machine) (*Node, error) {
	config, err := config.normalize(machine)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	store, err := disk.Open(config.DataDir, config.Fatal)
	if err != nil {
		return nil, err
	}
	return open(config, machine, store)
}

// open starts a node over an opened log. Tests give it a log whose store hangs.
func open(config Config, machine Machine, store *disk.Log) (*Node, error) {
	n := newNode(config, machine, store)
	if err := n.start(); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

func newNode(config Config, machine Machine, store *disk.Log) *Node {
	n := &Node{config: config, machine: machine, store: store,
		notify: make(chan bool, signalBuffer), rebuild: make(chan struct{}, 1), removed: make(chan struct{})}
	n.snapshots = watchedSnapshots{config.Snapshots, n}
	n.ctx, n.cancel = context.WithCancel(context.Background())
	n.leadership.changed = make(chan struct{})
	n.contacts.last = map[string]time.Time{}
	n.seen.known = map[string]bool{}
	n.round = round.New(round.Config{Self: config.NodeID, Voters: n.voters, Own: func() uint64 { return n.raft().CurrentTerm() },
		Ask: n.askTerm, AnswerTimeout: roundTimeout})
	n.leaderReads = round.NewGroup(roundTimeout, n.leaderIndex)
	n.remoteReads = round.NewGroup(remoteReadTimeout, n.remoteIndex)
	return n
}

// start opens the ports and the library, in the order of need.
func (n *Node) start() error {
	if n.machine.RemovedMember(n.config.NodeID) {
		return fmt.Errorf("node %s: %w", n.config.NodeID, errRemoved)
	}
	if err := n.claimLog(); err != nil {
		return err
	}
	if err := n.openPeerPort(); err != nil {
		return err
	}
	if err := n.refuseForgotten(); err != nil {
		return err
	}
	first, err := n.startEngine()
	if err != nil {
		return err
	}
	n.engine.Store(first)
	n.proposer = proposer.New(proposer.Config{Log: libraryLog{n}, Pack: n.config.Pack, Term: n.Leadership})
	n.run(n.leadershipLoop)
	n.run(n.freshnessLoop)
	n.run(n.maintenanceLoop)
	if n.listener == nil {
		return n.bootstrapAlone()
	}
	n.registerMethods()
	if err := n.startGossip(); err != nil {
		return err
	}
	n.run(n.introductionLoop)
	return nil
}

func (n *Node) openPeerPort() error {
	if n.config.PeerListen == "" {
		return nil
	}
	listener, err := peer.Listen(peer.ListenerConfig{Address: n.config.PeerListen, Identity: n.config.TLS,
		Gate: n.admit, Member: n.isMember, Logger: n.config.Logger})
	if err != nil {
		return err
	}
	n.listener = listener
	n.advertise = n.config.PeerAdvertise
	if n.advertise == "" {
		n.advertise = listener.Addr().String()
	}
	host, _, err := net.SplitHostPort(n.advertise)
	if ip := net.ParseIP(host); err != nil || host == "" || (ip != nil && ip.IsUnspecified()) {
		return fmt.Errorf("peer.advertise: %q is no address that others can dial: set it to host:port", n.advertise)
	}
	n.client = peer.NewClient(peer.ClientConfig{Identity: n.config.TLS, Gate: n.admit, Address: n.address, Dial: n.config.Dial})
	return nil
}

func (n *Node) startGossip() error {
	if n.config.GossipListen == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(n.advertise)
	if err != nil {
		return fmt.Errorf("peer.advertise %q: %w", n.advertise, err)
	}
	started, err := gossip.Start(gossip.Config{
		NodeID: n.config.NodeID, ClusterID: n.config.ClusterID,
		Listen: n.config.GossipListen, Advertise: host, Key: n.config.GossipKey,
		Meta:   gossip.Meta{Name: n.config.Name, Peer: n.advertise, HTTP: n.config.HTTPAddress, Version: n.config.Version},
		Logger: n.config.Logger,
	}, nil)
	if err != nil {
		return err
	}
	n.gossip.Store(started)
	return nil
}

// Close stops the node: what is queued is refused, what is under way has an unknown outcome. It waits for every
// goroutine and closes the log.
func (n *Node) Close() error {
	n.closing.Do(func() { n.closed = n.close() })
	return n.closed
}

func (n *Node) close() error {
	n.cancel()
	if n.proposer != nil {
		n.proposer.Close()
	}
	n.leaderReads.Close()
	n.remoteReads.Close()
	n.round.Close()
	var failed []error
	if gossiping := n.gossip.Load(); gossiping != nil {
		failed = append(failed, gossiping.Close())
	}
	n.running.Wait()
	if last := n.engine.Load(); last != nil {
		last.stop()
	}
	if n.client != nil {
		n.client.Close()
	}
	if n.listener != nil {
		failed = append(failed, n.listener.Close())
	}
	return errors.Join(append(failed, n.store.Close())...)
}

// run starts a goroutine of the node.
func (n *Node) run(loop func()) {
	n.running.Add(1)
	go func() {
		defer n.running.Done()
		loop()
	}()
}

// pause waits and tells whether the node still runs.
func (n *Node) pause(d time.Duration) bool {
	return pauseIn(n.ctx, d)
}
