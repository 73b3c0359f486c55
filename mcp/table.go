package mcp

import "github.com/hivellm/nexus/tenancy"

// The arguments of rows that share them.
var (
	cypherFields = []field{fieldQuery, fieldValues, fieldDatabase, fieldLimit, fieldTimeout, fieldBookmark}
	nodeKey      = []field{
		{name: "label", kind: name, needed: true, about: "The label that the natural key belongs to."},
		{name: "key", kind: anyObject, needed: true, about: "The properties that identify the node, such as {\"email\": \"a@b\"}."},
	}
	fieldID         = field{name: "id", kind: entityID, needed: true, about: "The node's id, as answers tell it."}
	fieldFrom       = field{name: "from", kind: entityID, needed: true, about: "The id of the node that it starts from."}
	fieldTo         = field{name: "to", kind: entityID, needed: true, about: "The id of the node that it leads to."}
	fieldProperties = field{name: "properties", kind: anyObject, about: "Properties by name: texts, numbers, booleans, or lists of them."}
	fieldTypes      = field{name: "types", kind: names, about: "Only relationships of these types; all when absent."}
	fieldDirection  = field{name: "direction", kind: oneOf("out", "in", "both"), about: "Which way to follow relationships; both when absent."}
	fieldSkip       = field{name: "skip", kind: integer(0, 1_000_000_000), about: "How many to pass over first, to see what a truncated answer did not show."}
	entityFields    = []field{
		{name: "name", kind: memoryName, needed: true, about: "The name of the entity."},
		{name: "entityType", kind: text, needed: true, about: "The type of the entity."},
		{name: "observations", kind: listOf(text), needed: true, about: "What is known of the entity."},
	}
	relationFields = []field{
		{name: "from", kind: memoryName, needed: true, about: "The name of the entity where the relation starts."},
		{name: "to", kind: memoryName, needed: true, about: "The name of the entity where the relation ends."},
		{name: "relationType", kind: name, needed: true, about: "The type of the relation."},
	}
	fieldRelations = field{name: "relations", kind: listOf(object(relationFields...)), needed: true, about: "The relations."}
)

// table is every tool that is served.
var table = []tool{
	{
		tenancy.FunctionMCPReadCypher, "Read with Cypher",
		"Run one Cypher query that only reads, and get its rows. A query that would write is refused.",
		reading, cypherFields, runCypher,
	},
	{
		tenancy.FunctionMCPWriteCypher, "Write with Cypher",
		"Run one Cypher query that may create, change or delete, and may change indexes and constraints. It happens whole or not at all.",
		changing, cypherFields, runCypher,
	},
	{
		tenancy.FunctionMCPExecuteCypher, "Run Cypher",
		"Run one Cypher query of any kind, and get its rows. For reading alone read_cypher is safer.",
		changing, cypherFields, runCypher,
	},
	{
		tenancy.FunctionMCPGetSchema, "Schema",
		"Tell labels, relationship types, their properties with types, the patterns that connect them, indexes and constraints. Begin here. Counts are exact; properties and patterns come from a sample.",
		reading, []field{fieldDatabase}, getSchema,
	},
	{
		tenancy.FunctionMCPExplainCypher, "Explain Cypher",
		"Show the plan of a Cypher query without running it.",
		reading, []field{fieldQuery, fieldValues, fieldDatabase}, explainCypher,
	},
	{
		tenancy.FunctionMCPGetStats, "Counts",
		"Count nodes, relationships, labels, types and stored bytes, exactly.",
		reading, []field{fieldDatabase}, getStats,
	},
	{
		tenancy.FunctionMCPCreateNode, "Create a node",
		"Create one node with labels and properties, and get it with its id. For nodes that may be there already use upsert_graph.",
		adding, []field{
			{name: "labels", kind: names, about: "The labels of the node."},
			fieldProperties, fieldDatabase,
		}, createNode,
	},
	{
		tenancy.FunctionMCPCreateRelationship, "Create a relationship",
		"Create one relationship between two nodes that are there.",
		adding, []field{
			fieldFrom, fieldTo,
			{name: "type", kind: name, needed: true, about: "The type of the relationship, such as KNOWS."},
			fieldProperties, fieldDatabase,
		}, createRelationship,
	},
	{
		tenancy.FunctionMCPUpdateNode, "Change a node",
		"Set or remove properties and labels of one node. Properties that are not named stay as they are.",
		replacing, []field{
			fieldID,
			{name: "set", kind: anyObject, about: "Properties to set, by name; null removes one."},
			{name: "remove", kind: names, about: "Names of properties to remove."},
			{name: "add_labels", kind: names, about: "Labels to add."},
			{name: "remove_labels", kind: names, about: "Labels to remove."},
			fieldDatabase,
		}, updateNode,
	},
	{
		tenancy.FunctionMCPDeleteNode, "Delete a node",
		"Delete one node. With detach its relationships are deleted too; without, a node that has some is refused.",
		removing, []field{
			fieldID,
			{name: "detach", kind: boolean, about: "Delete its relationships too."},
			fieldDatabase,
		}, deleteNode,
	},
	{
		tenancy.FunctionMCPFindNodes, "Find nodes",
		"Find nodes that have all of the labels, and properties equal to those given.",
		reading, []field{
			{name: "labels", kind: names, about: "Labels that the nodes have; any node when absent."},
			{name: "properties", kind: anyObject, about: "Properties with the values that the nodes must have."},
			fieldLimit, fieldSkip, fieldDatabase, fieldBookmark,
		}, findNodes,
	},
	{
		tenancy.FunctionMCPGetNeighbors, "Neighbours",
		"List the relationships of one node, and the nodes at their other ends.",
		reading, []field{fieldID, fieldDirection, fieldTypes, fieldLimit, fieldSkip, fieldDatabase, fieldBookmark}, getNeighbors,
	},
	{
		tenancy.FunctionMCPFindPath, "Shortest path",
		"Find a shortest path between two nodes, of at most 10 relationships. The path is null where there is none.",
		reading, []field{
			fieldFrom, fieldTo, fieldDirection, fieldTypes,
			{name: "max_hops", kind: integer(1, maxHops), about: "The most relationships of the path: 1 to 10, 10 when absent."},
			fieldDatabase, fieldBookmark,
		}, findPath,
	},
	{
		tenancy.FunctionMCPUpsertGraph, "Upsert a graph",
		"Make nodes by natural key where they are not there, set their properties, and make relationships between them, all in one transaction. Ends of relationships are made too where they are not there. Sending the same again changes nothing.",
		replacing, []field{
			{name: "nodes", kind: listUpTo(maxUpsert, object(append([]field{}, nodeKey[0], nodeKey[1],
				field{name: "labels", kind: names, about: "More labels for the node."}, fieldProperties)...)), about: "The nodes: at most 5000."},
			{name: "relationships", kind: listUpTo(maxUpsert, object(
				field{name: "type", kind: name, needed: true, about: "The type of the relationship."},
				field{name: "from", kind: object(nodeKey...), needed: true, about: "The node that it starts from."},
				field{name: "to", kind: object(nodeKey...), needed: true, about: "The node that it leads to."},
				fieldProperties)), about: "The relationships: at most 5000. One of the same type between the same nodes is there once."},
			fieldDatabase,
		}, upsertGraph,
	},
	{
		tenancy.FunctionMCPListDatabases, "Databases",
		"List the databases, with what each holds.",
		reading, []field{}, listDatabases,
	},
	{
		tenancy.FunctionMCPCreateEntities, "Create entities",
		"Create multiple new entities in the knowledge graph. Those whose names are there already are left as they are.",
		merging, []field{{name: "entities", kind: listOf(object(entityFields...)), needed: true, about: "The entities."}, fieldDatabase}, createEntities,
	},
	{
		tenancy.FunctionMCPCreateRelations, "Create relations",
		"Create multiple new relations between entities of the knowledge graph. Use the active voice. Both entities must be there.",
		merging, []field{fieldRelations, fieldDatabase}, createRelations,
	},
	{
		tenancy.FunctionMCPAddObservations, "Add observations",
		"Add new observations to entities of the knowledge graph. All entities must be there.",
		merging, []field{
			{name: "observations", kind: listOf(object(
				field{name: "entityName", kind: memoryName, needed: true, about: "The name of the entity."},
				field{name: "contents", kind: listOf(text), needed: true, about: "What to add."},
			)), needed: true, about: "What to add, by entity."},
			fieldDatabase,
		}, addObservations,
	},
	{
		tenancy.FunctionMCPDeleteEntities, "Delete entities",
		"Delete entities and their relations from the knowledge graph.",
		removing, []field{{name: "entityNames", kind: listOf(text), needed: true, about: "The names of the entities."}, fieldDatabase}, deleteEntities,
	},
	{
		tenancy.FunctionMCPDeleteObservations, "Delete observations",
		"Delete observations from entities of the knowledge graph.",
		removing, []field{
			{name: "deletions", kind: listOf(object(
				field{name: "entityName", kind: memoryName, needed: true, about: "The name of the entity."},
				field{name: "observations", kind: listOf(text), needed: true, about: "What to delete."},
			)), needed: true, about: "What to delete, by entity."},
			fieldDatabase,
		}, deleteObservations,
	},
	{
		tenancy.FunctionMCPDeleteRelations, "Delete relations",
		"Delete relations from the knowledge graph.",
		removing, []field{fieldRelations, fieldDatabase}, deleteRelations,
	},
	{
		tenancy.FunctionMCPReadGraph, "Read the knowledge graph",
		"Read the knowledge graph: its entities and relations, at most 1000 in all.",
		reading, []field{fieldDatabase, fieldBookmark}, readGraph,
	},
	{
		tenancy.FunctionMCPSearchNodes, "Search entities",
		"Find entities whose name, type or observations contain a text, and their relations.",
		reading, []field{{name: "query", kind: text, needed: true, about: "The text to look for."}, fieldDatabase, fieldBookmark}, searchNodes,
	},
	{
		tenancy.FunctionMCPOpenNodes, "Open entities",
		"Read entities by name, and their relations.",
		reading, []field{{name: "names", kind: listOf(text), needed: true, about: "The names of the entities."}, fieldDatabase, fieldBookmark}, openNodes,
	},
	{
		tenancy.FunctionMCPClusterStatus, "Cluster status",
		"Tell the nodes of the cluster, who leads, and how many failures it can take. For operators.",
		reading, []field{}, clusterStatus,
	},
	{
		tenancy.FunctionMCPListTenants, "Tenants",
		"List the tenants with their plans and limits. For operators.",
		reading, []field{fieldLimit, fieldSkip}, listTenants,
	},
	{
		tenancy.FunctionMCPTenantUsage, "Usage of a tenant",
		"Tell what one tenant holds, and its limits. For operators.",
		reading, []field{{name: "tenant_id", kind: text, needed: true, about: "The tenant's id."}}, tenantUsage,
	},
}
