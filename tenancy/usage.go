package tenancy

import "fmt"

// Quota names a limit in errors and answers.
type Quota string

// The state quotas, which Apply enforces on exact figures.
const (
	QuotaNodes         Quota = "nodes"
	QuotaRelationships Quota = "relationships"
	QuotaStorageBytes  Quota = "storage_bytes"
	QuotaDatabases     Quota = "databases"
	// QuotaResidentBytes is the cluster's max_database_bytes (R21), and in answers of a node its memory.budget.
	QuotaResidentBytes Quota = "resident_bytes"
)

// Usage is what a tenant uses, summed over its databases.
type Usage struct {
	Nodes         uint64 `json:"nodes" msgpack:"nodes"`
	Relationships uint64 `json:"relationships" msgpack:"relationships"`
	// Bytes is storage as ARCHITECTURE §6 counts it.
	Bytes     uint64 `json:"storage_bytes" msgpack:"storage_bytes"`
	Databases uint64 `json:"databases" msgpack:"databases"`
}

// Plus is the sum of two usages.
func (u Usage) Plus(other Usage) Usage {
	return Usage{
		Nodes:         u.Nodes + other.Nodes,
		Relationships: u.Relationships + other.Relationships,
		Bytes:         u.Bytes + other.Bytes,
		Databases:     u.Databases + other.Databases,
	}
}

// QuotaError says that a change would grow a use beyond its limit. Nothing of the change was done.
type QuotaError struct {
	Quota Quota
	// Limit is the most that is allowed.
	Limit uint64
	// Used is what is in use without the change.
	Used uint64
	// Wanted is what would be in use with it.
	Wanted uint64
}

// Error implements error.
func (e *QuotaError) Error() string {
	return fmt.Sprintf("quota %s: limit %d, used %d, with this change %d", e.Quota, e.Limit, e.Used, e.Wanted)
}

// CheckGrowth refuses a change from before to after that grows a use beyond its limit: databases, nodes,
// relationships, then bytes, the first one that fails. What does not grow is never refused, however much is in
// use. nil means allowed; compare with nil before giving the result away as an error.
func CheckGrowth(limits Limits, before, after Usage) *QuotaError {
	if e := checkGrowth(QuotaDatabases, limits.MaxDatabases, before.Databases, after.Databases); e != nil {
		return e
	}
	if e := checkGrowth(QuotaNodes, limits.MaxNodes, before.Nodes, after.Nodes); e != nil {
		return e
	}
	if e := checkGrowth(QuotaRelationships, limits.MaxRelationships, before.Relationships, after.Relationships); e != nil {
		return e
	}
	return checkGrowth(QuotaStorageBytes, limits.MaxStorageBytes, before.Bytes, after.Bytes)
}

// CheckDatabaseGrowth refuses, as QuotaResidentBytes, the growth of one database's bytes beyond max_database_bytes.
// nil means allowed, as in CheckGrowth.
func CheckDatabaseGrowth(maxDatabaseBytes Limit, before, after uint64) *QuotaError {
	return checkGrowth(QuotaResidentBytes, maxDatabaseBytes, before, after)
}

func checkGrowth(quota Quota, limit Limit, before, after uint64) *QuotaError {
	if after <= before || limit.Allows(after) {
		return nil
	}
	number, _ := limit.Number()
	return &QuotaError{Quota: quota, Limit: number, Used: before, Wanted: after}
}
