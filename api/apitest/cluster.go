// Package apitest runs whole nodes in one process, on loopback and in temporary directories: the machine, the group and
// the service as cmd wires them, for the tests of the service and of the doors. No product code imports it.
package apitest

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/api/audit"
	"github.com/hivellm/nexus/api/control"
	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/fsm/fsmtest"
	"github.com/hivellm/nexus/raft"
	"github.com/hivellm/nexus/raft/peer"
	"github.com/hivellm/nexus/tenancy"
)

// Patience bounds every wait of a test cluster.
const Patience = 20 * time.Second

// Node is one node of a test cluster.
type Node struct {
	Service *api.Service
	Audit   *audit.Log
	Machine *fsm.Machine
	Raft    *raft.Node
	// Gate makes the machine slow.
	Gate *fsmtest.Gate
	// Name names the node in Links.
	Name string
	// MemoryBudgetBytes is the machine's, 0 for no bound; changed between Stop and Restart.
	MemoryBudgetBytes uint64

	dir  string
	open func()
}

// Options are what tests set of the service. The zero value is the product's own.
type Options struct {
	DigestEvery, ScrubEvery, AuditHeadsEvery time.Duration
	// Control makes each node's settings of the control plane, once for each start; nil for none.
	Control func() *control.Settings
	// MaxStaleness is auth.max_staleness; 0 = 10 s.
	MaxStaleness time.Duration
	// Logger takes what all nodes log; nil drops it.
	Logger *slog.Logger
}

// Cluster is a group of nodes with one operator's key.
type Cluster struct {
	Nodes       []*Node
	Links       *Links
	OperatorKey string
	ID          string

	authority *peer.Authority
	options   Options
}

// Start starts n nodes and waits until each is ready; they end with the test.
func Start(t testing.TB, n int) *Cluster {
	t.Helper()
	return StartWith(t, n, Options{})
}

// StartWith is Start with options.
func StartWith(t testing.TB, n int, options Options) *Cluster {
	t.Helper()
	c := &Cluster{ID: randomID(), options: options}
	operator, part, err := tenancy.GenerateKey(tenancy.KeyOperator, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c.OperatorKey = operator.Reveal()
	init := &fsm.ClusterInit{ClusterID: c.ID, FeatureLevel: fsm.FeatureLevel, OperatorKey: tenancy.KeyRecord{
		ID: part.ID, Name: "operator", Kind: tenancy.KeyOperator, Role: tenancy.RoleOperator,
		SecretSHA256: part.SecretHash, AllowedFunctions: tenancy.EveryFunction(), AuthVersion: 1,
	}}
	authority, err := peer.NewAuthority(c.ID)
	if err != nil {
		t.Fatal(err)
	}
	c.authority = authority
	addresses := freeAddresses(t, n)
	c.Links = newLinks(addresses)
	for i := range n {
		c.Nodes = append(c.Nodes, startNode(t, c, addresses, i, authority, *init))
	}
	for _, node := range c.Nodes {
		WaitFor(t, "node ready", func() bool { return node.Service.Ready().Ready })
	}
	return c
}

func nodeName(i int) string { return fmt.Sprintf("n%d", i+1) }

func startNode(t testing.TB, c *Cluster, addresses []string, i int, authority *peer.Authority, init fsm.ClusterInit) *Node {
	t.Helper()
	dir, nodeID, clusterID, name := t.TempDir(), randomID(), c.ID, nodeName(i)
	certificate, key, err := authority.Issue(nodeID, []string{"127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	identity, err := peer.NewIdentity(certificate, key, authority.CertificatePEM())
	if err != nil {
		t.Fatal(err)
	}
	n := &Node{Name: name, Gate: &fsmtest.Gate{}, dir: dir}
	fatal := func(reason string) { panic(name + ": " + reason) }
	n.open = func() {
		t.Helper()
		machine, err := fsm.Open(fsm.Config{
			Dir: n.MachineDir(), ClusterID: clusterID, Logger: c.options.Logger,
			MemoryBudgetBytes: n.MemoryBudgetBytes,
			Fatal:             func(index uint64, err error) { fatal(fmt.Sprintf("entry %d: %v", index, err)) },
		})
		n.Machine = must(t, machine, err)
		node, err := raft.Open(context.Background(), raft.Config{
			NodeID: nodeID, Name: name, ClusterID: clusterID, DataDir: dir,
			PeerListen: addresses[i], TLS: identity, ClusterSecret: []byte("secret of " + clusterID),
			Bootstrap: true, Peers: addresses,
			Snapshots: machine.Snapshots(), BeforeStart: machine.BeforeStart, Pack: fsm.Pack,
			TermStart:   func(term uint64) []byte { return encode(t, &fsm.TermStart{Header: header(term), NodeID: nodeID}) },
			ClusterInit: func(term uint64) []byte { made := init; made.Header = header(term); return encode(t, &made) },
			Fatal:       fatal,
			Dial:        c.Links.dial(name),
			Logger:      c.options.Logger,
		}, &fsmtest.Machine{Machine: machine, Gate: n.Gate})
		n.Raft = must(t, node, err)
		var plane *control.Settings
		if c.options.Control != nil {
			plane = c.options.Control()
		}
		log, err := audit.Open(audit.Config{Dir: n.AuditDir(), NodeID: nodeID, Node: name, Logger: c.options.Logger})
		n.Audit = must(t, log, err)
		service, err := api.New(api.Config{
			Audit: log, AuditHeadsEvery: c.options.AuditHeadsEvery,
			Control: plane,
			Machine: machine, Node: n.Raft, Secret: []byte("secret of " + clusterID), ClusterID: clusterID,
			MaxStaleness: cmp.Or(c.options.MaxStaleness, 10*time.Second), Version: "test", Logger: c.options.Logger,
			SpendingDir: filepath.Join(dir, "spending"),
			DigestEvery: c.options.DigestEvery, ScrubEvery: c.options.ScrubEvery,
		})
		n.Service = must(t, service, err)
	}
	n.open()
	t.Cleanup(func() { n.Stop(t) })
	return n
}

// MachineDir is the directory of the node's machine: for tests that do harm to a stopped one.
func (n *Node) MachineDir() string { return filepath.Join(n.dir, "machine") }

// AuditDir is the directory of the node's audit log.
func (n *Node) AuditDir() string { return filepath.Join(n.dir, "audit") }

// Stop closes a node; one that is stopped already stays so.
func (n *Node) Stop(t testing.TB) {
	t.Helper()
	if n.Service == nil {
		return
	}
	n.Service.Close()
	if err := errors.Join(n.Audit.Close(), n.Raft.Close(), n.Machine.Close()); err != nil {
		t.Error(err)
	}
	n.Service = nil
}

// Restart starts a stopped node on its own files and waits until it is ready. Nobody may use the node meanwhile.
func (n *Node) Restart(t testing.TB) {
	t.Helper()
	n.open()
	WaitFor(t, "node ready", func() bool { return n.Service.Ready().Ready })
}

// must ends the test where something does not open.
func must[T any](t testing.TB, made T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func header(term uint64) fsm.Header {
	return fsm.Header{Term: term, TimeMs: time.Now().UnixMilli()}
}

func encode(t testing.TB, c fsm.Command) []byte {
	encoded, err := fsm.Encode(c)
	if err != nil {
		t.Error(err)
	}
	return encoded
}

// Leader returns the node that leads, waiting for one.
func (c *Cluster) Leader(t testing.TB) *Node {
	t.Helper()
	var leader *Node
	WaitFor(t, "a leader", func() bool {
		for _, n := range c.Nodes {
			if n.Service.Ready().Leader {
				leader = n
				return true
			}
		}
		return false
	})
	return leader
}

// Follower returns a node that does not lead.
func (c *Cluster) Follower(t testing.TB) *Node {
	t.Helper()
	leader := c.Leader(t)
	for _, n := range c.Nodes {
		if n != leader {
			return n
		}
	}
	t.Fatal("a cluster of one has no follower")
	return nil
}

// Operator authenticates the operator's key on a node.
func (c *Cluster) Operator(t testing.TB, n *Node) tenancy.Principal {
	t.Helper()
	return Authenticate(t, n, c.OperatorKey)
}

// Authenticate authenticates a key on a node, waiting until the node knows of it.
func Authenticate(t testing.TB, n *Node, key string) tenancy.Principal {
	t.Helper()
	var principal tenancy.Principal
	WaitFor(t, "the key known", func() (ok bool) {
		var err error
		principal, err = n.Service.Authenticate(key)
		return err == nil
	})
	return principal
}

// Tenant makes a tenant with a key, on the leader.
func (c *Cluster) Tenant(t testing.TB, name string) (account tenancy.Account, key string) {
	t.Helper()
	leader := c.Leader(t)
	operator := c.Operator(t, leader)
	account, err := leader.Service.CreateTenant(t.Context(), operator, api.TenantSpec{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	made, err := leader.Service.CreateKey(t.Context(), operator, api.KeySpec{
		Tenant: account.ID.String(), Name: name, Functions: tenancy.EveryFunction(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return account, made.Text
}

// WaitFor waits until a condition holds, or fails the test.
func WaitFor(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(Patience)
	for tick := time.NewTicker(2 * time.Millisecond); ; <-tick.C {
		if holds() {
			tick.Stop()
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited %v for: %s", Patience, what)
		}
	}
}

// freeAddresses finds n ports of loopback that nobody listens on.
func freeAddresses(t testing.TB, n int) []string {
	t.Helper()
	addresses := make([]string, n)
	for i := range addresses {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		addresses[i] = l.Addr().String()
	}
	return addresses
}

func randomID() string {
	var b [16]byte
	rand.Read(b[:])
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
