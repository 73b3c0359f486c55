package mcp

import (
	"github.com/hivellm/nexus/tenancy"
)

// The operator's tools.

func clusterStatus(w *work, _ arguments) (result, error) {
	status, err := w.service.ToolClusterStatus(w.context, w.Principal)
	if err != nil {
		return nil, err
	}
	type member struct {
		ID           string `json:"id"`
		Name         string `json:"name"`
		State        string `json:"state"`
		Role         string `json:"role"`
		AppliedIndex uint64 `json:"applied_index"`
		Behind       uint64 `json:"behind"`
		Version      string `json:"version"`
		DiskFree     uint64 `json:"disk_free_bytes"`
	}
	members := make([]member, 0, len(status.Members))
	for _, m := range status.Members {
		members = append(members, member{m.ID, m.Name, m.State, m.Role, m.AppliedIndex, m.Behind, m.Version, m.DiskFree})
	}
	return resultOf(struct {
		ClusterID         string   `json:"cluster_id"`
		Leader            string   `json:"leader"`
		Term              uint64   `json:"term"`
		CommitIndex       uint64   `json:"commit_index"`
		Quorum            bool     `json:"quorum"`
		FailuresTolerated int      `json:"failures_tolerated"`
		Nodes             []member `json:"nodes"`
	}{status.ClusterID, status.Leader, status.Term, status.CommitIndex, status.Quorum, status.FailuresTolerated, members})
}

type tenantRow struct {
	ID     string         `json:"id"`
	Name   string         `json:"name"`
	Status string         `json:"status"`
	Plan   string         `json:"plan"`
	Limits tenancy.Limits `json:"limits"`
}

func tenantRowOf(a *tenancy.Account) tenantRow {
	return tenantRow{a.ID.String(), a.Name, string(a.Status), a.Plan, a.Limits}
}

func listTenants(w *work, a arguments) (result, error) {
	accounts, err := w.service.ToolTenants(w.context, w.Principal)
	if err != nil {
		return nil, err
	}
	first := min(int(a.integer("skip", 0)), len(accounts))
	last := min(first+int(a.integer("limit", defaultRows)), len(accounts))
	list := make([]tenantRow, 0, last-first)
	for i := first; i < last; i++ {
		list = append(list, tenantRowOf(&accounts[i]))
	}
	return resultOf(struct {
		Tenants   []tenantRow `json:"tenants"`
		Count     int         `json:"count"`
		Total     int         `json:"total"`
		Truncated bool        `json:"truncated"`
	}{list, len(list), len(accounts), last < len(accounts)})
}

func tenantUsage(w *work, a arguments) (result, error) {
	found, err := w.service.ToolTenantUsage(w.context, w.Principal, a.text("tenant_id"))
	if err != nil {
		return nil, err
	}
	return resultOf(struct {
		tenantRow
		Usage tenancy.Usage `json:"usage"`
	}{tenantRowOf(&found.Account), found.Usage})
}
