package tenancy

// Limits is how much a tenant may use. A field is absent (the plan's holds), none, or a number. In requests a
// field that is missing is absent and null is none.
type Limits struct {
	// Burst is how many requests may come at once.
	Burst Limit `json:"burst,omitzero" msgpack:"burst"`
	// MaxDatabases counts the tenant's databases, "default" among them.
	MaxDatabases Limit `json:"max_databases,omitzero" msgpack:"max_databases"`
	// MaxNodes counts the nodes of all its databases.
	MaxNodes Limit `json:"max_nodes,omitzero" msgpack:"max_nodes"`
	// MaxQueryMemoryBytes is what one query may hold.
	MaxQueryMemoryBytes Limit `json:"max_query_memory_bytes,omitzero" msgpack:"max_query_memory_bytes"`
	// MaxQueryMs is how long one query may take, waiting included, in milliseconds.
	MaxQueryMs Limit `json:"max_query_ms,omitzero" msgpack:"max_query_ms"`
	// MaxRelationships counts the relationships of all its databases.
	MaxRelationships Limit `json:"max_relationships,omitzero" msgpack:"max_relationships"`
	// MaxResultRows is how many rows one query may give.
	MaxResultRows Limit `json:"max_result_rows,omitzero" msgpack:"max_result_rows"`
	// MaxStorageBytes is the storage of all its databases.
	MaxStorageBytes Limit `json:"max_storage_bytes,omitzero" msgpack:"max_storage_bytes"`
	// RequestsPerMonth is how many request units a period has.
	RequestsPerMonth Limit `json:"requests_per_month,omitzero" msgpack:"requests_per_month"`
	// RequestsPerSecond is the rate across the cluster.
	RequestsPerSecond Limit `json:"requests_per_second,omitzero" msgpack:"requests_per_second"`
	// WritesPerMonth is how many write units a period has.
	WritesPerMonth Limit `json:"writes_per_month,omitzero" msgpack:"writes_per_month"`
}

// limitField names one field of Limits.
type limitField struct {
	name string
	of   func(*Limits) *Limit
}

// limitFields holds every field of Limits in the order of its table in the interface.
var limitFields = [...]limitField{
	{"max_nodes", func(l *Limits) *Limit { return &l.MaxNodes }},
	{"max_relationships", func(l *Limits) *Limit { return &l.MaxRelationships }},
	{"max_storage_bytes", func(l *Limits) *Limit { return &l.MaxStorageBytes }},
	{"max_databases", func(l *Limits) *Limit { return &l.MaxDatabases }},
	{"requests_per_second", func(l *Limits) *Limit { return &l.RequestsPerSecond }},
	{"burst", func(l *Limits) *Limit { return &l.Burst }},
	{"requests_per_month", func(l *Limits) *Limit { return &l.RequestsPerMonth }},
	{"writes_per_month", func(l *Limits) *Limit { return &l.WritesPerMonth }},
	{"max_query_ms", func(l *Limits) *Limit { return &l.MaxQueryMs }},
	{"max_result_rows", func(l *Limits) *Limit { return &l.MaxResultRows }},
	{"max_query_memory_bytes", func(l *Limits) *Limit { return &l.MaxQueryMemoryBytes }},
}

// Over lays the limits over those of a plan: what is absent here is the plan's.
func (l Limits) Over(plan Limits) Limits {
	for _, field := range limitFields {
		own := field.of(&l)
		*own = own.Or(*field.of(&plan))
	}
	return l
}

// Resolved reports whether no limit is absent.
func (l Limits) Resolved() bool {
	for _, field := range limitFields {
		if field.of(&l).Absent() {
			return false
		}
	}
	return true
}
