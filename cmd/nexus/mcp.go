package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/spf13/cobra"

	"github.com/hivellm/nexus/cmd/nexus/client"
)

// Bounds of the bridge.
const (
	// maxMessageBytes bounds one message of the program; the server's own bound may be smaller.
	maxMessageBytes = 16 << 20
	// maxMessages bounds the messages under way at once.
	maxMessages = 32
)

func (p *program) mcpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "mcp",
		Short: "Speak MCP on standard input and output, for programs that start their servers",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cluster, err := p.client()
			if err != nil {
				return err
			}
			b := &bridge{cluster: cluster, out: p.out, under: map[string]context.CancelFunc{}}
			return b.run(c.Context(), p.in)
		},
	}
}

// bridge passes each message of a program to the cluster's /mcp, and each answer back. It understands no more of them
// than the headers and the end of a call need.
type bridge struct {
	cluster *client.Client

	writing sync.Mutex // guards out
	out     io.Writer

	mu      sync.Mutex // guards both below
	version string     // that was agreed upon, where the program began with initialize
	under   map[string]context.CancelFunc
}

// message is what the bridge reads of one.
type message struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params struct {
		Name      string          `json:"name"`
		URI       string          `json:"uri"`
		RequestID json.RawMessage `json:"requestId"`
		Meta      struct {
			Version string `json:"io.modelcontextprotocol/protocolVersion"`
		} `json:"_meta"`
	} `json:"params"`
}

// run goes on until the input ends, and then waits for what is under way.
func (b *bridge) run(ctx context.Context, in io.Reader) error {
	var calls sync.WaitGroup
	defer calls.Wait()
	places := make(chan struct{}, maxMessages)
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxMessageBytes)
	for lines.Scan() {
		line := bytes.Clone(bytes.TrimSpace(lines.Bytes()))
		var m message
		switch err := json.Unmarshal(line, &m); {
		case len(line) == 0:
		case err != nil:
			b.fail(json.RawMessage("null"), -32700, "this is not one JSON-RPC message a line")
		case m.Method == "notifications/cancelled":
			b.cancel(m.Params.RequestID)
		case m.Method == "initialize":
			b.pass(ctx, line, &m) // alone: what follows needs its outcome
		case m.Method != "": // an answer is to nothing: the server asks no questions
			places <- struct{}{}
			call, done := b.begin(ctx, m.ID)
			calls.Go(func() {
				defer func() { done(); <-places }()
				b.pass(call, line, &m)
			})
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read standard input: %w", err)
	}
	return nil
}

// begin notes a call, so that it can be cancelled.
func (b *bridge) begin(ctx context.Context, id json.RawMessage) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	if id == nil {
		return ctx, cancel
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.under[string(id)] = cancel
	return ctx, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.under, string(id))
		cancel()
	}
}

func (b *bridge) cancel(id json.RawMessage) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if cancel, found := b.under[string(id)]; found {
		cancel()
	}
}

// pass sends one message and writes its answer.
func (b *bridge) pass(ctx context.Context, line []byte, m *message) {
	answer, err := b.cluster.Do(ctx, http.MethodPost, "/mcp", client.Message{Body: line, Header: b.header(m)})
	var problem *client.Problem
	switch {
	case m.ID == nil || ctx.Err() != nil: // nobody waits
	case errors.As(err, &problem) && speaksRPC(problem.Raw):
		b.write(problem.Raw)
	case err != nil:
		b.fail(m.ID, -32603, err.Error())
	default:
		if m.Method == "initialize" {
			b.agree(answer)
		}
		b.write(answer)
	}
}

// header is what the protocol repeats of a message above it.
func (b *bridge) header(m *message) http.Header {
	h := http.Header{"Accept": {"application/json, text/event-stream"}, "Mcp-Method": {m.Method}}
	b.mu.Lock()
	version := b.version
	b.mu.Unlock()
	if m.Params.Meta.Version != "" {
		version = m.Params.Meta.Version
	}
	if version != "" {
		h.Set("Mcp-Protocol-Version", version)
	}
	switch m.Method {
	case "tools/call", "prompts/get":
		h.Set("Mcp-Name", m.Params.Name)
	case "resources/read":
		h.Set("Mcp-Name", m.Params.URI)
	}
	return h
}

// agree keeps the version that initialize was answered with.
func (b *bridge) agree(answer []byte) {
	var a struct {
		Result struct {
			ProtocolVersion string `json:"protocolVersion"`
		} `json:"result"`
	}
	if json.Unmarshal(answer, &a) == nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.version = a.Result.ProtocolVersion
	}
}

// speaksRPC tells whether a refusal is an answer of the protocol itself.
func speaksRPC(raw []byte) bool {
	var a struct {
		Version string `json:"jsonrpc"`
	}
	return json.Unmarshal(raw, &a) == nil && a.Version != ""
}

func (b *bridge) fail(id json.RawMessage, code int, text string) {
	type fault struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
	encoded, err := json.Marshal(struct {
		Version string          `json:"jsonrpc"`
		ID      json.RawMessage `json:"id"`
		Error   fault           `json:"error"`
	}{"2.0", id, fault{code, text}})
	if err == nil { // an id that was read can be written
		b.write(encoded)
	}
}

// write writes one line. A program that does not read any more ends its input, and the bridge with it.
func (b *bridge) write(answer []byte) {
	var line bytes.Buffer
	if json.Compact(&line, answer) != nil {
		return
	}
	line.WriteByte('\n')
	b.writing.Lock()
	defer b.writing.Unlock()
	_, _ = b.out.Write(line.Bytes())
}
