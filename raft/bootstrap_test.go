package raft

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/hivellm/nexus/raft/peer"
)

// refusal waits for a node to say why it makes no cluster.
func refusal(t *testing.T, node *testNode, want string) {
	t.Helper()
	wait(t, "a refusal that says "+want, func() bool {
		reason := node.BootstrapRefusal()
		return reason != nil && strings.Contains(reason.Error(), want)
	})
	if len(node.servers()) != 0 {
		t.Fatalf("node %s made a cluster", node.config.NodeID)
	}
}

func TestBootstrap_RefusedWithAnotherSecret(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3)
	c.nodes[2].config.ClusterSecret = []byte("another secret")
	for _, node := range c.nodes {
		c.start(node)
	}
	for _, node := range c.nodes {
		refusal(t, node, "does not hold this cluster's secret")
	}
}

func TestBootstrap_WaitsForAMissingPeer(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3)
	c.start(c.nodes[0])
	c.start(c.nodes[1])
	refusal(t, c.nodes[0], "bootstrap waits for")
	c.start(c.nodes[2])
	c.leader()
	wait(t, "the refusal to be gone", func() bool { return c.nodes[2].BootstrapRefusal() == nil })
}

func TestBootstrap_RefusedWithANodeThatIsNotEmpty(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 2)
	c.nodes[1].machine.state.Applied = 7
	c.start(c.nodes[0])
	c.start(c.nodes[1])
	refusal(t, c.nodes[0], "is not empty")
}

func TestOpen_RefusesForeignFiles(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 1)
	node := c.nodes[0]
	for name, change := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"certificate of another node": {func(cfg *Config) { cfg.TLS = identity(t, c.authority, "other") }, "peer certificate is that of"},
		"another cluster id":          {func(cfg *Config) { cfg.ClusterID = "foreign" }, "peer certificate is that of"},
		"no secret":                   {func(cfg *Config) { cfg.ClusterSecret = nil }, "cluster secret"},
		"no gossip key":               {func(cfg *Config) { cfg.GossipKey = nil }, "gossip"},
		"wild factor":                 {func(cfg *Config) { cfg.TimeoutFactor = -1 }, "timeout_factor"},
		"peers without a port":        {func(cfg *Config) { cfg.PeerListen = "" }, "without a peer port"},
	} {
		t.Run(name, func(t *testing.T) {
			config := node.config
			change.change(&config)
			opened, err := Open(context.Background(), config, node.machine)
			if err == nil {
				_ = opened.Close()
			}
			if err == nil || !strings.Contains(err.Error(), change.want) {
				t.Fatalf("error %v, want %q", err, change.want)
			}
		})
	}
	node.machine.state.Cluster = "another cluster"
	if _, err := Open(context.Background(), node.config, node.machine); err == nil || !strings.Contains(err.Error(), "belongs to cluster") {
		t.Fatalf("a machine of another cluster: %v", err)
	}
}

func TestPeer_RefusesRemovedAndUnknownNodes(t *testing.T) {
	t.Parallel()
	c := startAll(t, 3)
	leader := c.leader()
	stranger := c.client("stranger", leader.config.PeerListen)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if _, err := stranger.Call(ctx, leader.config.NodeID, peer.Control, methodTerm, nil); peer.CodeOf(err) != peer.CodeNotMember {
		t.Fatalf("a node that is no member: %v", err)
	}
	if _, err := stranger.Call(ctx, leader.config.NodeID, peer.Control, methodProbe, make([]byte, nonceBytes)); err != nil {
		t.Fatalf("a probe needs no membership: %v", err)
	}
	leader.machine.mu.Lock()
	leader.machine.removed["stranger"] = true
	leader.machine.mu.Unlock()
	removed := c.client("stranger", leader.config.PeerListen)
	if _, err := removed.Call(ctx, leader.config.NodeID, peer.Control, methodProbe, make([]byte, nonceBytes)); peer.CodeOf(err) != peer.CodeRemoved {
		t.Fatalf("a removed node is answered %v", err)
	}
	for _, method := range leader.Methods() {
		want := "peer certificate of a member"
		if method.Name == methodProbe || method.Name == methodJoin {
			want = "peer certificate"
		}
		if method.Admission.String() != want {
			t.Errorf("method %s admits by %s", method.Name, method.Admission)
		}
	}
}

// client is a peer client of a node that is not part of the cluster.
func (c *testCl) client(id, address string) *peer.Client {
	client := peer.NewClient(peer.ClientConfig{Identity: identity(c.t, c.authority, id),
		Address: func(string) (string, bool) { return address, true }})
	c.t.Cleanup(client.Close)
	return client
}
