package answer

import (
	"strconv"

	"github.com/hivellm/nexus/graph/cypher"
	"github.com/hivellm/nexus/graph/value"
)

// AppendPlan appends the plan of EXPLAIN or PROFILE: an operator with what gives it rows as its first child. Rows and
// hits are there for PROFILE alone.
func AppendPlan(dst []byte, n *cypher.PlanNode) []byte {
	dst = append(dst, `{"operator":`...)
	dst = value.AppendJSONString(dst, n.Operator)
	dst = append(dst, `,"details":`...)
	dst = value.AppendJSONString(dst, n.Details)
	dst = append(dst, `,"identifiers":`...)
	dst = AppendTexts(dst, n.Identifiers)
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
		dst = AppendPlan(dst, child)
	}
	return append(dst, "]}"...)
}

// AppendTexts appends a JSON list of strings.
func AppendTexts(dst []byte, texts []string) []byte {
	dst = append(dst, '[')
	for i, text := range texts {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = value.AppendJSONString(dst, text)
	}
	return append(dst, ']')
}
