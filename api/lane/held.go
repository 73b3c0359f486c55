package lane

import (
	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/graph/cypher"
	"github.com/hivellm/nexus/graph/value"
)

// held is a cypher.Sink that keeps a write's rows, encoded, until the version they were computed on is made (R9).
type held struct {
	encode func(dst []byte, g *graph.Graph, row []value.Value) ([]byte, error)
	limit  uint64

	columns []string
	buffer  []byte
	ends    []int
}

// Columns implements cypher.Sink.
func (h *held) Columns(names []string) error {
	h.columns = names
	return nil
}

// Row implements cypher.Sink: the row is encoded at once, so nothing of the draft outlives the call.
func (h *held) Row(g *graph.Graph, row []value.Value) error {
	buffer, err := h.encode(h.buffer, g, row)
	if err != nil {
		return err
	}
	h.buffer = buffer
	h.ends = append(h.ends, len(buffer))
	if h.limit > 0 && uint64(len(buffer)) > h.limit {
		return &cypher.LimitError{Limit: "memory", Value: h.limit}
	}
	return nil
}

// rows cuts the buffer into its rows, without copying.
func (h *held) rows() [][]byte {
	rows := make([][]byte, len(h.ends))
	start := 0
	for i, end := range h.ends {
		rows[i] = h.buffer[start:end:end]
		start = end
	}
	return rows
}
