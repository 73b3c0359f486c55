package rest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/hivellm/nexus/api/rest/body"
)

// writeJSON sends a small answer whole.
func writeJSON(w http.ResponseWriter, status int, mediaType string, answer any) error {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(answer); err != nil {
		return fmt.Errorf("encode an answer: %w", err)
	}
	w.Header().Set(echo.HeaderContentType, mediaType)
	w.Header().Set(echo.HeaderContentLength, strconv.Itoa(out.Len()))
	w.WriteHeader(status)
	_, err := w.Write(out.Bytes())
	return err
}

// answer sends a call's answer.
func (c *call) answer(status int, answer any) error {
	return writeJSON(c.response, status, echo.MIMEApplicationJSON, answer)
}

// done answers 204.
func (c *call) done() error {
	c.response.WriteHeader(http.StatusNoContent)
	return nil
}

// fields reads the body as an object whose fields read asks for.
func (c *call) fields(read func(*body.Object)) error {
	o, err := body.Parse(c.body)
	return endFields(o, err, read)
}

// optionalFields is fields, but an empty body is an object without fields.
func (c *call) optionalFields(read func(*body.Object)) error {
	o, err := body.ParseOptional(c.body)
	return endFields(o, err, read)
}

func endFields(o *body.Object, err error, read func(*body.Object)) error {
	if err != nil {
		return err
	}
	read(o)
	return o.End()
}

// noBody refuses a body where none is meant.
func (c *call) noBody() error {
	return c.optionalFields(func(*body.Object) {})
}

// timestamp is an instant as answers show it: RFC 3339, UTC, milliseconds; nil for never.
func timestamp(ms int64) *string {
	if ms == 0 {
		return nil
	}
	text := time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z")
	return &text
}

// orNull is a text that may be absent.
func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
