package mcp

import (
	"bytes"
	"encoding/json"

	"github.com/hivellm/nexus/api"
)

// Bounds of the rows of one answer.
const (
	defaultRows = 100
	maxRows     = 1000
	// maxAnswerBytes bounds the rows' JSON: what a model can read at once is far less.
	maxAnswerBytes = 256 << 10
)

// rows is the sink of a tool's query. It holds the first rows within its bounds. When there are more, a query that only
// reads is ended; one that writes goes on, and its other rows are dropped.
type rows struct {
	limit     int
	ends      bool
	columns   []string
	held      []json.RawMessage
	bytes     int
	truncated bool
}

// Columns implements api.Sink.
func (r *rows) Columns(names []string) error {
	r.columns = names
	return nil
}

// Row implements api.Sink.
func (r *rows) Row(encoded []byte) error {
	quiet := quieted(encoded)
	if r.truncated || len(r.held) >= r.limit || r.bytes+len(quiet) > maxAnswerBytes {
		r.truncated = true
		if r.ends {
			return &api.EnoughError{Rows: uint64(len(r.held))}
		}
		return nil
	}
	r.bytes += len(quiet)
	r.held = append(r.held, bytes.Clone(quiet))
	return nil
}

// answered is what a query gave.
type answered struct {
	rows
	summary api.Summary
}

// end is how every answer of a query ends.
type end struct {
	Truncated bool              `json:"truncated"`
	More      string            `json:"more,omitempty"`
	Stats     map[string]uint64 `json:"stats,omitempty"`
	Bookmark  string            `json:"bookmark,omitempty"`
}

const (
	moreByPage   = "there are more rows than are shown: raise limit (at most 1000), page with SKIP and LIMIT after an ORDER BY, or narrow the query"
	moreOfWrite  = "the write was done whole, but it answered more rows than are shown"
	moreTooLarge = "the first row alone is larger than an answer may be: return fewer properties, or a part of the value"
)

// end tells of truncation, of what was changed (only what is not 0), and the bookmark.
func (a *answered) end() end {
	e := end{Truncated: a.truncated, Bookmark: a.summary.Bookmark}
	switch {
	case !a.truncated:
	case len(a.held) == 0 && a.limit > 0:
		e.More = moreTooLarge
	case a.ends:
		e.More = moreByPage
	default:
		e.More = moreOfWrite
	}
	for _, field := range api.StatFields {
		if n := field.Of(&a.summary.Stats); n > 0 {
			if e.Stats == nil {
				e.Stats = map[string]uint64{}
			}
			e.Stats[field.Name] = n
		}
	}
	return e
}

// cells decodes the rows into their cells.
func (a *answered) cells() ([][]json.RawMessage, error) {
	list := make([][]json.RawMessage, len(a.held))
	for i, row := range a.held {
		if err := json.Unmarshal(row, &list[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// first decodes the first column of each row.
func (a *answered) first() ([]json.RawMessage, error) {
	cells, err := a.cells()
	if err != nil {
		return nil, err
	}
	list := make([]json.RawMessage, 0, len(cells))
	for _, row := range cells {
		list = append(list, row[0])
	}
	return list, nil
}
