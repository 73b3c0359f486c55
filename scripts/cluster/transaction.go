package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// stepPatience bounds one step of a transaction.
const stepPatience = 5 * time.Second

// TxSpec is the body of POST /tx.
type TxSpec struct {
	Database   string `json:"database,omitempty"`
	AccessMode string `json:"access_mode,omitempty"`
	TimeoutMs  int    `json:"timeout_ms,omitempty"`
}

// Tx is one transaction of several statements. Each step may go to another node.
type Tx struct {
	ID string
	k  *Client
}

// Begin begins a transaction; nil where it was refused or no answer came: the answer or the error tells.
func (k *Client) Begin(ctx context.Context, n *Node, spec TxSpec) (*Tx, *Answer, error) {
	answer, _, err := k.step(ctx, http.MethodPost, n, "/tx", spec)
	if err != nil || answer.Problem != nil {
		return nil, answer, err
	}
	tx := &Tx{k: k}
	if err := json.Unmarshal(answer.Body, tx); err != nil || tx.ID == "" {
		return nil, answer, fmt.Errorf("%s: begin: %.200s", n.Name, answer.Body)
	}
	return tx, answer, nil
}

// Run runs a statement.
func (t *Tx) Run(ctx context.Context, n *Node, q Query) (*Answer, Outcome, error) {
	return t.k.step(ctx, http.MethodPost, n, "/tx/"+t.ID, q)
}

// Commit commits; it may be sent again.
func (t *Tx) Commit(ctx context.Context, n *Node) (*Answer, Outcome, error) {
	return t.k.step(ctx, http.MethodPost, n, "/tx/"+t.ID+"/commit", nil)
}

// Rollback gives it up.
func (t *Tx) Rollback(ctx context.Context, n *Node) (*Answer, Outcome, error) {
	return t.k.step(ctx, http.MethodDelete, n, "/tx/"+t.ID, nil)
}

// step sends one request of a transaction's. The outcome holds with and without a whole answer.
func (k *Client) step(ctx context.Context, method string, n *Node, path string, in any) (*Answer, Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, stepPatience)
	defer cancel()
	var body []byte
	header := http.Header{}
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return nil, Refused, fmt.Errorf("encode a step: %w", err)
		}
		header.Set("Content-Type", "application/json")
	}
	status, content, err := k.send(ctx, method, n, path, header, body)
	if err != nil {
		return nil, outcomeOf(err), err
	}
	return answerOf(n, status, content)
}

// answerOf reads a whole answer.
func answerOf(n *Node, status int, content []byte) (*Answer, Outcome, error) {
	answer := &Answer{Body: content}
	if status < 300 {
		if len(content) > 0 {
			if err := json.Unmarshal(content, answer); err != nil {
				return nil, Unknown, fmt.Errorf("decode an answer of %s: %w: %.200s", n.Name, err, content)
			}
		}
		return answer, Done, nil
	}
	answer.Problem = problemOf(status, content)
	if answer.Problem.Code == "UNKNOWN_OUTCOME" || answer.Problem.Code == "INTERNAL" {
		return answer, Unknown, nil
	}
	return answer, Refused, nil
}
