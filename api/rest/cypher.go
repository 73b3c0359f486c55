package rest

import (
	"strings"
	"time"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/api/rest/body"
)

// mediaLines is the media type of an answer in lines.
const mediaLines = "application/x-ndjson"

// cypher is POST /cypher: one query, its rows as JSON or as lines.
func (s *Server) cypher(c *call) error {
	asked, err := body.ParseCypher(c.body)
	if err != nil {
		return err
	}
	keys := c.request.Header.Values(headerIdempotencyKey)
	if len(keys) > 1 || len(keys) == 1 && keys[0] == "" {
		return api.Refuse(api.CodeBadRequest, "Idempotency-Key must be given once and not be empty")
	}
	request := api.Request{
		Principal:    c.principal,
		OnPlan:       actOf(c.echo).planned,
		Query:        asked.Query,
		Parameters:   asked.Parameters,
		Database:     asked.Database,
		Consistency:  api.Consistency(asked.Consistency),
		Bookmark:     asked.Bookmark,
		MaxStaleness: time.Duration(asked.MaxStalenessMs) * time.Millisecond,
		Timeout:      time.Duration(asked.TimeoutMs) * time.Millisecond,
		Route:        "POST /cypher",
		ArrivedMs:    c.arrivedMs,
		Cost:         &c.cost,
	}
	if len(keys) == 1 {
		request.IdempotencyKey = keys[0]
	}
	run := func(sink api.Sink) (api.Summary, error) { return s.service.Cypher(c.context, request, sink) }
	if wantsLines(c.request.Header.Values("Accept")) {
		return s.inLines(c, run)
	}
	return s.inRows(c, run)
}

// wantsLines tells whether the client asked for lines; anything else gets JSON.
func wantsLines(accept []string) bool {
	for _, header := range accept {
		for part := range strings.SplitSeq(header, ",") {
			media, _, _ := strings.Cut(part, ";")
			if strings.EqualFold(strings.TrimSpace(media), mediaLines) {
				return true
			}
		}
	}
	return false
}

// inRows answers a query as one JSON object.
func (s *Server) inRows(c *call, run func(api.Sink) (api.Summary, error)) error {
	rows := newRows(c.response)
	defer rows.release()
	summary, err := run(rows)
	actOf(c.echo).rows = rows.count
	if err != nil {
		return err
	}
	return rows.finish(summary)
}

// inLines answers a query in lines.
func (s *Server) inLines(c *call, run func(api.Sink) (api.Summary, error)) error {
	lines := newLines(c.response)
	defer lines.close()
	summary, err := run(lines)
	a := actOf(c.echo)
	a.rows = lines.count
	switch {
	case err == nil:
		return lines.finish(summary)
	case !lines.begun():
		return err
	}
	a.refused = s.refusalOf(c.echo, err)
	return lines.fail(problemOf(a.refused, c.requestID))
}
