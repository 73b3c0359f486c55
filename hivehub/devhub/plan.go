package devhub

import (
	"github.com/hivellm/nexus/tenancy"
)

const (
	bytesPerMB = 1_048_576
	// firstPlan is the plan of a new user.
	firstPlan = "free"
)

// planLimits are a plan's limits in the words of the contract. A plan that the table has lost since a user took it
// allows nothing.
func planLimits(name string) overrides {
	plan, err := tenancy.LookupPlan(name)
	if err != nil {
		nothing := tenancy.LimitOf(0)
		return overrides{
			MaxNodes: nothing, MaxRelationships: nothing, MaxGraphStorageMB: nothing, RequestsPerSecond: nothing, Burst: nothing,
			RequestsPerMonth: nothing, WritesPerMonth: nothing, MaxDatabases: nothing, MaxQueryMs: nothing, MaxResultRows: nothing,
			MaxQueryMemoryBytes: nothing,
		}
	}
	limits := plan.Limits
	return overrides{
		MaxNodes: limits.MaxNodes, MaxRelationships: limits.MaxRelationships, MaxGraphStorageMB: inMB(limits.MaxStorageBytes),
		RequestsPerSecond: limits.RequestsPerSecond, Burst: limits.Burst, RequestsPerMonth: limits.RequestsPerMonth,
		WritesPerMonth: limits.WritesPerMonth, MaxDatabases: limits.MaxDatabases, MaxQueryMs: limits.MaxQueryMs,
		MaxResultRows: limits.MaxResultRows, MaxQueryMemoryBytes: limits.MaxQueryMemoryBytes,
	}
}

// inMB rounds down: a hub never promises more than the plan.
func inMB(limit tenancy.Limit) tenancy.Limit {
	if n, isNumber := limit.Number(); isNumber {
		return tenancy.LimitOf(n / bytesPerMB)
	}
	return limit
}
