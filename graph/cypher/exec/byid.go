package exec

import (
	"strconv"
	"strings"

	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher/plan"
	"github.com/hivellm/nexus/graph/value"
)

// nodeByID finds at most one node. The condition that gave the id is checked again on the row.
func (c *compiler) nodeByID(o *plan.NodeByID) stage {
	slot, e, element := o.Node.Symbol.Slot, c.expr(o.Value), o.Element
	return func(next operator, _ *pipe) operator {
		return &pushFunc{through{next}, func(r *run) error {
			v, err := e(r)
			if err != nil {
				return err
			}
			r.hit()
			id, ok := nodeID(v, element)
			if !ok || !r.graph().HasNode(id) {
				return nil
			}
			r.row[slot] = value.Node(id)
			return next.push(r)
		}}
	}
}

// maxID bounds ids from above.
const maxID = 1 << 48

// nodeID reads an id: a number, equal to an integer, or the text of an element id.
func nodeID(v value.Value, element bool) (graph.NodeID, bool) {
	if element {
		if v.Kind() != value.KindString {
			return 0, false
		}
		digits, ok := strings.CutPrefix(v.Str(), "n:")
		n, err := strconv.ParseUint(digits, 10, 64)
		return graph.NodeID(n), ok && err == nil && n < maxID
	}
	switch v.Kind() {
	case value.KindInt:
		return graph.NodeID(v.Int()), v.Int() >= 0 && v.Int() < maxID
	case value.KindFloat:
		f := v.Float()
		return graph.NodeID(f), f >= 0 && f < maxID && f == float64(uint64(f))
	}
	return 0, false
}
