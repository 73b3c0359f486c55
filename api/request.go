package api

import (
	"time"

	"github.com/hivellm/nexus/graph/cypher"
	"github.com/hivellm/nexus/graph/value"
	"github.com/hivellm/nexus/tenancy"
)

// Consistency is how new a read must be.
type Consistency string

// The levels of ARCHITECTURE §4.
const (
	Strong     Consistency = "strong"
	AtBookmark Consistency = "bookmark"
	Local      Consistency = "local"
)

// Request is one Cypher query of an admitted principal, as a door read it. The zero values mean the defaults.
type Request struct {
	Principal tenancy.Principal
	// Function is what is asked for at a door whose entries have functions of their own, as a tool has; the zero one asks
	// for what the plan asks for (LAW 5).
	Function tenancy.Function
	// ReadOnly refuses a plan that writes, or that changes the schema.
	ReadOnly bool
	Query    string
	// Parameters is the map of parameters; nil = none.
	Parameters *value.Map
	// Database is a name as the client gave it; "" = default.
	Database    string
	Consistency Consistency
	Bookmark    string
	// MaxStaleness bounds a local read; 0 = the node's auth.max_staleness, which is also its maximum.
	MaxStaleness time.Duration
	// Timeout bounds the whole call, waiting included; 0 = the tenant's max_query_ms, which is also its maximum.
	Timeout time.Duration
	// IdempotencyKey is the client's own, "" without one.
	IdempotencyKey string
	// Route is part of an idempotency key's scope: the same key on another route is another request.
	Route string
	// ArrivedMs is when the request arrived at the door, wall clock (R10's window).
	ArrivedMs int64

	// OnPlan is told the function that the plan asks for, before it is authorized; nil tells nobody.
	OnPlan func(tenancy.Function)

	forwarded bool // another node sent it
	// Cost, where it is not nil, is told what the request is charged, before it runs.
	Cost *Cost
}

// Sink takes an answer as it comes. Columns is called once, before any row. Rows are JSON arrays as api/answer makes
// them, valid during the call only. An error of a Sink ends the query.
type Sink interface {
	Columns(names []string) error
	Row(encoded []byte) error
}

// EnoughError is what a Sink answers when it has all the rows that it wants: a query that only reads ends there, and well.
// A query that writes has done its work before the first row, so its sink must take them all.
type EnoughError struct {
	// Rows were taken.
	Rows uint64
}

// Error implements error.
func (*EnoughError) Error() string { return "enough rows" }

// DirectSink is a Sink that lets rows be appended where they are sent from: BeginRow gives its buffer, to which one row
// is appended, and EndRow takes it back. A row that is not ended was never there.
type DirectSink interface {
	Sink
	BeginRow() []byte
	EndRow(buffer []byte) error
}

// Summary is the end of a good answer.
type Summary struct {
	Stats         cypher.Stats
	Bookmark      string
	Node          string
	Leader        string
	Consistency   Consistency
	Elapsed       time.Duration
	Staleness     time.Duration
	Notifications []cypher.Notification
	Replayed      bool
	// Plan is the plan of EXPLAIN and PROFILE, nil for any other query and for a write whose answer was replayed.
	Plan *cypher.PlanNode
	// Rows were given out; Compute is the time that the query itself ran, without waiting for others.
	Rows    uint64
	Compute time.Duration
}
