package rest

import (
	"strconv"

	"github.com/hivellm/nexus/api"
	encode "github.com/hivellm/nexus/api/answer"
	"github.com/hivellm/nexus/graph/value"
)

// appendStats appends the member "stats".
func appendStats(dst []byte, s *api.Summary) []byte {
	dst = append(dst, `"stats":{`...)
	for i, field := range api.StatFields {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, '"')
		dst = append(dst, field.Name...)
		dst = append(dst, `":`...)
		dst = strconv.AppendUint(dst, field.Of(&s.Stats), 10)
	}
	return append(dst, '}')
}

// appendSummary appends the members of a good answer's end, without braces. A statement in a transaction has neither a
// bookmark nor a consistency of its own.
func appendSummary(dst []byte, s api.Summary) []byte {
	dst = appendStats(dst, &s)
	if s.Consistency != "" {
		dst = append(dst, `,"bookmark":`...)
		dst = value.AppendJSONString(dst, s.Bookmark)
	}
	dst = append(dst, `,"node":`...)
	dst = value.AppendJSONString(dst, s.Node)
	dst = append(dst, `,"leader":`...)
	if s.Leader == "" {
		dst = append(dst, "null"...)
	} else {
		dst = value.AppendJSONString(dst, s.Leader)
	}
	if s.Consistency != "" {
		dst = append(dst, `,"consistency":`...)
		dst = value.AppendJSONString(dst, string(s.Consistency))
	}
	if s.Consistency == api.Local {
		dst = append(dst, `,"staleness_ms":`...)
		dst = strconv.AppendInt(dst, s.Staleness.Milliseconds(), 10)
	}
	dst = append(dst, `,"execution_time_ms":`...)
	dst = strconv.AppendInt(dst, s.Elapsed.Milliseconds(), 10)
	dst = append(dst, `,"notifications":[`...)
	for i, n := range s.Notifications {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"code":`...)
		dst = value.AppendJSONString(dst, n.Code)
		dst = append(dst, `,"severity":`...)
		dst = value.AppendJSONString(dst, n.Severity)
		dst = append(dst, `,"title":`...)
		dst = value.AppendJSONString(dst, n.Title)
		dst = append(dst, `,"description":`...)
		dst = value.AppendJSONString(dst, n.Description)
		dst = append(dst, '}')
	}
	dst = append(dst, ']')
	if s.Plan != nil {
		dst = append(dst, `,"plan":`...)
		dst = encode.AppendPlan(dst, s.Plan)
	}
	if s.Replayed {
		dst = append(dst, `,"replayed":true`...)
	}
	return dst
}
