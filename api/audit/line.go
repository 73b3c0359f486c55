package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"
)

// errBroken says that a line is not one that a log wrote.
var errBroken = errors.New("not a line of an audit log, or a line that was changed")

// stored is a line as JSON.
type stored struct {
	Seq        uint64  `json:"seq"`
	Prev       string  `json:"prev"`
	Time       string  `json:"time"`
	Node       string  `json:"node"`
	TenantID   string  `json:"tenant_id"`
	KeyID      string  `json:"key_id"`
	Function   string  `json:"function"`
	Outcome    Outcome `json:"outcome"`
	Code       string  `json:"code"`
	Object     string  `json:"object"`
	Rows       *int64  `json:"rows"`
	DurationMs int64   `json:"duration_ms"`
	RequestID  string  `json:"request_id"`
	Hash       string  `json:"hash"`
}

// parseLine reads a line without its newline and checks its own hash.
func parseLine(line []byte) (Entry, error) {
	body := len(line) - sealBytes
	if body <= 0 || !bytes.HasPrefix(line[body:], []byte(hashKey)) {
		return Entry{}, errBroken
	}
	sum := sha256.Sum256(line[:body])
	var s stored
	if err := json.Unmarshal(line, &s); err != nil || s.Hash != hex.EncodeToString(sum[:]) {
		return Entry{}, errBroken
	}
	at, err := time.Parse(timeFormat, s.Time)
	if err != nil {
		return Entry{}, errBroken
	}
	entry := Entry{
		Record: Record{
			Time: at, TenantID: s.TenantID, KeyID: s.KeyID, Function: s.Function, Outcome: s.Outcome, Code: s.Code,
			Object: s.Object, Rows: -1, Duration: time.Duration(s.DurationMs) * time.Millisecond, RequestID: s.RequestID,
		},
		Seq: s.Seq, Node: s.Node, Prev: s.Prev, Hash: s.Hash,
	}
	if s.Rows != nil {
		entry.Rows = *s.Rows
	}
	return entry, nil
}
