package body

import (
	"math"

	"github.com/hivellm/nexus/graph/value"
)

// MaxQueryBytes bounds the text of a query (R7).
const MaxQueryBytes = 1 << 20

// Cypher is the body of POST /cypher. Zero values are what was absent.
type Cypher struct {
	Query          string
	Parameters     *value.Map
	Database       string
	Consistency    string
	Bookmark       string
	MaxStalenessMs int64
	TimeoutMs      int64
}

// maxMs bounds every duration in milliseconds so that it fits a time.Duration.
const maxMs = math.MaxInt64 / 1_000_000

// ParseCypher reads the body of POST /cypher. Errors are a [*Fault].
func ParseCypher(data []byte) (Cypher, error) {
	o, err := Parse(data)
	if err != nil {
		return Cypher{}, err
	}
	c := Cypher{
		Query:          o.NeededText("query"),
		Database:       o.Text("database"),
		Consistency:    o.Text("consistency"),
		Bookmark:       o.Text("bookmark"),
		MaxStalenessMs: o.Integer("max_staleness_ms", 1, maxMs),
		TimeoutMs:      o.Integer("timeout_ms", 1, maxMs),
	}
	if len(c.Query) > MaxQueryBytes {
		o.Refuse("query", "is larger than %d bytes", MaxQueryBytes)
	}
	if o.Has("parameters") && o.Has("params") {
		o.Refuse("params", "is another name of \"parameters\": give one of them")
	}
	c.Parameters = o.Map("parameters")
	if more := o.Map("params"); more != nil {
		c.Parameters = more
	}
	if err := o.End(); err != nil {
		return Cypher{}, err
	}
	return c, nil
}
