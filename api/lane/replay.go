package lane

import (
	"errors"
	"fmt"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/graph/cypher"
	"github.com/hivellm/nexus/scripts/planted"
)

// Bounds of one write: its operations, and their bytes (R7).
const (
	MaxOperations   = 50_000
	MaxCommandBytes = fsm.MaxCommandBytes - 64<<10 // a command holds more than its operations
)

const (
	maxKeptRows  = 16 << 10 // of what is kept under a client's key (R10)
	roundTimeout = 5 * time.Second
)

// replay looks the client's key up before the job runs: a record is the answer.
func (l *lane) replay(m *member) bool {
	kept := m.ticket.job.Kept
	if kept == nil || planted.On("kept-lookup-off") {
		return false
	}
	record, ok := l.set.config.Machine.Kept(l.place.Tenant, kept.Key)
	if !ok {
		return false
	}
	m.after = nil
	if record.Hash != kept.Hash {
		m.err = fsm.ErrIdempotencyMismatch
		return true
	}
	m.result, m.err = replayed(record)
	return true
}

// Replay looks for a finished write under a client's key, for a request whose own attempt is over.
func Replay(machine *fsm.Machine, place Place, kept *fsm.Kept) (Result, bool, error) {
	record, ok := machine.Kept(place.Tenant, kept.Key)
	switch {
	case !ok:
		return Result{}, false, nil
	case record.Hash != kept.Hash:
		return Result{}, true, fsm.ErrIdempotencyMismatch
	}
	result, err := replayed(record)
	return result, true, err
}

// keptAnswer is what is remembered of an answer beside its stats: its columns and rows.
type keptAnswer struct {
	Columns []string
	Rows    [][]byte
}

// keptRows encodes an answer for its record; nil where it is larger than a record may keep.
func keptRows(result Result) []byte {
	size := 0
	for _, row := range result.Rows {
		size += len(row)
	}
	if size > maxKeptRows {
		return nil
	}
	encoded, err := msgpack.Marshal(&keptAnswer{Columns: result.Columns, Rows: result.Rows})
	if err != nil || len(encoded) > maxKeptRows {
		return nil
	}
	return encoded
}

func replayed(record *fsm.KeptRecord) (Result, error) {
	result := Result{Replayed: true, Index: record.Index}
	if len(record.Refusal) > 0 {
		return result, decodeRefusal(record.Refusal)
	}
	if record.Err != nil {
		return result, record.Err
	}
	summary, err := DecodeSummary(record.Stats)
	if err != nil {
		return result, err
	}
	result.Summary = summary
	if len(record.Rows) == 0 {
		return result, nil
	}
	var answer keptAnswer
	if err := msgpack.Unmarshal(record.Rows, &answer); err != nil {
		return result, fmt.Errorf("decode a kept answer: %w", err)
	}
	result.Columns, result.Rows = answer.Columns, answer.Rows
	return result, nil
}

// isRefusal tells whether an error is an answer of the graph itself that a key must remember: a constraint's.
func isRefusal(err error) bool {
	var e *cypher.Error
	return errors.As(err, &e) && e.Type == cypher.ConstraintValidationFailed
}

func encodeRefusal(err error) []byte {
	var e *cypher.Error
	errors.As(err, &e)
	encoded, _ := msgpack.Marshal(e) // a struct of strings and integers: encoding cannot fail
	return encoded
}

func decodeRefusal(encoded []byte) error {
	var e cypher.Error
	if err := msgpack.Unmarshal(encoded, &e); err != nil {
		return fmt.Errorf("decode a kept refusal: %w", err)
	}
	return &e
}

func encodeSummary(s cypher.Summary) []byte {
	encoded, _ := msgpack.Marshal(&s) // as above
	return encoded
}

// DecodeSummary reads the summary that a command carries for those who only saw it applied.
func DecodeSummary(encoded []byte) (cypher.Summary, error) {
	var s cypher.Summary
	if len(encoded) == 0 {
		return s, nil
	}
	if err := msgpack.Unmarshal(encoded, &s); err != nil {
		return s, fmt.Errorf("decode a summary: %w", err)
	}
	return s, nil
}
