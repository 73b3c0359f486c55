package gossip

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sort"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/memberlist"
)

// The intervals keep an idle cluster quiet: a dead node is known within a few seconds, and nothing here elects anyone.
const (
	probeInterval    = time.Second
	probeTimeout     = 500 * time.Millisecond
	gossipInterval   = 500 * time.Millisecond
	pushPullInterval = 30 * time.Second
	leaveTimeout     = 500 * time.Millisecond
	tcpTimeout       = 5 * time.Second
)

// maxNodes bounds what is remembered of nodes, dead ones included.
const maxNodes = 256

// Config is what [Start] needs.
type Config struct {
	NodeID    string
	ClusterID string
	Listen    string // host:port, TCP and UDP; port 0 picks one
	Advertise string // host others reach this node at; empty: the one listened on
	Key       []byte // 16, 24 or 32 bytes
	Meta      Meta
	Logger    *slog.Logger
}

// Node is what gossip knows of one node.
type Node struct {
	ID     string
	Gossip string // host:port
	Alive  bool
	Meta   Meta
}

// Gossip is this node's part in it. Its methods may be called from any goroutine.
type Gossip struct {
	list    *memberlist.Memberlist
	meta    []byte
	address string
	mu      sync.Mutex
	nodes   map[string]Node // guarded by mu, by node id
	changed func()
}

// Start opens the gossip port. changed is called, without blocking, whenever a node came, went or moved; nil is allowed.
func Start(config Config, changed func()) (*Gossip, error) {
	meta, err := config.Meta.encode()
	if err != nil {
		return nil, err
	}
	if len(config.Key) == 0 {
		return nil, errors.New("gossip: no key: gossip is always encrypted")
	}
	g := &Gossip{meta: meta, nodes: map[string]Node{}, changed: changed}
	settings, err := settings(config, g)
	if err != nil {
		return nil, err
	}
	if g.list, err = memberlist.Create(settings); err != nil {
		return nil, fmt.Errorf("start gossip on %s: %w", config.Listen, err)
	}
	g.address = net.JoinHostPort(settings.AdvertiseAddr, strconv.Itoa(settings.AdvertisePort))
	return g, nil
}

// Address is the host:port others can join this node at.
func (g *Gossip) Address() string { return g.address }

// Join contacts other nodes by their gossip addresses. It succeeds when one of them answered.
func (g *Gossip) Join(addresses []string) error {
	if len(addresses) == 0 {
		return nil
	}
	if _, err := g.list.Join(addresses); err != nil {
		return fmt.Errorf("join gossip: %w", err)
	}
	return nil
}

// Nodes lists what is known, by node id, this node included.
func (g *Gossip) Nodes() []Node {
	g.mu.Lock()
	defer g.mu.Unlock()
	list := make([]Node, 0, len(g.nodes))
	for _, node := range g.nodes {
		list = append(list, node)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].ID < list[j].ID })
	return list
}

// Hears tells whether a node is known and alive.
func (g *Gossip) Hears(id string) bool {
	node, known := g.Node(id)
	return known && node.Alive
}

// Node returns what is known of one node.
func (g *Gossip) Node(id string) (Node, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	node, known := g.nodes[id]
	return node, known
}

// Close says farewell for a moment and closes the port.
func (g *Gossip) Close() error {
	leaving := g.list.Leave(leaveTimeout) // nobody hearing it only delays what the others learn by probing
	if err := g.list.Shutdown(); err != nil {
		return errors.Join(leaving, fmt.Errorf("stop gossip: %w", err))
	}
	return nil
}

func settings(config Config, g *Gossip) (*memberlist.Config, error) {
	host, port, err := splitAddress(config.Listen)
	if err != nil {
		return nil, err
	}
	advertise, err := advertisedIP(host, config.Advertise)
	if err != nil {
		return nil, err
	}
	s := memberlist.DefaultLANConfig()
	s.Name, s.Label = config.NodeID, config.ClusterID
	s.BindAddr, s.BindPort = host, port
	s.AdvertiseAddr, s.AdvertisePort = advertise, port
	s.SecretKey = config.Key
	s.ProbeInterval, s.ProbeTimeout = probeInterval, probeTimeout
	s.GossipInterval, s.PushPullInterval = gossipInterval, pushPullInterval
	s.TCPTimeout = tcpTimeout
	s.EnableCompression = false
	s.DeadNodeReclaimTime = time.Second // a node may come back at another address
	s.Delegate, s.Events, s.Alive = delegate{g}, delegate{g}, delegate{g}
	s.LogOutput = logWriter{config.Logger}
	return s, nil
}

func splitAddress(address string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, fmt.Errorf("gossip address: %w", err)
	}
	if port, err = strconv.Atoi(text); err != nil {
		return "", 0, fmt.Errorf("gossip address %s: %w", address, err)
	}
	if host == "" {
		host = "0.0.0.0"
	}
	return host, port, nil
}

// advertisedIP is the IP others reach this node at.
func advertisedIP(bind, advertise string) (string, error) {
	if ip := net.ParseIP(bind); advertise == "" || (ip != nil && !ip.IsUnspecified()) {
		advertise = bind
	}
	if ip := net.ParseIP(advertise); ip != nil {
		return advertise, nil
	}
	resolved, err := net.ResolveIPAddr("ip", advertise)
	if err != nil {
		return "", fmt.Errorf("gossip advertise address: %w", err)
	}
	return resolved.String(), nil
}

// remember stores what memberlist says of a node.
func (g *Gossip) remember(node *memberlist.Node, alive bool) {
	meta, err := decodeMeta(node.Meta)
	g.mu.Lock()
	known, found := g.nodes[node.Name]
	switch {
	case err != nil && found:
		known.Alive = alive
		g.nodes[node.Name] = known
	case err == nil && (found || len(g.nodes) < maxNodes):
		g.nodes[node.Name] = Node{ID: node.Name, Gossip: node.Address(), Alive: alive, Meta: meta}
	}
	g.mu.Unlock()
	if g.changed != nil {
		g.changed()
	}
}

// delegate is Gossip seen by memberlist, which calls it under locks of its own.
type delegate struct{ g *Gossip }

func (d delegate) NodeMeta(int) []byte                { return d.g.meta }
func (d delegate) NotifyMsg([]byte)                   {}
func (d delegate) GetBroadcasts(_, _ int) [][]byte    { return nil }
func (d delegate) LocalState(bool) []byte             { return nil }
func (d delegate) MergeRemoteState([]byte, bool)      {}
func (d delegate) NotifyJoin(node *memberlist.Node)   { d.g.remember(node, true) }
func (d delegate) NotifyUpdate(node *memberlist.Node) { d.g.remember(node, true) }
func (d delegate) NotifyLeave(node *memberlist.Node)  { d.g.remember(node, false) }

// NotifyAlive drops nodes that do not describe themselves.
func (d delegate) NotifyAlive(node *memberlist.Node) error {
	_, err := decodeMeta(node.Meta)
	return err
}

// logWriter turns memberlist's lines into records.
type logWriter struct{ logger *slog.Logger }

func (w logWriter) Write(line []byte) (int, error) {
	text := string(bytes.TrimSpace(line))
	switch {
	case w.logger == nil || bytes.Contains(line, []byte("[DEBUG]")):
	case bytes.Contains(line, []byte("[ERR]")), bytes.Contains(line, []byte("[WARN]")):
		w.logger.Warn("gossip", "text", text)
	default:
		w.logger.Debug("gossip", "text", text)
	}
	return len(line), nil
}
