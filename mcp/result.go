package mcp

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/scripts/planted"
)

// result is a tool's answer: one JSON object.
type result []byte

// resultOf encodes a tool's answer.
func resultOf(v any) (result, error) {
	encoded, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode a tool's answer: %w", err)
	}
	return encoded, nil
}

// answer is the result as data of a call: structured, and the same as text for clients that read only that.
func (r result) answer() *mcp.CallToolResult {
	quiet := quieted(r)
	return &mcp.CallToolResult{
		StructuredContent: json.RawMessage(quiet),
		Content:           []mcp.Content{&mcp.TextContent{Text: string(quiet)}},
	}
}

// refusal is an error as a tool's answer: what is wrong, where, and what may help.
func refusal(err error) *mcp.CallToolResult {
	return &mcp.CallToolResult{IsError: true, Content: []mcp.Content{&mcp.TextContent{Text: quietedText(refusalText(err))}}}
}

// maxRefusal bounds the text of a refusal, in bytes.
const maxRefusal = 4 << 10

// refusedAs is an error as the service's own; what has no code is INTERNAL, told without details.
func refusedAs(err error) *api.Error {
	var e *api.Error
	if !errors.As(err, &e) {
		return api.Refuse(api.CodeInternal, "something went wrong inside")
	}
	return e
}

func refusalText(err error) string {
	e := refusedAs(err)
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", e.Code, e.Detail)
	if e.Position != nil {
		fmt.Fprintf(&b, " (line %d, column %d)", e.Position.Line, e.Position.Column)
	}
	if e.Hint != "" {
		fmt.Fprintf(&b, "\nhint: %s", e.Hint)
	}
	if after := e.RetryAfter(); after > 0 {
		fmt.Fprintf(&b, "\nit did not happen; try again after %v", after)
	}
	if b.Len() > maxRefusal {
		return strings.ToValidUTF8(b.String()[:maxRefusal], "") + " …"
	}
	return b.String()
}

// loud tells of a character that a terminal or a reader may obey instead of show: controls, and marks that turn the
// direction of text or hide it.
func loud(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029'
}

// quieted is a JSON text with every such character escaped. Outside of strings JSON has none but blanks.
func quieted(text []byte) []byte {
	first := -1
	for i, r := range string(text) {
		if loud(r) {
			first = i
			break
		}
	}
	if first < 0 || planted.On("mcp-loud-answers") {
		return text
	}
	out := append(make([]byte, 0, len(text)+64), text[:first]...)
	for _, r := range string(text[first:]) {
		out = appendQuiet(out, r)
	}
	return out
}

func quietedText(text string) string { return string(quieted([]byte(text))) }

func appendQuiet(out []byte, r rune) []byte {
	switch {
	case !loud(r):
		return utf8.AppendRune(out, r)
	case r > 0xffff:
		r -= 0x10000
		return fmt.Appendf(out, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
	}
	return fmt.Appendf(out, `\u%04x`, r)
}

// rawJSON is JSON that is already written.
func rawJSON(text []byte) json.RawMessage { return text }

// orEmpty is never null in JSON.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
