package mcp

import (
	"slices"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/hivellm/nexus/scripts/planted"
	"github.com/hivellm/nexus/tenancy"
)

// tool is one row of the table. Nothing is served that is not in it.
type tool struct {
	// function is what a caller needs, and nothing else; its name is the tool's.
	function tenancy.Function
	title    string
	about    string
	hints    hints
	fields   []field
	// run does the work. Its errors are the tool's answer: the model reads them and mends its call.
	run func(*work, arguments) (result, error)
}

// hints are what a client may tell its user before a call.
type hints struct{ reads, destroys, idempotent bool }

var (
	reading   = hints{reads: true, idempotent: true}
	adding    = hints{}
	merging   = hints{idempotent: true}
	changing  = hints{destroys: true}
	replacing = hints{destroys: true, idempotent: true}
	removing  = replacing
)

func (t *tool) name() string { return t.function.Tool() }

// described is the row as a client sees it: constants only.
func (t *tool) described() *mcp.Tool {
	closed := false
	return &mcp.Tool{
		Name: t.name(), Title: t.title, Description: t.about,
		InputSchema:  object(t.fields...).schema(),
		OutputSchema: map[string]any{"type": "object"},
		Annotations: &mcp.ToolAnnotations{
			Title: t.title, ReadOnlyHint: t.hints.reads, DestructiveHint: &t.hints.destroys, IdempotentHint: t.hints.idempotent, OpenWorldHint: &closed,
		},
	}
}

// lookup finds a row by the tool's name.
func lookup(name string) (*tool, bool) {
	i := slices.IndexFunc(table, func(t tool) bool { return t.name() == name })
	if i < 0 {
		return nil, false
	}
	return &table[i], true
}

// may tells whether a caller may know of the tool.
func (t *tool) may(p tenancy.Principal) bool {
	return p.Allows(t.function) || planted.On("mcp-tool-not-hidden")
}
