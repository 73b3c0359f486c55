package rest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/hivellm/nexus/api"
	encode "github.com/hivellm/nexus/api/answer"
)

const (
	// lineBytes is how much of rows is gathered before it is flushed.
	lineBytes = 32 << 10
	// linePatience is how long a row waits for others before it is flushed without them.
	linePatience = 20 * time.Millisecond
)

// lines is the sink of an NDJSON answer: the columns, a line a row, then a summary or an error. The columns wait for the
// first row or the end, so that an error before it is an ordinary HTTP error.
type lines struct {
	response *echo.Response
	control  *http.ResponseController

	mu      sync.Mutex // guards all below: a timer flushes beside the query
	buffer  []byte
	some    bool // there was a row: the status is sent
	columns bool
	count   int64
	waiting *time.Timer // armed while rows wait
	failed  error       // of a flush by the timer
	closed  bool
}

func newLines(response *echo.Response) *lines {
	return &lines{response: response, control: http.NewResponseController(response), buffer: make([]byte, 0, 4<<10)}
}

// close stops the timer; nothing is written after it.
func (l *lines) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.waiting != nil {
		l.waiting.Stop()
	}
}

// begun tells whether the status is sent already.
func (l *lines) begun() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.some
}

// Columns implements api.Sink.
func (l *lines) Columns(names []string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.columns = true
	l.buffer = append(l.buffer, `{"columns":`...)
	l.buffer = encode.AppendTexts(l.buffer, names)
	l.buffer = append(l.buffer, "}\n"...)
	return nil
}

// Row implements api.Sink.
func (l *lines) Row(encoded []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed != nil {
		return l.failed
	}
	l.count++
	first := !l.some
	l.begin()
	l.buffer = append(l.buffer, encoded...)
	l.buffer = append(l.buffer, '\n')
	if first || len(l.buffer) >= lineBytes {
		return l.flush()
	}
	if l.waiting == nil {
		l.waiting = time.AfterFunc(linePatience, l.late)
	}
	return nil
}

// late flushes rows that have waited long enough.
func (l *lines) late() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.waiting == nil {
		return
	}
	if err := l.flush(); err != nil {
		l.failed = err
	}
}

// begin sends the status. Needs mu.
func (l *lines) begin() {
	if l.some {
		return
	}
	l.some = true
	l.response.Header().Set(echo.HeaderContentType, mediaLines)
	l.response.WriteHeader(http.StatusOK)
}

// flush sends what is gathered. Needs mu.
func (l *lines) flush() error {
	if l.waiting != nil {
		l.waiting.Stop()
		l.waiting = nil
	}
	_ = l.control.SetWriteDeadline(time.Now().Add(deliveryTimeout)) // a recorder of a test has no deadlines
	if _, err := l.response.Write(l.buffer); err != nil {
		return undelivered(err)
	}
	l.buffer = l.buffer[:0]
	return undelivered(l.control.Flush())
}

// finish ends a good answer.
func (l *lines) finish(summary api.Summary) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.columns {
		l.buffer = append(l.buffer, "{\"columns\":[]}\n"...)
	}
	l.begin()
	l.buffer = append(l.buffer, `{"summary":{`...)
	l.buffer = appendSummary(l.buffer, summary)
	l.buffer = append(l.buffer, "}}\n"...)
	return l.flush()
}

// fail ends an answer that has begun with the error as its last line.
func (l *lines) fail(p problem) error {
	encoded, err := json.Marshal(map[string]problem{"error": p})
	if err != nil {
		return fmt.Errorf("encode an error: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buffer = append(l.buffer, encoded...)
	l.buffer = append(l.buffer, '\n')
	return l.flush()
}
