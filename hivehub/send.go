package hivehub

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// request is one call with what goes into it.
type request struct {
	call        call
	path        string
	query       url.Values
	body        any
	idempotency string
}

// ask sends a request and reads its answer.
func (c *Client) ask(ctx context.Context, r request, into any) error {
	data, err := c.do(ctx, r)
	if err != nil {
		return err
	}
	if err := decodeOne(data, into); err != nil {
		return broken(r.call, err.Error())
	}
	return nil
}

// do sends a request, as often as it takes, and gives the body of a 2xx answer.
func (c *Client) do(ctx context.Context, r request) ([]byte, error) {
	if err := c.hold(); err != nil {
		return nil, &CallError{Call: r.call.String(), Kind: ErrClosed}
	}
	defer c.release()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(c.life, func() { cancel(ErrClosed) })()

	var body []byte
	if r.body != nil {
		var err error
		if body, err = json.Marshal(r.body); err != nil {
			return nil, invalid(r.call, err)
		}
		if len(body) > MaxBody {
			return nil, invalid(r.call, fmt.Errorf("a body of %d bytes; at most %d are sent", len(body), MaxBody))
		}
	}
	target := c.base.String() + r.path
	if len(r.query) > 0 {
		target += "?" + r.query.Encode()
	}
	header := c.header(r)
	return c.attempts.run(ctx, r.call, func(ctx context.Context) ([]byte, error) {
		return c.try(ctx, r.call, target, header, body)
	})
}

func (c *Client) header(r request) http.Header {
	header := http.Header{
		"Authorization":  {"Bearer " + c.key.Reveal()},
		"X-Service-Name": {serviceName},
		"Accept":         {"application/json"},
		"Cache-Control":  {"no-store"},
		"Traceparent":    {newTrace()},
	}
	if r.body != nil {
		header.Set("Content-Type", "application/json")
		header.Set("Idempotency-Key", r.idempotency)
	}
	return header
}

// newTrace begins a trace for one call: all its tries are of it.
func newTrace() string {
	var random [24]byte
	_, _ = rand.Read(random[:]) // it never fails
	return "00-" + hex.EncodeToString(random[:16]) + "-" + hex.EncodeToString(random[16:]) + "-01"
}

// try sends a request once. Its error is a *CallError.
func (c *Client) try(ctx context.Context, what call, target string, header http.Header, body []byte) (data []byte, err error) {
	c.counters[what].tries.Add(1)
	defer func() {
		if err != nil {
			c.counters[what].failures.Add(1)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(body)
	}
	sent, err := http.NewRequestWithContext(ctx, what.method(), target, reader)
	if err != nil {
		return nil, invalid(what, err)
	}
	sent.Header = header
	answer, err := c.http.Do(sent)
	if err != nil {
		return nil, cut(what, err)
	}
	defer answer.Body.Close() // read as far as it matters: its error changes nothing
	data, err = io.ReadAll(io.LimitReader(answer.Body, MaxBody+1))
	if err != nil {
		return nil, cut(what, err)
	}
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return nil, refused(what, answer.StatusCode, data)
	}
	if len(data) > MaxBody {
		return nil, broken(what, fmt.Sprintf("the answer is longer than %d bytes", MaxBody))
	}
	return data, nil
}

// cut is the error of an answer that did not come, or not whole. The address is left out: what matters is the call.
func cut(what call, err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return &CallError{Call: what.String(), Kind: ErrHTTP, Cause: err}
}

// refused is the error of an answer that is not 2xx.
func refused(what call, status int, data []byte) error {
	var body struct {
		Error string `json:"error"`
	}
	message := ""
	if json.Unmarshal(data, &body) == nil {
		message = clip(body.Error)
	}
	return &CallError{Call: what.String(), Status: status, Message: message, Kind: kindOfStatus(status)}
}
