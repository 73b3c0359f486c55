package rest

import (
	"encoding/hex"
	"fmt"
	"net/http"

	"github.com/hivellm/nexus/api/control"
	"github.com/hivellm/nexus/api/digest"
	"github.com/hivellm/nexus/api/rest/body"
	"github.com/hivellm/nexus/raft"
)

// memberRow is one node of the cluster as its status shows it.
type memberRow struct {
	ID            string `json:"id"`
	Name          string `json:"name"`
	HTTP          string `json:"http"`
	Peer          string `json:"peer"`
	State         string `json:"state"`
	Role          string `json:"role"`
	AppliedIndex  uint64 `json:"applied_index"`
	Behind        uint64 `json:"behind"`
	LastContactMs *int64 `json:"last_contact_ms"` // null: it never answered this node
	Version       string `json:"version"`
	DiskFree      uint64 `json:"disk_free_bytes"`
	ResidentBytes uint64 `json:"resident_bytes"`
}

func memberRows(members []raft.Member) []memberRow {
	rows := make([]memberRow, 0, len(members))
	for _, m := range members {
		row := memberRow{
			ID: m.ID, Name: m.Name, HTTP: m.HTTP, Peer: m.Peer, State: m.State, Role: m.Role,
			AppliedIndex: m.AppliedIndex, Behind: m.Behind, Version: m.Version,
			DiskFree: m.DiskFree, ResidentBytes: m.ResidentBytes,
		}
		if m.LastContact >= 0 {
			ms := m.LastContact.Milliseconds()
			row.LastContactMs = &ms
		}
		rows = append(rows, row)
	}
	return rows
}

// hubRow tells of the control plane.
type hubRow struct {
	State    string  `json:"state"`
	LastPull *string `json:"last_pull"`
	Outbox   int     `json:"outbox"`
	Breaker  *string `json:"breaker"` // null: the leader did not answer, or there is no hub
}

func hubRowOf(s control.Status) hubRow {
	row := hubRow{State: string(s.State), Outbox: s.Outbox, Breaker: orNull(string(s.Breaker))}
	if !s.LastPull.IsZero() {
		row.LastPull = timestamp(s.LastPull.UnixMilli())
	}
	return row
}

func (s *Server) clusterStatus(c *call) error {
	if err := c.noBody(); err != nil {
		return err
	}
	status, err := s.service.ClusterStatus(c.context, c.principal)
	if err != nil {
		return err
	}
	hub, err := s.service.ControlStatus(c.context, c.principal)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, struct {
		ClusterID         string      `json:"cluster_id"`
		Leader            *string     `json:"leader"`
		Term              uint64      `json:"term"`
		CommitIndex       uint64      `json:"commit_index"`
		Quorum            bool        `json:"quorum"`
		FailuresTolerated int         `json:"failures_tolerated"`
		Nodes             []memberRow `json:"nodes"`
		HiveHub           hubRow      `json:"hivehub"`
	}{
		status.ClusterID, orNull(status.Leader), status.Term, status.CommitIndex, status.Quorum, status.FailuresTolerated,
		memberRows(status.Members), hubRowOf(hub),
	})
}

func (s *Server) clusterMembers(c *call) error {
	if err := c.noBody(); err != nil {
		return err
	}
	status, err := s.service.ClusterStatus(c.context, c.principal)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, map[string]any{"members": memberRows(status.Members)})
}

type digestRow struct {
	TenantID      string `json:"tenant_id"`
	Database      string `json:"database"`
	Version       string `json:"version"` // "<term>.<lane sequence>"
	Digest        string `json:"digest"`  // hexadecimal
	Nodes         uint64 `json:"nodes"`
	Relationships uint64 `json:"relationships"`
	Bytes         uint64 `json:"bytes"`
	// Damaged: this node does not serve it. ReadOnly: no node takes writes of it, as no majority agrees on it.
	Damaged  bool `json:"damaged"`
	ReadOnly bool `json:"read_only"`
}

// differenceRow is a database of which a node held something else than the majority at the last comparison.
type differenceRow struct {
	Node       *string `json:"node"` // null: there was no majority
	TenantID   string  `json:"tenant_id"`
	DatabaseID uint32  `json:"database_number"`
	MarkIndex  uint64  `json:"mark_index"`
}

func differenceRows(list []digest.Difference) []differenceRow {
	rows := make([]differenceRow, 0, len(list))
	for _, d := range list {
		rows = append(rows, differenceRow{
			Node: orNull(d.Node), TenantID: d.Place.Tenant.String(), DatabaseID: uint32(d.Place.Database), MarkIndex: d.Index,
		})
	}
	return rows
}

func (s *Server) clusterDigest(c *call) error {
	if err := c.noBody(); err != nil {
		return err
	}
	applied, list, err := s.service.ClusterDigest(c.context, c.principal)
	if err != nil {
		return err
	}
	differences, err := s.service.ClusterDifferences(c.principal)
	if err != nil {
		return err
	}
	rows := make([]digestRow, 0, len(list))
	for _, d := range list {
		rows = append(rows, digestRow{
			TenantID: d.Tenant.String(), Database: d.Name,
			Version: fmt.Sprintf("%d.%d", d.Meta.Stamp.Term, d.Meta.Stamp.Sequence),
			Digest:  hex.EncodeToString(d.Meta.Digest[:]),
			Nodes:   d.Meta.Nodes, Relationships: d.Meta.Relationships, Bytes: d.Meta.Bytes,
			Damaged: d.Damaged, ReadOnly: d.ReadOnly,
		})
	}
	return c.answer(http.StatusOK, struct {
		Node         string      `json:"node"`
		AppliedIndex uint64      `json:"applied_index"`
		Databases    []digestRow `json:"databases"`
		// Differences are those of the last comparison that this node made as the leader.
		Differences []differenceRow `json:"differences"`
	}{s.nodeID, applied, rows, differenceRows(differences)})
}

// transferLeadership is POST /cluster/leader {"node"?}: to a member by id or unique name, or to whom the group chooses.
func (s *Server) transferLeadership(c *call) error {
	var to string
	if err := c.optionalFields(func(o *body.Object) { to = o.Text("node") }); err != nil {
		return err
	}
	if err := s.service.TransferLeadership(c.context, c.principal, to); err != nil {
		return err
	}
	return c.answer(http.StatusOK, struct {
		Node *string `json:"node"`
	}{orNull(to)})
}
