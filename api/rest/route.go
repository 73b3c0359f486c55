package rest

import (
	"net/http"
	"slices"

	"github.com/hivellm/nexus/tenancy"
)

// route is one row of the table: nothing is served but through it, and so nothing without its function (LAW 5).
type route struct {
	method, path string
	function     tenancy.Function
	handle       func(*Server, *call) error
	// streams says that the answer may take long: the handler sets its own deadlines for writing.
	streams bool
}

// routes is the table. FunctionByPlan: the service asks for what the query's plan needs.
var routes = []route{
	{method: http.MethodPost, path: "/cypher", function: tenancy.FunctionByPlan, handle: (*Server).cypher, streams: true},

	{method: http.MethodPost, path: "/tx", function: tenancy.FunctionTx, handle: (*Server).beginTx},
	{method: http.MethodPost, path: "/tx/:id", function: tenancy.FunctionByPlan, handle: (*Server).txStatement, streams: true},
	{method: http.MethodPost, path: "/tx/:id/commit", function: tenancy.FunctionTx, handle: (*Server).commitTx},
	{method: http.MethodDelete, path: "/tx/:id", function: tenancy.FunctionTx, handle: (*Server).rollbackTx},

	{method: http.MethodPost, path: pathAgents, function: tenancy.FunctionAnyKey, handle: (*Server).agents, streams: true},
	{method: http.MethodGet, path: pathAgents, function: tenancy.FunctionAnyKey, handle: (*Server).agents},
	{method: http.MethodDelete, path: pathAgents, function: tenancy.FunctionAnyKey, handle: (*Server).agents},

	{method: http.MethodGet, path: "/databases", function: tenancy.FunctionDatabaseRead, handle: (*Server).listDatabases},
	{method: http.MethodPost, path: "/databases", function: tenancy.FunctionDatabaseWrite, handle: (*Server).createDatabase},
	{method: http.MethodDelete, path: "/databases/:name", function: tenancy.FunctionDatabaseWrite, handle: (*Server).dropDatabase},

	{method: http.MethodGet, path: "/schema", function: tenancy.FunctionSchemaRead, handle: (*Server).schema},
	{method: http.MethodGet, path: "/schema/labels", function: tenancy.FunctionSchemaRead, handle: (*Server).schemaLabels},
	{method: http.MethodGet, path: "/schema/rel_types", function: tenancy.FunctionSchemaRead, handle: (*Server).schemaTypes},
	{method: http.MethodGet, path: "/schema/indexes", function: tenancy.FunctionSchemaRead, handle: (*Server).schemaIndexes},
	{method: http.MethodGet, path: "/stats", function: tenancy.FunctionStatsRead, handle: (*Server).stats},
	{method: http.MethodGet, path: "/cluster/stats/self", function: tenancy.FunctionStatsRead, handle: (*Server).usage},

	{method: http.MethodGet, path: "/", function: tenancy.FunctionHealthRead, handle: (*Server).index},
	{method: http.MethodGet, path: "/health", function: tenancy.FunctionHealthRead, handle: (*Server).health},
	{method: http.MethodGet, path: "/ready", function: tenancy.FunctionHealthRead, handle: (*Server).ready},

	{method: http.MethodPost, path: "/hivehub/events", function: tenancy.FunctionHiveHubEvents, handle: (*Server).hubEvent},

	{method: http.MethodGet, path: "/cluster/status", function: tenancy.FunctionClusterRead, handle: (*Server).clusterStatus},
	{method: http.MethodGet, path: "/cluster/members", function: tenancy.FunctionClusterRead, handle: (*Server).clusterMembers},
	{method: http.MethodGet, path: "/cluster/digest", function: tenancy.FunctionClusterRead, handle: (*Server).clusterDigest},
	{method: http.MethodPost, path: "/cluster/leader", function: tenancy.FunctionClusterWrite, handle: (*Server).transferLeadership},
	{method: http.MethodGet, path: "/cluster/members/:id/drain", function: tenancy.FunctionClusterRead, handle: (*Server).drainOf},
	{method: http.MethodPost, path: "/cluster/members/:id/drain", function: tenancy.FunctionClusterWrite, handle: (*Server).drainMember},
	{method: http.MethodDelete, path: "/cluster/members/:id/drain", function: tenancy.FunctionClusterWrite, handle: (*Server).undrainMember},
	{method: http.MethodDelete, path: "/cluster/members/:id", function: tenancy.FunctionClusterWrite, handle: (*Server).removeMember},

	{method: http.MethodGet, path: "/admin/tenants", function: tenancy.FunctionTenantRead, handle: (*Server).listTenants},
	{method: http.MethodPost, path: "/admin/tenants", function: tenancy.FunctionTenantWrite, handle: (*Server).createTenant},
	{method: http.MethodGet, path: "/admin/tenants/:id", function: tenancy.FunctionTenantRead, handle: (*Server).showTenant},
	{method: http.MethodPatch, path: "/admin/tenants/:id", function: tenancy.FunctionTenantWrite, handle: (*Server).updateTenant},
	{method: http.MethodDelete, path: "/admin/tenants/:id", function: tenancy.FunctionTenantWrite, handle: (*Server).deleteTenant},
	{method: http.MethodGet, path: "/admin/tenants/:id/usage", function: tenancy.FunctionTenantRead, handle: (*Server).tenantUsage},
	{method: http.MethodPost, path: "/admin/tenants/:id/suspend", function: tenancy.FunctionTenantWrite, handle: (*Server).suspendTenant},
	{method: http.MethodPost, path: "/admin/tenants/:id/resume", function: tenancy.FunctionTenantWrite, handle: (*Server).resumeTenant},
	{method: http.MethodPost, path: "/admin/tenants/:id/import", function: tenancy.FunctionTenantWrite, handle: (*Server).importTenant},

	{method: http.MethodGet, path: "/admin/keys", function: tenancy.FunctionKeyRead, handle: (*Server).listKeys},
	{method: http.MethodPost, path: "/admin/keys", function: tenancy.FunctionKeyWrite, handle: (*Server).createKey},
	{method: http.MethodGet, path: "/admin/keys/:id", function: tenancy.FunctionKeyRead, handle: (*Server).showKey},
	{method: http.MethodPost, path: "/admin/keys/:id/revoke", function: tenancy.FunctionKeyWrite, handle: (*Server).revokeKey},
	{method: http.MethodPost, path: "/admin/keys/:id/rotate", function: tenancy.FunctionKeyWrite, handle: (*Server).rotateKey},

	{method: http.MethodGet, path: "/audit", function: tenancy.FunctionAuditRead, handle: (*Server).ownAudit},
	{method: http.MethodGet, path: "/admin/audit", function: tenancy.FunctionAuditAdmin, handle: (*Server).allAudit},
	{method: http.MethodGet, path: "/admin/audit/heads", function: tenancy.FunctionAuditAdmin, handle: (*Server).auditHeads},
	{method: http.MethodGet, path: "/metrics", function: tenancy.FunctionMetricsRead, handle: (*Server).metrics},

	{method: http.MethodGet, path: "/admin/queries", function: tenancy.FunctionQueryAdmin, handle: (*Server).listQueries},
	{method: http.MethodGet, path: "/admin/queries/:id", function: tenancy.FunctionQueryAdmin, handle: (*Server).showQuery},
	{method: http.MethodDelete, path: "/admin/queries/:id", function: tenancy.FunctionQueryAdmin, handle: (*Server).killQuery},
}

// signed tells whether a route of the table is asked for with the hub's signature in the place of a key (R33).
func (s *Server) signed(method, path string) bool {
	return slices.ContainsFunc(s.routes, func(r route) bool {
		return r.method == method && r.path == path && r.function.Authenticator() == tenancy.ByHubSignature
	})
}

// allowed lists the methods of a path of the table, for the Allow header.
func (s *Server) allowed(path string) string {
	methods := ""
	for _, r := range s.routes {
		if r.path == path {
			if methods != "" {
				methods += ", "
			}
			methods += r.method
		}
	}
	return methods
}
