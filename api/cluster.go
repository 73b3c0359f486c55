package api

import (
	"context"
	"time"

	"github.com/hivellm/nexus/api/digest"
	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/raft"
	"github.com/hivellm/nexus/tenancy"
)

// ClusterStatus reads the cluster as this node sees it; any node answers.
func (s *Service) ClusterStatus(ctx context.Context, p tenancy.Principal) (raft.Status, error) {
	if err := s.Allow(p, tenancy.FunctionClusterRead); err != nil {
		return raft.Status{}, err
	}
	return s.node.Status(ctx), nil
}

// ClusterDigest reads this node's digests, all at one applied index.
func (s *Service) ClusterDigest(_ context.Context, p tenancy.Principal) (applied uint64, list []fsm.DatabaseDigest, err error) {
	if err := s.Allow(p, tenancy.FunctionClusterRead); err != nil {
		return 0, nil, err
	}
	applied, list = s.machine.Digests()
	return applied, list, nil
}

// ClusterDifferences reads what the last comparison of digests showed that this node made as the leader (R18).
func (s *Service) ClusterDifferences(p tenancy.Principal) ([]digest.Difference, error) {
	if err := s.Allow(p, tenancy.FunctionClusterRead); err != nil {
		return nil, err
	}
	return s.digests.Differences(), nil
}

// TransferLeadership gives leadership to a member, by id or unique name; "" lets the group choose.
func (s *Service) TransferLeadership(ctx context.Context, p tenancy.Principal, to string) error {
	_, err := do[string, struct{}](s, ctx, p, "cluster.transfer", to)
	return err
}

func (s *Service) transferLeadership(ctx context.Context, _ tenancy.Principal, to string) (struct{}, uint64, error) {
	if to == "" {
		return struct{}{}, s.machine.Applied(), s.node.TransferLeadership(ctx, "")
	}
	m, err := findMember(s.node.Status(ctx), to)
	switch {
	case err != nil:
		return struct{}{}, 0, err
	case s.leaving(m.ID):
		return struct{}{}, 0, Refuse(CodeConflict, "%s is being drained: it shall not lead", m.Title())
	}
	return struct{}{}, s.machine.Applied(), s.node.TransferLeadership(ctx, m.ID)
}

// findMember finds a member by id or unique name.
func findMember(status raft.Status, name string) (raft.Member, error) {
	var found []raft.Member
	for _, m := range status.Members {
		if m.ID == name {
			return m, nil
		}
		if m.Name == name {
			found = append(found, m)
		}
	}
	switch len(found) {
	case 0:
		return raft.Member{}, Refuse(CodeNotFound, "There is no member %q", name)
	case 1:
		return found[0], nil
	}
	return raft.Member{}, Refuse(CodeConflict, "%d members are named %q: use the node id", len(found), name)
}

// Self is this node as it names itself in answers.
func (s *Service) Self() (id, name, version string) {
	self := s.node.Self()
	return self.ID, self.Name, s.version
}

// Readiness tells whether this node may get traffic.
type Readiness struct {
	Ready, Leader bool
	AppliedIndex  uint64
	Reason        string
}

// readyStaleness is how old a ready node's state may be (ARCHITECTURE §9).
const readyStaleness = 3 * time.Second

// Ready: a leader is known and freshness is at most 3 s; on the leader, its lanes are open; and the node is not drained.
func (s *Service) Ready() Readiness {
	r := Readiness{AppliedIndex: s.machine.Applied(), Leader: s.lanes.Term() != 0}
	age, known := s.node.Freshness()
	_, hasLeader := s.node.Leader()
	switch {
	case s.draining():
		r.Reason = "this node is being drained"
	case !hasLeader && !r.Leader:
		r.Reason = "no leader is known"
	case !known:
		r.Reason = "this node has not caught up with the leader yet"
	case age > readyStaleness:
		r.Reason = "this node is behind the leader"
	default:
		r.Ready = true
	}
	return r
}

// leaderName is the name of the leader, "" while none is known.
func (s *Service) leaderName() string {
	leader, ok := s.node.Leader()
	if !ok {
		return ""
	}
	return leader.Name
}
