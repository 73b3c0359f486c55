package raft

import (
	"context"
	"fmt"
	"sync"
	"time"

	hraft "github.com/hashicorp/raft"
	"github.com/hivellm/nexus/raft/disk"
	"github.com/hivellm/nexus/raft/peer"
	"github.com/vmihailenco/msgpack/v5"
)

// Roles and states of members, as the status shows them.
const (
	RoleLeader   = "leader"
	RoleVoter    = "voter"
	RoleLearner  = "learner"
	RoleDraining = "draining" // marked, whatever it is besides

	StateAlive   = "alive"   // it answered
	StateSuspect = "suspect" // gossip hears it, but it did not answer
	StateDead    = "dead"
)

// statusTimeout bounds the question to each member.
const statusTimeout = 500 * time.Millisecond

// Member is a node of the configuration.
type Member struct {
	ID, Name      string
	Peer, HTTP    string // host:port
	Role, State   string
	Voter         bool
	Version       string
	AppliedIndex  uint64
	Behind        uint64        // the highest commit index seen, less AppliedIndex
	LastContact   time.Duration // since it last answered this node; negative: never
	DiskFree      uint64        // bytes
	ResidentBytes uint64
}

// Status is the cluster as this node sees it now.
type Status struct {
	ClusterID         string
	Leader            string // node id, or ""
	Term              uint64
	CommitIndex       uint64 // the highest seen
	Quorum            bool   // a majority of the voters answered
	FailuresTolerated int    // how many more voters may fail
	Members           []Member
}

// selfStatus is what a node tells of itself.
type selfStatus struct {
	Name     string `msgpack:"name"`
	Peer     string `msgpack:"peer"`
	HTTP     string `msgpack:"http"`
	Version  string `msgpack:"version"`
	Applied  uint64 `msgpack:"applied"`
	Commit   uint64 `msgpack:"commit"`
	DiskFree uint64 `msgpack:"disk_free"`
	Resident uint64 `msgpack:"resident"`
	ClockMs  int64  `msgpack:"clock_ms"` // Unix milliseconds, when it answered
}

// Contact says who a node is and how to reach it. Name and HTTP of another node come by gossip and may be empty for a
// moment after a start.
type Contact struct {
	ID, Name   string
	HTTP, Peer string // host:port
}

// Self is this node.
func (n *Node) Self() Contact {
	return Contact{ID: n.config.NodeID, Name: n.config.Name, HTTP: n.config.HTTPAddress, Peer: n.advertise}
}

// Leader tells who leads, as far as this node knows.
func (n *Node) Leader() (Contact, bool) {
	id := n.leaderID()
	switch id {
	case "":
		return Contact{}, false
	case n.config.NodeID:
		return n.Self(), true
	}
	leader := Contact{ID: id}
	leader.Peer, _ = n.address(id)
	if gossiping := n.gossip.Load(); gossiping != nil {
		if node, found := gossiping.Node(id); found {
			leader.Name, leader.HTTP = node.Meta.Name, node.Meta.HTTP
		}
	}
	return leader, true
}

// Members lists the nodes of the configuration with what each tells of itself now, asked within half a second.
func (n *Node) Members(ctx context.Context) []Member { return n.Status(ctx).Members }

// Status asks every member and puts the answers together. Members come in the order of the configuration.
func (n *Node) Status(ctx context.Context) Status {
	servers := n.servers()
	answers := n.askStatuses(ctx, servers)
	status := Status{ClusterID: n.config.ClusterID, Leader: n.leaderID(), Term: n.raft().CurrentTerm()}
	for _, answer := range answers {
		if answer != nil {
			status.CommitIndex = max(status.CommitIndex, answer.Commit)
		}
	}
	for i, server := range servers {
		status.Members = append(status.Members, n.describe(server, answers[i], status))
	}
	now := status.Without(func(string) bool { return false })
	status.Quorum, status.FailuresTolerated = now.Bearable(), now.FailuresTolerated()
	return status
}

// askStatuses asks all at once; a node that does not answer leaves nil.
func (n *Node) askStatuses(ctx context.Context, servers []hraft.Server) []*selfStatus {
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	answers := make([]*selfStatus, len(servers))
	var asking sync.WaitGroup
	for i, server := range servers {
		asking.Add(1)
		go func() {
			defer asking.Done()
			answers[i] = n.askStatus(ctx, string(server.ID))
		}()
	}
	asking.Wait()
	return answers
}

func (n *Node) askStatus(ctx context.Context, nodeID string) *selfStatus {
	if nodeID == n.config.NodeID {
		own := n.ownStatus()
		return &own
	}
	answer, err := n.control(ctx, nodeID, methodStatus, nil)
	if err != nil {
		return nil // the status shows it as suspect or dead
	}
	var status selfStatus
	if err := msgpack.Unmarshal(answer, &status); err != nil {
		return nil
	}
	return &status
}

func (n *Node) ownStatus() selfStatus {
	status := selfStatus{Name: n.config.Name, Peer: n.advertise, HTTP: n.config.HTTPAddress, Version: n.config.Version,
		Applied: n.machine.Applied(), Commit: n.raft().CommitIndex(),
		ClockMs: n.config.Clock().UnixMilli()}
	if free, err := disk.Free(n.config.DataDir); err == nil {
		status.DiskFree = free
	}
	if n.config.ResidentBytes != nil {
		status.Resident = n.config.ResidentBytes()
	}
	return status
}

func (n *Node) serveStatus(context.Context, string, []byte) ([]byte, error) {
	return msgpack.Marshal(n.ownStatus())
}

// describe puts together what configuration, gossip and the node itself say.
func (n *Node) describe(server hraft.Server, answer *selfStatus, status Status) Member {
	id := string(server.ID)
	member := Member{ID: id, Role: RoleLearner, State: StateDead, LastContact: n.contacts.since(id)}
	member.Peer, _ = n.address(id)
	if member.Voter = server.Suffrage == hraft.Voter; member.Voter {
		member.Role = RoleVoter
	}
	if id == status.Leader {
		member.Role = RoleLeader
	}
	if n.machine.DrainingMember(id) {
		member.Role = RoleDraining
	}
	if gossiping := n.gossip.Load(); gossiping != nil {
		if node, found := gossiping.Node(id); found {
			member.Name, member.HTTP, member.Version = node.Meta.Name, node.Meta.HTTP, node.Meta.Version
			if node.Alive {
				member.State = StateSuspect
			}
		}
	}
	if id == n.config.NodeID {
		member.LastContact = 0
	}
	if answer != nil {
		member.State, member.Name, member.HTTP, member.Version = StateAlive, answer.Name, answer.HTTP, answer.Version
		member.Peer, member.AppliedIndex, member.DiskFree = answer.Peer, answer.Applied, answer.DiskFree
		member.ResidentBytes = answer.Resident
		member.Behind = status.CommitIndex - min(status.CommitIndex, answer.Applied)
	}
	return member
}

// servers is the latest configuration.
func (n *Node) servers() []hraft.Server {
	running := n.engine.Load()
	if running == nil {
		return nil
	}
	return running.raft.GetConfiguration().Configuration().Servers
}

// voters lists the voters of the latest configuration.
func (n *Node) voters() []string {
	var voters []string
	for _, server := range n.servers() {
		if server.Suffrage == hraft.Voter {
			voters = append(voters, string(server.ID))
		}
	}
	return voters
}

// configured finds a node in the latest configuration.
func (n *Node) configured(nodeID string) (hraft.Server, bool) {
	for _, server := range n.servers() {
		if string(server.ID) == nodeID {
			return server, true
		}
	}
	return hraft.Server{}, false
}

// isMember tells whether a node is in the latest configuration.
func (n *Node) isMember(nodeID string) bool {
	_, found := n.configured(nodeID)
	return found
}

// leaderID is the leader this node knows of, or "".
func (n *Node) leaderID() string {
	_, id := n.raft().LeaderWithID()
	return string(id)
}

// address is where a node listens for peers: gossip's word if it has one, else the configuration's.
func (n *Node) address(nodeID string) (string, bool) {
	if gossiping := n.gossip.Load(); gossiping != nil {
		if node, found := gossiping.Node(nodeID); found && node.Meta.Peer != "" {
			return node.Meta.Peer, true
		}
	}
	server, found := n.configured(nodeID)
	return string(server.Address), found
}

// TransferLeadership gives leadership to a voter, or with "" to the most advanced one, from any node. It returns once
// this leader has stepped down for it. Errors: ErrNoLeader, ErrUnknownNode, the context's, or why it failed.
func (n *Node) TransferLeadership(ctx context.Context, nodeID string) error {
	if _, elected := n.elected(); elected {
		return n.giveLeadership(ctx, nodeID)
	}
	leader := n.leaderID()
	if leader == "" || leader == n.config.NodeID {
		return ErrNoLeader
	}
	if nodeID == leader {
		return nil
	}
	_, err := n.control(ctx, leader, methodTransfer, []byte(nodeID))
	switch peer.CodeOf(err) {
	case codeNoLeader:
		return fmt.Errorf("%w: %w", ErrNoLeader, err)
	case codeUnknownNode:
		return fmt.Errorf("%w: %w", ErrUnknownNode, err)
	}
	return err
}

func (n *Node) serveTransfer(ctx context.Context, _ string, request []byte) ([]byte, error) {
	if _, elected := n.elected(); !elected {
		return nil, peer.Refuse(codeNoLeader, "node %s does not lead", n.config.NodeID)
	}
	return nil, n.giveLeadership(ctx, string(request))
}

func (n *Node) giveLeadership(ctx context.Context, nodeID string) error {
	if nodeID == n.config.NodeID {
		return nil
	}
	target, err := n.successor(ctx, nodeID)
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- n.await(n.raft().LeadershipTransferToServer(target.ID, target.Address)) }()
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("transfer leadership: %w", err)
		}
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// successor finds the voter that shall lead: the one asked for, or the most advanced. One that is being drained shall
// not. It must answer now: while a transfer to a dead node runs, the library takes no writes.
func (n *Node) successor(ctx context.Context, nodeID string) (hraft.Server, error) {
	servers := n.servers()
	answers := n.askStatuses(ctx, servers)
	best, known := -1, false
	for i, server := range servers {
		id := string(server.ID)
		if server.Suffrage != hraft.Voter || id == n.config.NodeID || (nodeID != "" && id != nodeID) || n.machine.DrainingMember(id) {
			continue
		}
		known = true
		if answers[i] != nil && (best < 0 || answers[i].Applied > answers[best].Applied) {
			best = i
		}
	}
	switch {
	case !known:
		return hraft.Server{}, fmt.Errorf("%w: %w", ErrUnknownNode, peer.Refuse(codeUnknownNode, "no other voter %s in the configuration that is not being drained", nodeID))
	case best < 0:
		return hraft.Server{}, fmt.Errorf("transfer leadership: no voter %s answers", nodeID)
	}
	return servers[best], nil
}
