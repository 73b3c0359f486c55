package raft

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"
	"time"

	hraft "github.com/hashicorp/raft"
	"github.com/hivellm/nexus/raft/peer"
	"github.com/vmihailenco/msgpack/v5"
)

const (
	// introductionFast is the pause between rounds of probes while this node is in no cluster yet.
	introductionFast = 250 * time.Millisecond
	// introductionSlow is the pause afterwards.
	introductionSlow = 5 * time.Second
	// probeTimeout bounds one probe, its connection included.
	probeTimeout = 2 * time.Second
	// nonceBytes is the length of a probe's challenge.
	nonceBytes = 32
)

// probeAnswer is what a node tells to whoever holds a certificate of the cluster.
type probeAnswer struct {
	Node   string `msgpack:"node"`
	Name   string `msgpack:"name"`
	Peer   string `msgpack:"peer"`
	Gossip string `msgpack:"gossip"`
	Empty  bool   `msgpack:"empty"` // no log, no configuration, nothing applied
	Seen   bool   `msgpack:"seen"`  // the node that asks once held data
	Proof  []byte `msgpack:"proof"` // of the cluster secret, over all of the above that decides
}

// bootstrapState is why this node is in no cluster yet.
type bootstrapState struct {
	mu     sync.Mutex
	reason error // guarded by mu
}

// BootstrapRefusal says why this node, which is in no cluster yet, does not make or join one; nil when it is in one or
// nothing is wrong so far.
func (n *Node) BootstrapRefusal() error {
	n.bootstrap.mu.Lock()
	defer n.bootstrap.mu.Unlock()
	return n.bootstrap.reason
}

// refuse notes the reason and logs it when it is a new one.
func (n *Node) refuseBootstrap(reason error) {
	n.bootstrap.mu.Lock()
	defer n.bootstrap.mu.Unlock()
	fresh := reason != nil && (n.bootstrap.reason == nil || n.bootstrap.reason.Error() != reason.Error())
	n.bootstrap.reason = reason
	if fresh {
		n.config.Logger.Warn("not in a cluster yet", "reason", reason.Error())
	}
}

// introductionLoop finds the other nodes: before there is a cluster to make or join one, afterwards for gossip.
func (n *Node) introductionLoop() {
	for {
		pause := introductionSlow
		if len(n.servers()) == 0 {
			pause = introductionFast
			n.meet()
		} else {
			n.refuseBootstrap(nil)
			if addresses := n.unheard(); len(addresses) > 0 {
				pause = time.Second
				n.joinGossip(n.probeAll(addresses))
			}
		}
		if !n.pause(pause) {
			return
		}
	}
}

// meet is one attempt of a node that is in no cluster.
func (n *Node) meet() {
	if n.config.Bootstrap && len(n.config.Peers) > 0 {
		answers := n.probeAll(n.config.Peers)
		n.joinGossip(answers)
		n.considerBootstrap(answers)
	}
	if len(n.config.Join) > 0 {
		n.joinGossip(n.probeAll(n.config.Join))
		n.refuseBootstrap(n.askToJoin())
	}
}

// unheard lists the peer addresses of members that gossip does not hear. While there is no leader it lists every address
// this node knows: the members may have moved, or this node may have been removed while it was away.
func (n *Node) unheard() []string {
	alone := n.leaderID() == ""
	gossiping := n.gossip.Load()
	if gossiping == nil && !alone {
		return nil
	}
	var addresses []string
	for _, server := range n.servers() {
		id := string(server.ID)
		if id == n.config.NodeID || !alone && gossiping.Hears(id) {
			continue
		}
		if address, known := n.address(id); known {
			addresses = append(addresses, address, string(server.Address))
		}
	}
	if alone {
		addresses = append(append(addresses, n.config.Peers...), n.config.Join...)
	}
	slices.Sort(addresses)
	return slices.DeleteFunc(slices.Compact(addresses), func(address string) bool { return address == n.advertise })
}

// probed is the outcome of one probe.
type probed struct {
	address string
	answer  probeAnswer
	err     error
}

// probeAll probes addresses at once.
func (n *Node) probeAll(addresses []string) []probed {
	results := make([]probed, len(addresses))
	var probing sync.WaitGroup
	for i, address := range addresses {
		probing.Add(1)
		go func() {
			defer probing.Done()
			answer, err := n.probe(address)
			results[i] = probed{address, answer, err}
		}()
	}
	probing.Wait()
	return results
}

// probe asks one address and checks the proof.
func (n *Node) probe(address string) (probeAnswer, error) {
	ctx, cancel := context.WithTimeout(n.ctx, probeTimeout)
	defer cancel()
	nonce := make([]byte, nonceBytes)
	if _, err := rand.Read(nonce); err != nil {
		return probeAnswer{}, fmt.Errorf("make a nonce: %w", err)
	}
	node, encoded, err := n.client.CallAddress(ctx, address, methodProbe, nonce)
	if err != nil {
		n.hear(err)
		return probeAnswer{}, err
	}
	var answer probeAnswer
	if err := msgpack.Unmarshal(encoded, &answer); err != nil {
		return probeAnswer{}, fmt.Errorf("probe of %s: %w", address, err)
	}
	if answer.Node != node || !hmac.Equal(answer.Proof, n.proof(answer, nonce)) {
		return probeAnswer{}, fmt.Errorf("node %s at %s does not hold this cluster's secret", node, address)
	}
	return answer, nil
}

func (n *Node) serveProbe(_ context.Context, from string, nonce []byte) ([]byte, error) {
	if len(nonce) != nonceBytes {
		return nil, peer.Refuse(codeBadRequest, "a probe's nonce has %d bytes", nonceBytes)
	}
	answer := probeAnswer{Node: n.config.NodeID, Name: n.config.Name, Peer: n.advertise, Empty: n.empty(), Seen: n.wasSeen(from)}
	if gossiping := n.gossip.Load(); gossiping != nil {
		answer.Gossip = gossiping.Address()
	}
	answer.Proof = n.proof(answer, nonce)
	return msgpack.Marshal(answer)
}

// proof is HMAC-SHA256 under the cluster secret over the challenge and what the answer claims. The secret itself never
// travels.
func (n *Node) proof(answer probeAnswer, nonce []byte) []byte {
	mac := hmac.New(sha256.New, n.config.ClusterSecret)
	fmt.Fprintf(mac, "nexus probe 1\x00%s\x00%s\x00%s\x00%t\x00%t\x00",
		n.config.ClusterID, answer.Node, answer.Peer, answer.Empty, answer.Seen)
	mac.Write(nonce)
	return mac.Sum(nil)
}

// empty tells whether this node has nothing that a new cluster could contradict.
func (n *Node) empty() bool {
	return n.raft().LastIndex() == 0 && len(n.servers()) == 0 && n.machine.Applied() == 0 && n.machine.ClusterID() == ""
}

// joinGossip introduces this node to the gossip of those that answered.
func (n *Node) joinGossip(answers []probed) {
	gossiping := n.gossip.Load()
	if gossiping == nil {
		return
	}
	var addresses []string
	for _, found := range answers {
		if found.err != nil || found.answer.Gossip == "" || found.answer.Node == n.config.NodeID {
			continue
		}
		if !gossiping.Hears(found.answer.Node) {
			addresses = append(addresses, found.answer.Gossip)
		}
	}
	if err := gossiping.Join(addresses); err != nil && n.ctx.Err() == nil {
		n.config.Logger.Debug("gossip not joined", "error", err.Error())
	}
}

// considerBootstrap makes the cluster when every expected node answered empty under the same secret and this one has
// the lowest id. All others wait to hear from it.
func (n *Node) considerBootstrap(answers []probed) {
	servers, lowest, err := firstConfiguration(answers)
	if err != nil {
		n.refuseBootstrap(err)
		return
	}
	if !contains(servers, n.config.NodeID) {
		n.refuseBootstrap(fmt.Errorf("node %s is not among the expected peers", n.config.NodeID))
		return
	}
	if lowest != n.config.NodeID || !n.empty() {
		return
	}
	err = n.await(n.raft().BootstrapCluster(hraft.Configuration{Servers: servers}))
	if err != nil {
		n.refuseBootstrap(fmt.Errorf("bootstrap: %w", err))
		return
	}
	n.config.Logger.Info("cluster bootstrapped", "cluster", n.config.ClusterID, "voters", len(servers))
}

// firstConfiguration is the configuration of a new cluster, or why there can be none.
func firstConfiguration(answers []probed) (servers []hraft.Server, lowest string, err error) {
	for _, found := range answers {
		switch {
		case found.err != nil:
			return nil, "", fmt.Errorf("bootstrap waits for %s: %w", found.address, found.err)
		case !found.answer.Empty:
			return nil, "", fmt.Errorf("bootstrap refused: node %s at %s is not empty", found.answer.Node, found.address)
		case contains(servers, found.answer.Node):
			return nil, "", fmt.Errorf("bootstrap refused: node %s answers at two addresses", found.answer.Node)
		}
		servers = append(servers, hraft.Server{Suffrage: hraft.Voter, ID: hraft.ServerID(found.answer.Node),
			Address: hraft.ServerAddress(found.answer.Peer)})
		if lowest == "" || found.answer.Node < lowest {
			lowest = found.answer.Node
		}
	}
	return servers, lowest, nil
}

func contains(servers []hraft.Server, nodeID string) bool {
	for _, server := range servers {
		if string(server.ID) == nodeID {
			return true
		}
	}
	return false
}

// bootstrapAlone makes the one-node cluster of a node without a peer port.
func (n *Node) bootstrapAlone() error {
	if !n.empty() {
		return nil
	}
	id := hraft.ServerID(n.config.NodeID)
	alone := hraft.Configuration{Servers: []hraft.Server{{Suffrage: hraft.Voter, ID: id, Address: hraft.ServerAddress(id)}}}
	if err := n.await(n.raft().BootstrapCluster(alone)); err != nil {
		return fmt.Errorf("bootstrap a single node: %w", err)
	}
	return nil
}
