package rest

import (
	"strconv"

	"github.com/hivellm/nexus/graph/cypher"
	"github.com/hivellm/nexus/graph/value"
)

// appendPlan appends the plan of EXPLAIN or PROFILE: an operator with what gives it rows as its first child. Rows and
// hits are there for PROFILE alone.
func appendPlan(dst []byte, n *cypher.PlanNode) []byte {
	dst = append(dst, `{"operator":`...)
	dst = value.AppendJSONString(dst, n.Operator)
	dst = append(dst, `,"details":`...)
	dst = value.AppendJSONString(dst, n.Details)
	dst = append(dst, `,"identifiers":`...)
	dst = appendTexts(dst, n.Identifiers)
	dst = append(dst, `,"estimated_rows":`...)
	dst = value.AppendJSON(dst, value.Float(n.EstimatedRows))
	if n.Measured {
		dst = append(dst, `,"rows":`...)
		dst = strconv.AppendUint(dst, n.Rows, 10)
		dst = append(dst, `,"hits":`...)
		dst = strconv.AppendUint(dst, n.Hits, 10)
	}
	dst = append(dst, `,"children":[`...)
	for i, child := range n.Children {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendPlan(dst, child)
	}
	return append(dst, "]}"...)
}
