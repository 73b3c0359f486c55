package rest

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/api/rest/body"
)

// internalDetail is all that a client learns of an internal error.
const internalDetail = "something went wrong inside; the request id names it in this node's log"

// problem is a refusal as RFC 9457 writes it, with INTERFACE's own members.
type problem struct {
	Type              string           `json:"type"`
	Title             string           `json:"title"`
	Status            int              `json:"status"`
	Detail            string           `json:"detail"`
	Instance          string           `json:"instance"`
	Code              api.Code         `json:"code"`
	Error             *problemCypher   `json:"error,omitempty"`
	Position          *problemPosition `json:"position,omitempty"`
	Hint              string           `json:"hint,omitempty"`
	RetryAfterSeconds int              `json:"retry_after_seconds,omitempty"`
	Quota             string           `json:"quota,omitempty"`
	Limit             *uint64          `json:"limit,omitempty"`
	Used              *uint64          `json:"used,omitempty"`
	ResetsAt          *string          `json:"resets_at,omitempty"`
	Function          string           `json:"function,omitempty"`
}

type problemCypher struct {
	Type   string `json:"type"`
	Phase  string `json:"phase"`
	Detail string `json:"detail"`
}

type problemPosition struct {
	Line   int `json:"line"`
	Column int `json:"column"`
	Offset int `json:"offset"`
}

// refusalOf makes the one kind of error that is answered of whatever a request met at this door. The service's own
// errors have their code already.
func (s *Server) refusalOf(c echo.Context, err error) *api.Error {
	var (
		refusal  *api.Error
		tooLarge *body.TooLargeError
		fault    *body.Fault
		reading  *http.MaxBytesError
	)
	switch {
	case errors.As(err, &refusal):
		return refusal
	case errors.As(err, &tooLarge):
		return api.Refuse(api.CodePayloadTooLarge, "%s", tooLarge.Error())
	case errors.As(err, &reading):
		return api.Refuse(api.CodePayloadTooLarge, "%s", reading.Error())
	case errors.As(err, &fault):
		return api.Refuse(api.CodeBadRequest, "%s", fault.Detail)
	case errors.Is(err, body.ErrEncoding):
		return api.Refuse(api.CodeBadRequest, "%s", err.Error())
	case errors.Is(err, echo.ErrNotFound):
		return api.Refuse(api.CodeNotFound, "There is nothing at this path")
	case errors.Is(err, echo.ErrMethodNotAllowed):
		methods := s.allowed(c.Path())
		c.Response().Header().Set("Allow", methods)
		return api.Refuse(api.CodeMethodNotAllowed, "This path takes %s", methods)
	case c.Request().Context().Err() != nil:
		return api.Refuse(api.CodeBadRequest, "The request was not read to its end")
	}
	s.logger.Error("internal error", "request_id", c.Get(keyRequestID), "error", err)
	return api.Refuse(api.CodeInternal, "%s", internalDetail)
}

// problemOf writes a refusal down.
func problemOf(e *api.Error, requestID string) problem {
	traits := e.Traits()
	p := problem{
		Type:     "urn:nexus:problem:" + strings.ReplaceAll(strings.ToLower(string(e.Code)), "_", "-"),
		Title:    traits.Title,
		Status:   traits.Status,
		Detail:   e.Detail,
		Instance: "urn:nexus:request:" + requestID,
		Code:     e.Code,
		Hint:     e.Hint,
		Quota:    e.Quota,
		Function: e.Function,
	}
	if wait := e.RetryAfter(); wait > 0 {
		p.RetryAfterSeconds = int((wait + time.Second - 1) / time.Second)
	}
	if e.Quota != "" {
		p.Limit, p.Used, p.ResetsAt = &e.Limit, &e.Used, timestamp(e.ResetsAtMs)
	}
	if e.Position != nil {
		p.Position = &problemPosition{e.Position.Line, e.Position.Column, e.Position.Offset}
	}
	if e.Cypher != nil {
		p.Error = &problemCypher{e.Cypher.Type, e.Cypher.Phase, e.Cypher.Detail}
	}
	return p
}

// refuse answers an error. An answer that has begun cannot be taken back: its connection is broken, so that nobody takes
// it for whole.
func (s *Server) refuse(c echo.Context, err error) {
	actOf(c).refused = s.refusalOf(c, err)
	if c.Response().Committed {
		s.logger.Info("an answer was cut off", "request_id", c.Get(keyRequestID), "error", err)
		panic(http.ErrAbortHandler)
	}
	refusal := actOf(c).refused
	requestID, _ := c.Get(keyRequestID).(string)
	if refusal.Code == api.CodeInternal {
		s.logger.Error("answered INTERNAL", "request_id", requestID, "error", errors.Unwrap(refusal))
	}
	p := problemOf(refusal, requestID)
	header := c.Response().Header()
	if p.RetryAfterSeconds > 0 {
		header.Set("Retry-After", strconv.Itoa(p.RetryAfterSeconds))
	}
	if p.Status == http.StatusUnauthorized {
		header.Set("WWW-Authenticate", `Bearer realm="nexus"`)
	}
	if err := writeJSON(c.Response(), p.Status, "application/problem+json", p); err != nil {
		s.logger.Debug("a refusal was not delivered", "request_id", requestID, "error", err)
	}
}
