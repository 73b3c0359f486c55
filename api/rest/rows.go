package rest

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/hivellm/nexus/api"
	encode "github.com/hivellm/nexus/api/answer"
)

const (
	// heldBytes is how much of an answer waits before its first byte is sent: until then an error is an ordinary one.
	heldBytes = 8 << 20
	// sentBytes is how much is gathered for one write after that.
	sentBytes = 64 << 10
	// keptBytes is the largest buffer that is kept for the next answer.
	keptBytes = 256 << 10
	// deliveryTimeout is how long a client may take to read what is sent at once.
	deliveryTimeout = 30 * time.Second
)

var answerBuffers = sync.Pool{New: func() any {
	buffer := make([]byte, 0, 4<<10)
	return &buffer
}}

// rows is the sink of a JSON answer. Rows are appended as they come; an answer beyond heldBytes is streamed, and an
// error after that breaks the connection.
type rows struct {
	response *echo.Response
	control  *http.ResponseController
	held     *[]byte // from the pool
	buffer   []byte
	begun    bool // columns are written
	sent     bool // bytes are on their way
	some     bool // there was a row
	count    int64
}

func newRows(response *echo.Response) *rows {
	held := answerBuffers.Get().(*[]byte)
	return &rows{response: response, control: http.NewResponseController(response), held: held, buffer: (*held)[:0]}
}

// release gives the buffer back.
func (r *rows) release() {
	if cap(r.buffer) <= keptBytes {
		*r.held = r.buffer
		answerBuffers.Put(r.held)
	}
}

// Columns implements api.Sink.
func (r *rows) Columns(names []string) error {
	r.begun = true
	r.buffer = append(r.buffer, `{"columns":`...)
	r.buffer = encode.AppendTexts(r.buffer, names)
	r.buffer = append(r.buffer, `,"rows":[`...)
	return nil
}

// Row implements api.Sink.
func (r *rows) Row(encoded []byte) error {
	return r.EndRow(append(r.BeginRow(), encoded...))
}

// BeginRow implements api.DirectSink.
func (r *rows) BeginRow() []byte {
	if r.some {
		return append(r.buffer, ',')
	}
	return r.buffer
}

// EndRow implements api.DirectSink.
func (r *rows) EndRow(buffer []byte) error {
	r.some, r.buffer = true, buffer
	r.count++
	if len(r.buffer) >= heldBytes || r.sent && len(r.buffer) >= sentBytes {
		return r.send()
	}
	return nil
}

// jsonType is the header of every JSON answer of rows; nobody changes it.
var jsonType = []string{echo.MIMEApplicationJSON}

// send writes what is gathered; from then on the answer is chunked.
func (r *rows) send() error {
	if !r.sent {
		r.sent = true
		r.response.Header()[echo.HeaderContentType] = jsonType
		r.response.WriteHeader(http.StatusOK)
	}
	_ = r.control.SetWriteDeadline(time.Now().Add(deliveryTimeout)) // a recorder of a test has no deadlines
	_, err := r.response.Write(r.buffer)
	r.buffer = r.buffer[:0]
	return undelivered(err)
}

// undelivered is the error of a write to a client. The client is gone, and so nobody wants the rest: to the service that
// is a cancelled query, not a fault of its own.
func undelivered(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: the client does not take the answer: %w", context.Canceled, err)
}

// finish ends a good answer.
func (r *rows) finish(summary api.Summary) error {
	if !r.begun {
		if err := r.Columns(nil); err != nil {
			return err
		}
	}
	r.buffer = append(r.buffer, `],`...)
	r.buffer = appendSummary(r.buffer, summary)
	r.buffer = append(r.buffer, "}\n"...)
	if !r.sent {
		r.response.Header().Set(echo.HeaderContentLength, strconv.Itoa(len(r.buffer)))
	}
	return r.send()
}
