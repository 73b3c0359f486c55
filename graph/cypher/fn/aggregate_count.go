package fn

import "github.com/hivellm/nexus/graph/value"

// countRows counts.
type countRows struct{ n int64 }

func (c *countRows) Add([]value.Value) error      { c.n++; return nil }
func (c *countRows) Result() (value.Value, error) { return value.Int(c.n), nil }
func (c *countRows) Size() int64                  { return 8 }

// collect gathers a list in the order of the rows.
type collect struct {
	items []value.Value
	bytes int64
}

func (c *collect) Add(args []value.Value) error {
	c.items = append(c.items, args[0])
	c.bytes += sizeOf(args[0])
	return nil
}

func (c *collect) Result() (value.Value, error) {
	return value.List(c.items[:len(c.items):len(c.items)]), nil
}

func (c *collect) Size() int64 { return c.bytes }

// extreme keeps the least (sign -1) or the greatest (sign 1) value of Cypher's order.
type extreme struct {
	sign int
	any  bool
	best value.Value
}

func (e *extreme) Add(args []value.Value) error {
	if !e.any || value.Compare(args[0], e.best)*e.sign > 0 {
		e.any, e.best = true, args[0]
	}
	return nil
}

func (e *extreme) Result() (value.Value, error) { return e.best, nil }
func (e *extreme) Size() int64                  { return sizeOf(e.best) }
