package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// Outcome is what a client knows of a request's effect.
type Outcome int

// The outcomes.
const (
	// Done: answered well.
	Done Outcome = iota
	// Refused: answered that it did not happen.
	Refused
	// Unknown: it may have happened, or may still happen.
	Unknown
)

// Query is a request to /cypher.
type Query struct {
	Text        string         `json:"query"`
	Parameters  map[string]any `json:"parameters,omitempty"`
	Database    string         `json:"database,omitempty"`
	Consistency string         `json:"consistency,omitempty"`
	Bookmark    string         `json:"bookmark,omitempty"`
	TimeoutMs   int            `json:"timeout_ms,omitempty"`
	// Key is the Idempotency-Key header.
	Key string `json:"-"`
}

// Problem is a refusal as INTERFACE promises it.
type Problem struct {
	Code   string `json:"code"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Quota  string `json:"quota"`
	Error  *struct {
		Type, Phase, Detail string
	} `json:"error"`
}

// Answer is what came back of a query. Where Problem is set, nothing else is.
type Answer struct {
	Columns       json.RawMessage `json:"columns"`
	RawRows       json.RawMessage `json:"rows"`
	Stats         json.RawMessage `json:"stats"`
	Notifications json.RawMessage `json:"notifications"`
	Bookmark      string          `json:"bookmark"`
	Node          string          `json:"node"`
	Leader        string          `json:"leader"`
	Consistency   string          `json:"consistency"`
	Replayed      bool            `json:"replayed"`

	Problem *Problem        `json:"-"`
	Body    json.RawMessage `json:"-"` // whole
}

// Rows decodes the rows; integers are json.Number.
func (a *Answer) Rows() ([][]any, error) {
	var rows [][]any
	decoder := json.NewDecoder(bytes.NewReader(a.RawRows))
	decoder.UseNumber()
	if err := decoder.Decode(&rows); err != nil {
		return nil, fmt.Errorf("decode rows: %w", err)
	}
	return rows, nil
}

// Int is the one integer that a query answers.
func (a *Answer) Int() (int64, error) {
	var rows [][]int64
	if err := json.Unmarshal(a.RawRows, &rows); err != nil || len(rows) != 1 || len(rows[0]) != 1 {
		return 0, fmt.Errorf("%s is not one integer (%w)", a.RawRows, errors.Join(err))
	}
	return rows[0][0], nil
}

// Err is the problem as an error, nil when there is none.
func (a *Answer) Err() error {
	if a.Problem == nil {
		return nil
	}
	return fmt.Errorf("%s (%d): %s", a.Problem.Code, a.Problem.Status, a.Problem.Detail)
}

// Client speaks with one key, to any node.
type Client struct {
	key string
	web *http.Client
}

// Client returns a client with a key of its own choice.
func (c *Cluster) Client(key string) *Client { return &Client{key: key, web: c.web} }

// patience is what a client waits beyond a query's own timeout.
const patience = 2 * time.Second

// Cypher runs a query on a node. The error says that no whole answer came; the outcome holds with and without one.
func (k *Client) Cypher(ctx context.Context, n *Node, q Query) (*Answer, Outcome, error) {
	body, err := json.Marshal(q)
	if err != nil {
		return nil, Refused, fmt.Errorf("encode a query: %w", err)
	}
	if q.TimeoutMs > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(q.TimeoutMs)*time.Millisecond+patience)
		defer cancel()
	}
	header := http.Header{"Content-Type": {"application/json"}}
	if q.Key != "" {
		header.Set("Idempotency-Key", q.Key)
	}
	status, content, err := k.send(ctx, http.MethodPost, n, "/cypher", header, body)
	if err != nil {
		return nil, outcomeOf(err), err
	}
	answer := &Answer{Body: content}
	if status == http.StatusOK {
		if err := json.Unmarshal(content, answer); err != nil {
			return nil, Unknown, fmt.Errorf("decode an answer of %s: %w: %.200s", n.Name, err, content)
		}
		return answer, Done, nil
	}
	answer.Problem = problemOf(status, content)
	if answer.Problem.Code == "UNKNOWN_OUTCOME" || answer.Problem.Code == "INTERNAL" {
		return answer, Unknown, nil
	}
	return answer, Refused, nil
}

func problemOf(status int, content []byte) *Problem {
	p := &Problem{}
	if err := json.Unmarshal(content, p); err != nil || p.Code == "" {
		p.Code, p.Detail = "INTERNAL", fmt.Sprintf("not a problem: %.200s", content)
	}
	p.Status = status
	return p
}

// outcomeOf tells what a failed exchange means: a connection that was never made carried nothing.
func outcomeOf(err error) Outcome {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return Refused
	}
	return Unknown
}

func (k *Client) send(ctx context.Context, method string, n *Node, path string, header http.Header, body []byte) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://"+n.HTTP+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if header != nil {
		request.Header = header
	}
	request.Header.Set("Authorization", "Bearer "+k.key)
	request.GetBody = nil // what was sent is never sent again behind our back
	response, err := k.web.Do(request)
	if err != nil {
		return 0, nil, fmt.Errorf("%s: %w", n.Name, err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, nil, fmt.Errorf("%s: read the answer of %s %s: %w", n.Name, method, path, err)
	}
	return response.StatusCode, content, nil
}

// Call sends a request to a route that is not /cypher and decodes a good answer into out (nil: not at all).
func (k *Client) Call(ctx context.Context, method string, n *Node, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return fmt.Errorf("%s %s: %w", method, path, err)
		}
	}
	status, content, err := k.send(ctx, method, n, path, nil, body)
	switch {
	case err != nil:
		return err
	case status >= 300:
		p := problemOf(status, content)
		return fmt.Errorf("%s: %s %s: %s (%d): %s", n.Name, method, path, p.Code, status, p.Detail)
	case out == nil:
		return nil
	}
	if err := json.Unmarshal(content, out); err != nil {
		return fmt.Errorf("%s: decode the answer of %s %s: %w", n.Name, method, path, err)
	}
	return nil
}

// Key is the client's key, for those who write their requests themselves.
func (k *Client) Key() string { return k.key }
