package hivehub

import (
	"net/http"
	"sync/atomic"
)

// call is a row of the table of calls.
type call uint8

const (
	callHealth call = iota
	callUserDatabases
	callUserQuota
	callUsage
	callUsers
	callKeys
	callKey
	callAudit
	callCount
)

// callTable is the contract's table of calls: method and path's template.
var callTable = [callCount]struct{ method, path string }{
	callHealth:        {http.MethodGet, "/health"},
	callUserDatabases: {http.MethodGet, "/api/internal/nexus/user/{userId}/databases"},
	callUserQuota:     {http.MethodGet, "/api/internal/nexus/user/{userId}/quota"},
	callUsage:         {http.MethodPost, "/api/internal/nexus/usage/update"},
	callUsers:         {http.MethodGet, "/api/internal/nexus/users"},
	callKeys:          {http.MethodGet, "/api/internal/nexus/keys"},
	callKey:           {http.MethodGet, "/api/internal/nexus/keys/{keyId}"},
	callAudit:         {http.MethodPost, "/api/internal/nexus/audit"},
}

func (c call) method() string { return callTable[c].method }

// String is the method and the path's template, the name of the call in errors, metrics and /dev/calls.
func (c call) String() string { return callTable[c].method + " " + callTable[c].path }

// callCounter counts the tries of one call.
type callCounter struct{ tries, failures atomic.Uint64 }

// CallCount is how often one call was sent, each try counted, and how many of the tries failed.
type CallCount struct {
	// Call is the method and the path's template.
	Call            string
	Tries, Failures uint64
}

// Calls counts what was sent to the hub since the client was made, one row per call of the contract. May be called at
// any time.
func (c *Client) Calls() []CallCount {
	counts := make([]CallCount, 0, callCount)
	for i := range callCount {
		counts = append(counts, CallCount{Call: i.String(), Tries: c.counters[i].tries.Load(), Failures: c.counters[i].failures.Load()})
	}
	return counts
}

// CallsSent is the sum of all tries since the client was made: what "calls per 1 000 requests" is counted from.
func (c *Client) CallsSent() uint64 {
	sum := uint64(0)
	for i := range c.counters {
		sum += c.counters[i].tries.Load()
	}
	return sum
}
