package hivehub

import (
	"encoding/json"
	"time"

	"github.com/hivellm/nexus/tenancy"
)

// bytesPerMB is what one of the contract's _mb is.
const bytesPerMB = 1_048_576

// Quota is the contract's quota object. A limit is absent (the plan's holds), none (JSON null) or a number. The used
// figures are shown, never enforced.
type Quota struct {
	UserID string `json:"user_id,omitempty"`

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

	NodesUsed         Figure `json:"nodes_used"`
	RelationshipsUsed Figure `json:"relationships_used"`
	StorageUsedMB     Figure `json:"storage_used_mb"`

	// LimitVersion only moves forward; 0 where the hub counts none.
	LimitVersion uint64 `json:"limit_version,omitempty"`
	// Plan is the hub's word, "" where it says none.
	Plan   string                `json:"plan,omitempty"`
	Status tenancy.AccountStatus `json:"status,omitempty"`
	// Period is the running period, YYYY-MM, and ResetsAt its end; both may be missing.
	Period   string    `json:"period,omitempty"`
	ResetsAt time.Time `json:"resets_at,omitzero"`
}

// Limits are the quota's limits in the house's words: what is absent stays absent, _mb become bytes, and what would
// not fit becomes the greatest number.
func (q *Quota) Limits() tenancy.Limits {
	return tenancy.Limits{
		Burst:               q.Burst,
		MaxDatabases:        q.MaxDatabases,
		MaxNodes:            q.MaxNodes,
		MaxQueryMemoryBytes: q.MaxQueryMemoryBytes,
		MaxQueryMs:          q.MaxQueryMs,
		MaxRelationships:    q.MaxRelationships,
		MaxResultRows:       q.MaxResultRows,
		MaxStorageBytes:     megabytes(q.MaxGraphStorageMB),
		RequestsPerMonth:    q.RequestsPerMonth,
		RequestsPerSecond:   q.RequestsPerSecond,
		WritesPerMonth:      q.WritesPerMonth,
	}
}

func megabytes(limit tenancy.Limit) tenancy.Limit {
	n, isNumber := limit.Number()
	switch {
	case !isNumber:
		return limit
	case n > tenancy.MaxLimit/bytesPerMB:
		return tenancy.LimitOf(tenancy.MaxLimit)
	}
	return tenancy.LimitOf(n * bytesPerMB)
}

// UserDatabases is a user's databases and quota.
type UserDatabases struct {
	UserID    string   `json:"user_id"`
	Quota     Quota    `json:"quota"`
	Databases []string `json:"databases,omitempty"`
}

// User is one row of the changed users. Plan and Status stand beside the quota and win over those inside.
type User struct {
	UserID string                `json:"user_id"`
	Email  string                `json:"email,omitempty"`
	Plan   string                `json:"plan,omitempty"`
	Status tenancy.AccountStatus `json:"status,omitempty"`
	Quota  Quota                 `json:"quota"`
}

// Key is one key as the hub tells it: never its secret.
type Key struct {
	KeyID        string             `json:"key_id"`
	UserID       string             `json:"user_id"`
	Name         string             `json:"name"`
	SecretSHA256 tenancy.SecretHash `json:"secret_sha256"`
	// AllowedFunctions is nil for absent; a list; or the empty list, which allows nothing.
	AllowedFunctions *[]string    `json:"allowed_functions,omitempty"`
	Role             tenancy.Role `json:"role,omitempty"`
	Environment      string       `json:"environment"`
	CreatedAt        time.Time    `json:"created_at,omitzero"`
	ExpiresAt        *time.Time   `json:"expires_at,omitempty"`
	RevokedAt        *time.Time   `json:"revoked_at,omitempty"`
}

// Cursor is where a reader of changes stands; the hub's word, "" for the beginning.
type Cursor string

// usersPage and keysPage are one page of changes. Rows are decoded one by one, so that one bad row hides no other.
type usersPage struct {
	Users []json.RawMessage `json:"users"`
	Next  *Cursor           `json:"next"`
}

type keysPage struct {
	Keys []json.RawMessage `json:"keys"`
	Next *Cursor           `json:"next"`
}

// Page is one page of changes: the rows that pass their checks, those that do not, and where to go on.
type Page[Row any] struct {
	Rows    []Row
	Refused []RowError
	Next    Cursor
}

// RowError says that a row of a page cannot be used; the others of the page can.
type RowError struct {
	// ID is the row's id as far as it could be read, clipped.
	ID  string
	Err error
}

// Error implements error.
func (e RowError) Error() string { return "row " + e.ID + ": " + e.Err.Error() }

// Unwrap gives the cause.
func (e RowError) Unwrap() error { return e.Err }

// UsageTotals are what a user used in a period so far, over the whole cluster: cumulative, so that a resend or a
// reorder changes nothing.
type UsageTotals struct {
	Requests  uint64 `json:"requests"`
	Reads     uint64 `json:"reads"`
	Writes    uint64 `json:"writes"`
	RowsOut   uint64 `json:"rows_out"`
	BytesIn   uint64 `json:"bytes_in"`
	BytesOut  uint64 `json:"bytes_out"`
	ComputeMs uint64 `json:"compute_ms"`
}

// UsageReport is the state of one user's period. Seq rises with every change of the totals.
type UsageReport struct {
	ClusterID string        `json:"cluster_id"`
	UserID    string        `json:"user_id"`
	Period    string        `json:"period"`
	Seq       uint64        `json:"seq"`
	Totals    UsageTotals   `json:"totals"`
	State     tenancy.Usage `json:"state"`
}

// usageAccepted is the answer to a report: the highest sequence number that the hub holds.
type usageAccepted struct {
	AcceptedSeq *uint64 `json:"accepted_seq"`
	UserID      string  `json:"user_id,omitempty"`
}

// AuditCheckpoint is a signed head of one node's audit chain.
type AuditCheckpoint struct {
	ClusterID string `json:"cluster_id"`
	NodeID    string `json:"node_id"`
	Seq       uint64 `json:"seq"`
	Root      string `json:"root"`
	Signature string `json:"signature"`
}

// ErrorBody is the shape of every refusal.
type ErrorBody struct {
	Error   string `json:"error"`
	Details any    `json:"details,omitempty"`
}
