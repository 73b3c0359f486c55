package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/hivellm/nexus/graph/value"
)

// Outcome is how what was asked for ended.
type Outcome string

// The outcomes.
const (
	// OK: it was done.
	OK Outcome = "ok"
	// Denied: the credential, a permission, the tenant's status, a rate or a quota stood against it.
	Denied Outcome = "denied"
	// Failed: it was let in and did not succeed.
	Failed Outcome = "failed"
)

// Record is one act or denial. Texts are cut at maxText bytes. It has no place for parameters, property values or
// secrets.
type Record struct {
	Time time.Time
	// TenantID and KeyID are "" where there is none: an operator has no tenant, an unknown key no id.
	TenantID, KeyID string
	// Function is the name of the function that was asked for.
	Function string
	Outcome  Outcome
	// Code is the code of the refusal or error, "" for OK.
	Code string
	// Object is what an administrative act was about: the id of a tenant, key or node, the name of a database.
	Object string
	// Rows counts what a query answered; negative leaves it out.
	Rows      int64
	Duration  time.Duration
	RequestID string
}

// Entry is a record in its place in the chain.
type Entry struct {
	Record
	Seq        uint64
	Node       string
	Prev, Hash string
}

// Head names the last line of a chain.
type Head struct {
	Seq  uint64
	Hash string
}

const (
	// maxText bounds each text of a record.
	maxText = 256
	// hashHex is the length of a hash in the file.
	hashHex = 2 * sha256.Size
	// hashKey stands before a line's hash, lineEnd behind it.
	hashKey = `,"hash":"`
	lineEnd = `"}`
	// sealBytes is how much of a line its hash does not cover.
	sealBytes = len(hashKey) + hashHex + len(lineEnd)
	// maxLine bounds a whole line: every text may be escaped to six times its length.
	maxLine = 16 << 10
	// timeFormat has milliseconds, in UTC.
	timeFormat = "2006-01-02T15:04:05.000Z"
)

// genesis is what the first line of a node is chained to.
func genesis(nodeID string) string {
	sum := sha256.Sum256([]byte("nexus audit 1\x00" + nodeID))
	return hex.EncodeToString(sum[:])
}

// appendLine appends a record as a line without its newline, and returns its hash.
func appendLine(dst []byte, r *Record, node string, seq uint64, prev string) (line []byte, hash string) {
	start := len(dst)
	dst = append(dst, `{"seq":`...)
	dst = strconv.AppendUint(dst, seq, 10)
	dst = append(dst, `,"prev":"`...)
	dst = append(dst, prev...)
	dst = append(dst, `","time":"`...)
	dst = r.Time.UTC().AppendFormat(dst, timeFormat)
	dst = append(dst, '"')
	dst = appendText(dst, "node", node)
	dst = appendText(dst, "tenant_id", r.TenantID)
	dst = appendText(dst, "key_id", r.KeyID)
	dst = appendText(dst, "function", r.Function)
	dst = appendText(dst, "outcome", string(r.Outcome))
	if r.Code != "" {
		dst = appendText(dst, "code", r.Code)
	}
	if r.Object != "" {
		dst = appendText(dst, "object", r.Object)
	}
	if r.Rows >= 0 {
		dst = append(dst, `,"rows":`...)
		dst = strconv.AppendInt(dst, r.Rows, 10)
	}
	dst = append(dst, `,"duration_ms":`...)
	dst = strconv.AppendInt(dst, r.Duration.Milliseconds(), 10)
	dst = appendText(dst, "request_id", r.RequestID)
	sum := sha256.Sum256(dst[start:])
	dst = append(dst, hashKey...)
	dst = hex.AppendEncode(dst, sum[:])
	hash = string(dst[len(dst)-hashHex:])
	return append(dst, lineEnd...), hash
}

// appendText appends a field whose text may be "": then it is null.
func appendText(dst []byte, name, text string) []byte {
	dst = append(dst, ',', '"')
	dst = append(dst, name...)
	dst = append(dst, '"', ':')
	if text == "" {
		return append(dst, "null"...)
	}
	return value.AppendJSONString(dst, text[:min(len(text), maxText)])
}
