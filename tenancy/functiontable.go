package tenancy

// toolPrefix begins the functions of MCP tools.
const toolPrefix = "mcp."

// functionRow is what the table says of one Function.
type functionRow struct {
	name           string
	authenticator  Authenticator
	administrative bool
	charged        bool
	writes         bool
}

// The functions of tenants.
var (
	FunctionCypherRead    = Function{1}  // cypher.read
	FunctionCypherWrite   = Function{2}  // cypher.write
	FunctionSchemaRead    = Function{3}  // schema.read
	FunctionSchemaWrite   = Function{4}  // schema.write
	FunctionStatsRead     = Function{5}  // stats.read
	FunctionDatabaseRead  = Function{6}  // database.read
	FunctionDatabaseWrite = Function{7}  // database.write
	FunctionDataImport    = Function{8}  // data.import
	FunctionDataExport    = Function{9}  // data.export
	FunctionTx            = Function{10} // tx
	FunctionAuditRead     = Function{11} // audit.read
	FunctionHealthRead    = Function{12} // health.read
)

// The functions of tenants' MCP tools; the last nine are the names of the public memory server.
var (
	FunctionMCPReadCypher         = Function{13} // mcp.read_cypher
	FunctionMCPWriteCypher        = Function{14} // mcp.write_cypher
	FunctionMCPExecuteCypher      = Function{15} // mcp.execute_cypher
	FunctionMCPGetSchema          = Function{16} // mcp.get_schema
	FunctionMCPExplainCypher      = Function{17} // mcp.explain_cypher
	FunctionMCPGetStats           = Function{18} // mcp.get_stats
	FunctionMCPCreateNode         = Function{19} // mcp.create_node
	FunctionMCPCreateRelationship = Function{20} // mcp.create_relationship
	FunctionMCPUpdateNode         = Function{21} // mcp.update_node
	FunctionMCPDeleteNode         = Function{22} // mcp.delete_node
	FunctionMCPFindNodes          = Function{23} // mcp.find_nodes
	FunctionMCPGetNeighbors       = Function{24} // mcp.get_neighbors
	FunctionMCPFindPath           = Function{25} // mcp.find_path
	FunctionMCPUpsertGraph        = Function{26} // mcp.upsert_graph
	FunctionMCPListDatabases      = Function{27} // mcp.list_databases
	FunctionMCPCreateEntities     = Function{28} // mcp.create_entities
	FunctionMCPCreateRelations    = Function{29} // mcp.create_relations
	FunctionMCPAddObservations    = Function{30} // mcp.add_observations
	FunctionMCPDeleteEntities     = Function{31} // mcp.delete_entities
	FunctionMCPDeleteObservations = Function{32} // mcp.delete_observations
	FunctionMCPDeleteRelations    = Function{33} // mcp.delete_relations
	FunctionMCPReadGraph          = Function{34} // mcp.read_graph
	FunctionMCPSearchNodes        = Function{35} // mcp.search_nodes
	FunctionMCPOpenNodes          = Function{36} // mcp.open_nodes
)

// The administrative functions, the operator's tools at the end. Operators have no tenant, so none is charged.
var (
	FunctionMetricsRead      = Function{37} // metrics.read
	FunctionClusterRead      = Function{38} // cluster.read
	FunctionClusterWrite     = Function{39} // cluster.write
	FunctionTenantRead       = Function{40} // tenant.read
	FunctionTenantWrite      = Function{41} // tenant.write
	FunctionKeyRead          = Function{42} // key.read
	FunctionKeyWrite         = Function{43} // key.write
	FunctionBackup           = Function{44} // backup
	FunctionQueryAdmin       = Function{45} // query.admin
	FunctionAuditAdmin       = Function{46} // audit.admin
	FunctionMCPClusterStatus = Function{47} // mcp.cluster_status
	FunctionMCPListTenants   = Function{48} // mcp.list_tenants
	FunctionMCPTenantUsage   = Function{49} // mcp.tenant_usage
)

// Functions that are not asked of keys: the hub's push, and the calls between nodes.
var (
	FunctionHiveHubEvents = Function{50} // hivehub.events
	FunctionPeerRaft      = Function{51} // peer.raft
	FunctionPeerBootstrap = Function{52} // peer.bootstrap
	FunctionPeerRound     = Function{53} // peer.round
	FunctionPeerReadIndex = Function{54} // peer.read_index
	FunctionPeerForward   = Function{55} // peer.forward
	FunctionPeerStatus    = Function{56} // peer.status
	FunctionPeerDigest    = Function{57} // peer.digest
	FunctionPeerAudit     = Function{58} // peer.audit
	FunctionPeerQuery     = Function{59} // peer.query
	FunctionPeerDrain     = Function{60} // peer.drain
	FunctionPeerJoin      = Function{61} // peer.join
)

// lastListed is the number of the last function; the markers stand behind it.
const lastListed = 61

// Markers: a route registered with one asks for a key, and for a function only as said here. Neither can be granted.
var (
	// FunctionByPlan marks a route whose function is known only with the query's plan (LAW 5): cypher.read,
	// cypher.write, schema.read or schema.write. The marker itself is never allowed.
	FunctionByPlan = Function{lastListed + 1}
	// FunctionAnyKey marks what any live key may reach: /mcp, whose tools ask for their own, and unknown paths.
	FunctionAnyKey = Function{lastListed + 2}
)

// functionTable holds the row of each Function at its number; row 0 is no function. Numbers are never stored.
var functionTable = [...]functionRow{
	{},
	{name: "cypher.read", authenticator: ByKey, charged: true},
	{name: "cypher.write", authenticator: ByKey, charged: true, writes: true},
	{name: "schema.read", authenticator: ByKey},
	{name: "schema.write", authenticator: ByKey, charged: true, writes: true},
	{name: "stats.read", authenticator: ByKey},
	{name: "database.read", authenticator: ByKey},
	{name: "database.write", authenticator: ByKey, charged: true, writes: true},
	{name: "data.import", authenticator: ByKey, charged: true, writes: true},
	{name: "data.export", authenticator: ByKey, charged: true},
	{name: "tx", authenticator: ByKey},
	{name: "audit.read", authenticator: ByKey},
	{name: "health.read", authenticator: ByKey},
	{name: "mcp.read_cypher", authenticator: ByKey, charged: true},
	{name: "mcp.write_cypher", authenticator: ByKey, charged: true, writes: true},
	{name: "mcp.execute_cypher", authenticator: ByKey, charged: true},
	{name: "mcp.get_schema", authenticator: ByKey, charged: true},
	{name: "mcp.explain_cypher", authenticator: ByKey, charged: true},
	{name: "mcp.get_stats", authenticator: ByKey, charged: true},
	{name: "mcp.create_node", authenticator: ByKey, charged: true, writes: true},
	{name: "mcp.create_relationship", authenticator: ByKey, charged: true, writes: true},
	{name: "mcp.update_node", authenticator: ByKey, charged: true, writes: true},
	{name: "mcp.delete_node", authenticator: ByKey, charged: true, writes: true},
	{name: "mcp.find_nodes", authenticator: ByKey, charged: true},
	{name: "mcp.get_neighbors", authenticator: ByKey, charged: true},
	{name: "mcp.find_path", authenticator: ByKey, charged: true},
	{name: "mcp.upsert_graph", authenticator: ByKey, charged: true, writes: true},
	{name: "mcp.list_databases", authenticator: ByKey, charged: true},
	{name: "mcp.create_entities", authenticator: ByKey, charged: true, writes: true},
	{name: "mcp.create_relations", authenticator: ByKey, charged: true, writes: true},
	{name: "mcp.add_observations", authenticator: ByKey, charged: true, writes: true},
	{name: "mcp.delete_entities", authenticator: ByKey, charged: true, writes: true},
	{name: "mcp.delete_observations", authenticator: ByKey, charged: true, writes: true},
	{name: "mcp.delete_relations", authenticator: ByKey, charged: true, writes: true},
	{name: "mcp.read_graph", authenticator: ByKey, charged: true},
	{name: "mcp.search_nodes", authenticator: ByKey, charged: true},
	{name: "mcp.open_nodes", authenticator: ByKey, charged: true},
	{name: "metrics.read", authenticator: ByKey, administrative: true},
	{name: "cluster.read", authenticator: ByKey, administrative: true},
	{name: "cluster.write", authenticator: ByKey, administrative: true},
	{name: "tenant.read", authenticator: ByKey, administrative: true},
	{name: "tenant.write", authenticator: ByKey, administrative: true},
	{name: "key.read", authenticator: ByKey, administrative: true},
	{name: "key.write", authenticator: ByKey, administrative: true},
	{name: "backup", authenticator: ByKey, administrative: true},
	{name: "query.admin", authenticator: ByKey, administrative: true},
	{name: "audit.admin", authenticator: ByKey, administrative: true},
	{name: "mcp.cluster_status", authenticator: ByKey, administrative: true},
	{name: "mcp.list_tenants", authenticator: ByKey, administrative: true},
	{name: "mcp.tenant_usage", authenticator: ByKey, administrative: true},
	{name: "hivehub.events", authenticator: ByHubSignature},
	{name: "peer.raft", authenticator: ByPeerCertificate},
	{name: "peer.bootstrap", authenticator: ByPeerCertificate},
	{name: "peer.round", authenticator: ByPeerCertificate},
	{name: "peer.read_index", authenticator: ByPeerCertificate},
	{name: "peer.forward", authenticator: ByPeerCertificate},
	{name: "peer.status", authenticator: ByPeerCertificate},
	{name: "peer.digest", authenticator: ByPeerCertificate},
	{name: "peer.audit", authenticator: ByPeerCertificate},
	{name: "peer.query", authenticator: ByPeerCertificate},
	{name: "peer.drain", authenticator: ByPeerCertificate},
	{name: "peer.join", authenticator: ByJoinToken},
	{name: "(by plan)", authenticator: ByKey, charged: true},
	{name: "(any key)", authenticator: ByKey},
}
