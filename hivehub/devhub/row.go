package devhub

import (
	"time"

	"github.com/hivellm/nexus/hivehub"
	"github.com/hivellm/nexus/tenancy"
)

// change is one line of the journal: rows as they are from then on.
type change struct {
	Users  []userRow  `json:"users,omitempty"`
	Keys   []keyRow   `json:"keys,omitempty"`
	Tokens []tokenRow `json:"tokens,omitempty"`
	Usage  []usageRow `json:"usage,omitempty"`
	Audit  []auditRow `json:"audit,omitempty"`
}

// userRow is a user.
type userRow struct {
	ID        string                `json:"id"`
	Email     string                `json:"email"`
	FullName  string                `json:"full_name"`
	Password  string                `json:"password"` // argon2id with its parameters and salt, never the password
	Plan      string                `json:"plan"`
	Status    tenancy.AccountStatus `json:"status"`
	CreatedAt time.Time             `json:"created_at"`
	// LimitVersion rises with every change of plan, status or quota.
	LimitVersion uint64 `json:"limit_version"`
	// Changed is the user's place among the changes of users.
	Changed   uint64    `json:"changed"`
	Overrides overrides `json:"overrides"`
}

// overrides are what was set beside the plan.
type overrides struct {
	MaxNodes            tenancy.Limit `json:"max_nodes,omitzero"`
	MaxRelationships    tenancy.Limit `json:"max_relationships,omitzero"`
	MaxGraphStorageMB   tenancy.Limit `json:"max_graph_storage_mb,omitzero"`
	RequestsPerSecond   tenancy.Limit `json:"requests_per_second,omitzero"`
	Burst               tenancy.Limit `json:"burst,omitzero"`
	RequestsPerMonth    tenancy.Limit `json:"requests_per_month,omitzero"`
	WritesPerMonth      tenancy.Limit `json:"writes_per_month,omitzero"`
	MaxDatabases        tenancy.Limit `json:"max_databases,omitzero"`
	MaxQueryMs          tenancy.Limit `json:"max_query_ms,omitzero"`
	MaxResultRows       tenancy.Limit `json:"max_result_rows,omitzero"`
	MaxQueryMemoryBytes tenancy.Limit `json:"max_query_memory_bytes,omitzero"`

	NodesUsed         *hivehub.Figure `json:"nodes_used,omitempty"`
	RelationshipsUsed *hivehub.Figure `json:"relationships_used,omitempty"`
	StorageUsedMB     *hivehub.Figure `json:"storage_used_mb,omitempty"`
	Period            string          `json:"period,omitempty"`
	ResetsAt          time.Time       `json:"resets_at,omitzero"`
}

// over lays newer overrides over older ones.
func (o overrides) over(older overrides) overrides {
	o.MaxNodes = o.MaxNodes.Or(older.MaxNodes)
	o.MaxRelationships = o.MaxRelationships.Or(older.MaxRelationships)
	o.MaxGraphStorageMB = o.MaxGraphStorageMB.Or(older.MaxGraphStorageMB)
	o.RequestsPerSecond = o.RequestsPerSecond.Or(older.RequestsPerSecond)
	o.Burst = o.Burst.Or(older.Burst)
	o.RequestsPerMonth = o.RequestsPerMonth.Or(older.RequestsPerMonth)
	o.WritesPerMonth = o.WritesPerMonth.Or(older.WritesPerMonth)
	o.MaxDatabases = o.MaxDatabases.Or(older.MaxDatabases)
	o.MaxQueryMs = o.MaxQueryMs.Or(older.MaxQueryMs)
	o.MaxResultRows = o.MaxResultRows.Or(older.MaxResultRows)
	o.MaxQueryMemoryBytes = o.MaxQueryMemoryBytes.Or(older.MaxQueryMemoryBytes)
	if o.NodesUsed == nil {
		o.NodesUsed = older.NodesUsed
	}
	if o.RelationshipsUsed == nil {
		o.RelationshipsUsed = older.RelationshipsUsed
	}
	if o.StorageUsedMB == nil {
		o.StorageUsedMB = older.StorageUsedMB
	}
	if o.Period == "" {
		o.Period = older.Period
	}
	if o.ResetsAt.IsZero() {
		o.ResetsAt = older.ResetsAt
	}
	return o
}

// keyRow is a key: what the hub tells nexus of it, and its place among the changes of keys.
type keyRow struct {
	hivehub.Key
	Changed uint64 `json:"changed"`
}

// tokenRow is an access token, of which the hash is kept.
type tokenRow struct {
	Hash      string    `json:"hash"`
	UserID    string    `json:"user_id"`
	ExpiresAt time.Time `json:"expires_at"`
	Gone      bool      `json:"gone,omitempty"`
}

// usageRow is what a cluster reported last of a user's period.
type usageRow = hivehub.UsageReport

// auditRow is the last audit head of a node.
type auditRow = hivehub.AuditCheckpoint
