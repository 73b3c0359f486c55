package raft

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	hraft "github.com/hashicorp/raft"
	"github.com/hivellm/nexus/raft/peer"
	"github.com/hivellm/nexus/raft/proposer"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "5"); err != nil { // clusters mostly wait for each other
		panic(err)
	}
	// A probe of memberlist that is under way when gossip closes ends by itself, within its probe timeout.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/hashicorp/memberlist.(*Memberlist).probeNode"))
}

const testCluster = "0b0e7a52-4d0e-4d0b-9f5e-000000000001"

// listMachine is a real, small machine: it keeps every command in order.
type listMachine struct {
	mu       sync.Mutex
	state    listState
	progress chan struct{}
	removed  map[string]bool
	draining map[string]bool
	held     chan struct{} // not nil: nothing is applied until it is closed
}

type listState struct {
	Applied, Term uint64
	Cluster       string
	Commands      []string
}

func newListMachine() *listMachine {
	return &listMachine{progress: make(chan struct{}), removed: map[string]bool{}, draining: map[string]bool{}}
}

// holdApply stops applying until the returned function is called.
func (m *listMachine) holdApply() (release func()) {
	held := make(chan struct{})
	m.mu.Lock()
	m.held = held
	m.mu.Unlock()
	return sync.OnceFunc(func() {
		m.mu.Lock()
		m.held = nil
		m.mu.Unlock()
		close(held)
	})
}

func pack(commands [][]byte) []byte {
	var out []byte
	for _, command := range commands {
		out = binary.AppendUvarint(out, uint64(len(command)))
		out = append(out, command...)
	}
	return out
}

func unpack(entry []byte) (commands []string) {
	for len(entry) > 0 {
		size, used := binary.Uvarint(entry)
		commands = append(commands, string(entry[used:used+int(size)]))
		entry = entry[used+int(size):]
	}
	return commands
}

func (m *listMachine) Apply(entry *hraft.Log) any { return m.ApplyBatch([]*hraft.Log{entry})[0] }

func (m *listMachine) ApplyBatch(entries []*hraft.Log) []any {
	answers := make([]any, len(entries))
	for i, entry := range entries {
		m.mu.Lock()
		if held := m.held; held != nil {
			m.mu.Unlock()
			<-held
			m.mu.Lock()
		}
		if entry.Index > m.state.Applied {
			if entry.Type == hraft.LogCommand {
				answers[i] = m.applyLocked(entry)
			}
			m.state.Applied = entry.Index
		}
		close(m.progress)
		m.progress = make(chan struct{})
		m.mu.Unlock()
	}
	return answers
}

func (m *listMachine) applyLocked(entry *hraft.Log) []any {
	var results []any
	for _, command := range unpack(entry.Data) {
		var term uint64
		switch {
		case command[0] == 'T':
			if _, err := fmt.Sscanf(command, "T%d", &term); err == nil && term == entry.Term {
				m.state.Term = term
			}
		case command[0] == 'I':
			m.state.Cluster = command[1:]
		default:
			m.state.Commands = append(m.state.Commands, command)
		}
		results = append(results, len(m.state.Commands))
	}
	return results
}

func (m *listMachine) Snapshot() (hraft.FSMSnapshot, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	encoded, err := json.Marshal(m.state)
	return listSnapshot(encoded), err
}

func (m *listMachine) Restore(source io.ReadCloser) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return json.NewDecoder(source).Decode(&m.state)
}

type listSnapshot []byte

func (s listSnapshot) Persist(sink hraft.SnapshotSink) error {
	_, err := sink.Write(s)
	return err
}
func (listSnapshot) Release() {}

func (m *listMachine) look() listState {
	m.mu.Lock()
	defer m.mu.Unlock()
	copied := m.state
	copied.Commands = append([]string(nil), m.state.Commands...)
	return copied
}

// glance is look without the commands.
func (m *listMachine) glance() listState {
	m.mu.Lock()
	defer m.mu.Unlock()
	return listState{Applied: m.state.Applied, Term: m.state.Term, Cluster: m.state.Cluster}
}

func (m *listMachine) Applied() uint64     { return m.glance().Applied }
func (m *listMachine) AppliedTerm() uint64 { return m.glance().Term }
func (m *listMachine) ClusterID() string   { return m.glance().Cluster }

func (m *listMachine) RemovedMember(id string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.removed[id]
}

func (m *listMachine) DrainingMember(id string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.draining[id]
}

func (m *listMachine) WaitApplied(ctx context.Context, index uint64) error {
	for {
		m.mu.Lock()
		applied, progress := m.state.Applied, m.progress
		m.mu.Unlock()
		if applied >= index {
			return nil
		}
		select {
		case <-progress:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// links lets a test cut a node off. Nodes dial through it.
type links struct {
	mu    sync.Mutex
	cut   map[string]bool // by node id
	owner map[string]string
	nodes map[string]*Node
	rate  map[string]int // by node id: bytes a second towards it; absent: unlimited
}

var errCut = errors.New("link cut by the test")

func (l *links) dial(from string) peer.Dial {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		l.mu.Lock()
		link := &link{links: l, from: from, to: l.owner[address]}
		l.mu.Unlock()
		if link.broken() {
			return nil, errCut
		}
		connection, err := (&net.Dialer{}).DialContext(ctx, network, address)
		link.Conn = connection
		return link, err
	}
}

// link is one connection; nothing passes it while it is cut.
type link struct {
	net.Conn
	links    *links
	from, to string
	free     time.Time // when the paced link is free again; TLS writes one at a time
}

func (l *link) broken() bool {
	l.links.mu.Lock()
	defer l.links.mu.Unlock()
	return l.from != l.to && (l.links.cut[l.from] || l.links.cut[l.to])
}

func (l *link) Read(into []byte) (int, error) {
	read, err := l.Conn.Read(into)
	if l.broken() {
		return 0, errCut
	}
	return read, err
}

func (l *link) Write(from []byte) (int, error) {
	if l.broken() {
		return 0, errCut
	}
	l.pace(len(from))
	return l.Conn.Write(from)
}

// pace waits as a slow link would. Timers are coarse, so it waits only once it is a little ahead.
func (l *link) pace(sizeBytes int) {
	l.links.mu.Lock()
	rate := l.links.rate[l.to]
	l.links.mu.Unlock()
	if rate == 0 {
		return
	}
	now := time.Now()
	if l.free.Before(now) {
		l.free = now
	}
	l.free = l.free.Add(time.Duration(sizeBytes) * time.Second / time.Duration(rate))
	if ahead := l.free.Sub(now); ahead > 20*time.Millisecond {
		timer := time.NewTimer(ahead)
		defer timer.Stop()
		<-timer.C
	}
}

// isolate cuts a node's links, the open ones too.
func (l *links) isolate(id string) {
	l.mu.Lock()
	l.cut[id] = true
	nodes := make([]*Node, 0, len(l.nodes))
	for _, node := range l.nodes {
		nodes = append(nodes, node)
	}
	l.mu.Unlock()
	for _, node := range nodes {
		node.listener.CloseConnections()
		node.client.CloseConnections()
	}
}

func (l *links) heal(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.cut, id)
}

type testNode struct {
	*Node
	machine   *listMachine
	config    Config
	snapshots hraft.SnapshotStore
}

type testCl struct {
	t         testing.TB
	authority *peer.Authority
	links     *links
	nodes     []*testNode
}

func freeAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func identity(t testing.TB, authority *peer.Authority, id string) peer.Identity {
	t.Helper()
	certificate, key, err := authority.Issue(id, []string{"127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	made, err := peer.NewIdentity(certificate, key, authority.CertificatePEM())
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// newCluster prepares count nodes; none is started.
func newCluster(t testing.TB, count int) *testCl {
	t.Helper()
	authority, err := peer.NewAuthority(testCluster)
	if err != nil {
		t.Fatal(err)
	}
	c := &testCl{t: t, authority: authority,
		links: &links{cut: map[string]bool{}, owner: map[string]string{}, nodes: map[string]*Node{}, rate: map[string]int{}}}
	var peers []string
	for i := range count {
		c.add(fmt.Sprintf("node-%d", i+1))
		peers = append(peers, c.nodes[i].config.PeerListen)
	}
	for _, node := range c.nodes {
		node.config.Bootstrap, node.config.Peers = true, peers
	}
	return c
}

// add prepares one more node.
func (c *testCl) add(id string) *testNode {
	c.t.Helper()
	address := freeAddress(c.t)
	c.links.mu.Lock()
	c.links.owner[address] = id
	c.links.mu.Unlock()
	snapshots := hraft.NewInmemSnapshotStore()
	node := &testNode{machine: newListMachine(), snapshots: snapshots, config: Config{
		NodeID: id, Name: "n-" + id, ClusterID: testCluster, DataDir: c.t.TempDir(),
		PeerListen: address, HTTPAddress: "http-" + id, TLS: identity(c.t, c.authority, id),
		GossipListen: "127.0.0.1:0", GossipKey: []byte("0123456789abcdef0123456789abcdef"),
		ClusterSecret: []byte("the secret of the cluster"), TimeoutFactor: 1, Snapshots: snapshots,
		Pack:        pack,
		TermStart:   func(term uint64) []byte { return fmt.Appendf(nil, "T%d", term) },
		ClusterInit: func(uint64) []byte { return []byte("I" + testCluster) },
		Dial:        c.links.dial(id), Version: "test",
		Fatal: func(reason string) {
			if strings.Contains(reason, "the disk does not answer") {
				c.t.Logf("node %s: %s", id, reason) // a disk shared with other tests may be that slow
				return
			}
			c.t.Errorf("node %s: fatal: %s", id, reason)
		},
	}}
	if os.Getenv("NEXUS_TEST_LOG") != "" {
		node.config.Logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})).With("n", id)
	}
	c.nodes = append(c.nodes, node)
	return node
}

func (c *testCl) start(node *testNode) {
	c.t.Helper()
	c.startOn(node, node.machine)
}

// startAll starts every node and waits for a leader.
func startAll(t testing.TB, count int) *testCl {
	t.Helper()
	c := newCluster(t, count)
	for _, node := range c.nodes {
		c.start(node)
	}
	c.leader()
	return c
}

// wait polls until what holds, at most ten seconds.
func wait(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(15 * time.Second)
	defer deadline.Stop()
	every := time.NewTicker(5 * time.Millisecond)
	defer every.Stop()
	for !holds() {
		select {
		case <-every.C:
		case <-deadline.C:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// leader waits for a node that leads and is known to all connected nodes.
func (c *testCl) leader() *testNode {
	c.t.Helper()
	var leader *testNode
	wait(c.t, "a leader", func() bool {
		for _, node := range c.nodes {
			if node.Node != nil && !c.links.isCut(node.config.NodeID) {
				if _, leading := node.Leadership(); leading {
					leader = node
					return true
				}
			}
		}
		return false
	})
	return leader
}

func (l *links) isCut(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cut[id]
}

// follower is a started node that does not lead and knows the leader.
func (c *testCl) follower() *testNode {
	c.t.Helper()
	leader := c.leader()
	for _, node := range c.nodes {
		if node != leader && node.Node != nil {
			wait(c.t, "a follower that knows the leader", func() bool { return node.leaderID() == leader.config.NodeID })
			return node
		}
	}
	c.t.Fatal("no follower")
	return nil
}

func context10(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// transfer gives leadership to a node, again when a busy machine made it fail.
func (c *testCl) transfer(from, to *testNode) {
	c.t.Helper()
	wait(c.t, "leadership to move", func() bool {
		return from.TransferLeadership(context10(c.t), to.config.NodeID) == nil
	})
}

// write proposes one command on the leader until it is applied: on a busy machine a leader may lose its office.
func (c *testCl) write(command string) proposer.Outcome {
	c.t.Helper()
	var outcome proposer.Outcome
	wait(c.t, "a write to be applied", func() bool {
		leader := c.leader()
		term, _ := leader.Leadership()
		outcome = leader.Propose(context10(c.t), []byte(command), term).Wait(context10(c.t))
		return outcome.Kind == proposer.Applied
	})
	return outcome
}

// steady runs a check again when leadership moved under it, which a busy machine does.
func (c *testCl) steady(t testing.TB, check func(leader *testNode, term uint64) error) {
	t.Helper()
	for range 5 {
		leader := c.leader()
		term, _ := leader.Leadership()
		err := check(leader, term)
		if err == nil {
			return
		}
		if after, leading := leader.Leadership(); leading && after == term {
			t.Fatal(err)
		}
		t.Logf("leadership moved: %v", err)
	}
	t.Fatal("leadership moved again and again")
}
