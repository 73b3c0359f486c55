package api

import (
	"context"

	"github.com/hivellm/nexus/raft"
	"github.com/hivellm/nexus/tenancy"
)

// What agents' tools ask for beside Cypher. Each method asks for its tool's own function and no other, and costs a tenant
// one request unit. Cost, where it is not nil, is told what was charged. Errors are *Error.

// Told is what the agents' door tells of a request when it is over, for the records of the door that it came through.
type Told struct {
	// Cost is told before the answer begins.
	Cost *Cost
	// Function is what was asked for; the zero one where it was no tool, resource or prompt.
	Function tenancy.Function
	// Rows were answered; negative for none.
	Rows int64
	// Refused is nil for what was done.
	Refused *Error
}

// ToolSchema describes a database for mcp.get_schema: exact counts, and what a sample of the entities shows.
func (s *Service) ToolSchema(ctx context.Context, p tenancy.Principal, database string, cost *Cost) (Description, error) {
	if err := s.beginTool(ctx, p, tenancy.FunctionMCPGetSchema, database, cost); err != nil {
		return Description{}, err
	}
	pinned, err := s.strongVersion(ctx, p, tenancy.FunctionMCPGetSchema, database)
	if err != nil {
		return Description{}, err
	}
	defer pinned.Release()
	d, err := describe(ctx, pinned.Graph)
	if err != nil {
		return Description{}, s.explain(err)
	}
	return d, nil
}

// ToolStats counts a database for mcp.get_stats.
func (s *Service) ToolStats(ctx context.Context, p tenancy.Principal, database string, cost *Cost) (Stats, error) {
	if err := s.beginTool(ctx, p, tenancy.FunctionMCPGetStats, database, cost); err != nil {
		return Stats{}, err
	}
	pinned, err := s.strongVersion(ctx, p, tenancy.FunctionMCPGetStats, database)
	if err != nil {
		return Stats{}, err
	}
	defer pinned.Release()
	return statsOf(pinned.Graph), nil
}

// ToolDatabases lists the principal's databases for mcp.list_databases.
func (s *Service) ToolDatabases(ctx context.Context, p tenancy.Principal, cost *Cost) ([]DatabaseInfo, error) {
	if err := s.beginTool(ctx, p, tenancy.FunctionMCPListDatabases, "", cost); err != nil {
		return nil, err
	}
	registry, err := s.strongRegistry(ctx, p, tenancy.FunctionMCPListDatabases)
	if err != nil {
		return nil, err
	}
	return s.databasesOf(registry, p.Tenant())
}

// ToolClusterStatus reads the cluster as this node sees it, for the operator's mcp.cluster_status.
func (s *Service) ToolClusterStatus(ctx context.Context, p tenancy.Principal) (raft.Status, error) {
	if err := s.Allow(p, tenancy.FunctionMCPClusterStatus); err != nil {
		return raft.Status{}, err
	}
	return s.node.Status(ctx), nil
}

// ToolTenants lists the accounts by number for the operator's mcp.list_tenants.
func (s *Service) ToolTenants(ctx context.Context, p tenancy.Principal) ([]tenancy.Account, error) {
	registry, err := s.strongRegistry(ctx, p, tenancy.FunctionMCPListTenants)
	if err != nil {
		return nil, err
	}
	return registry.Tenants(), nil
}

// ToolTenantUsage reads one tenant's account and usage for the operator's mcp.tenant_usage.
func (s *Service) ToolTenantUsage(ctx context.Context, p tenancy.Principal, id string) (TenantUsage, error) {
	registry, err := s.strongRegistry(ctx, p, tenancy.FunctionMCPTenantUsage)
	if err != nil {
		return TenantUsage{}, err
	}
	account, err := findTenant(registry, id)
	if err != nil {
		return TenantUsage{}, s.explain(err)
	}
	return TenantUsage{Account: *account, Usage: registry.Usage(account.ID)}, nil
}

// beginTool authorizes a tenant's call and charges it, when all that could refuse it without running was asked.
func (s *Service) beginTool(ctx context.Context, p tenancy.Principal, f tenancy.Function, database string, cost *Cost) error {
	if err := s.checkFunction(p, f); err != nil {
		return s.explain(err)
	}
	if _, err := findDatabase(s.machine.Registry(), p.Tenant(), database); err != nil {
		return s.explain(err)
	}
	if err := s.charge(ctx, Request{Principal: p, Cost: cost}, false); err != nil {
		return s.explain(err)
	}
	return nil
}
