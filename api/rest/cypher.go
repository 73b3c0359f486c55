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
		Query:        asked.Query,
		Parameters:   asked.Parameters,
		Database:     asked.Database,
		Consistency:  api.Consistency(asked.Consistency),
		Bookmark:     asked.Bookmark,
		MaxStaleness: time.Duration(asked.MaxStalenessMs) * time.Millisecond,
		Timeout:      time.Duration(asked.TimeoutMs) * time.Millisecond,
		Route:        "POST /cypher",
		ArrivedMs:    c.arrivedMs,
	}
	if len(keys) == 1 {
		request.IdempotencyKey = keys[0]
	}
	if wantsLines(c.request.Header.Values("Accept")) {
		return s.cypherLines(c, request)
	}
	return s.cypherRows(c, request)
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

func (s *Server) cypherRows(c *call, request api.Request) error {
	rows := newRows(c.response)
	defer rows.release()
	summary, err := s.service.Cypher(c.context, request, rows)
	if err != nil {
		return err
	}
	return rows.finish(summary)
}

func (s *Server) cypherLines(c *call, request api.Request) error {
	lines := newLines(c.response)
	defer lines.close()
	summary, err := s.service.Cypher(c.context, request, lines)
	switch {
	case err == nil:
		return lines.finish(summary)
	case !lines.begun():
		return err
	}
	return lines.fail(problemOf(s.refusalOf(c.echo, err), c.requestID))
}
