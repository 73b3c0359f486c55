package body

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// TooLargeError says that a body is beyond the bound. Nothing of it was parsed.
type TooLargeError struct{ MaxBytes int64 }

// Error implements error.
func (e *TooLargeError) Error() string {
	return fmt.Sprintf("the body is larger than %d bytes", e.MaxBytes)
}

// ErrEncoding says that a body is compressed.
var ErrEncoding = errors.New("a body with a Content-Encoding is not supported: send it as it is")

const (
	// firstBytes is what is set aside for a body of unknown length.
	firstBytes = 4 << 10
	// keptBytes is the largest buffer that is kept for the next request.
	keptBytes = 1 << 20
)

var buffers = sync.Pool{New: func() any { return new([]byte) }}

// Read reads a whole body of at most maxBytes. The bytes are valid until release, which must be called once. Errors:
// a [*TooLargeError], [ErrEncoding], or the connection's.
func Read(r *http.Request, maxBytes int64) (data []byte, release func(), err error) {
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return nil, nil, ErrEncoding
	}
	if r.ContentLength > maxBytes {
		return nil, nil, &TooLargeError{maxBytes}
	}
	held := buffers.Get().(*[]byte)
	release = func() {
		if cap(*held) <= keptBytes {
			buffers.Put(held)
		}
	}
	*held, err = readInto((*held)[:0], r, maxBytes)
	if err != nil {
		release()
		return nil, nil, err
	}
	return *held, release, nil
}

func readInto(buffer []byte, r *http.Request, maxBytes int64) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return buffer, nil
	}
	if cap(buffer) == 0 {
		buffer = make([]byte, 0, firstBytes)
	}
	limited := io.LimitReader(r.Body, maxBytes+1)
	for {
		if len(buffer) == cap(buffer) {
			buffer = append(buffer, 0)[:len(buffer)]
		}
		n, err := limited.Read(buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+n]
		if int64(len(buffer)) > maxBytes {
			return buffer, &TooLargeError{maxBytes}
		}
		if err == io.EOF {
			return buffer, nil
		}
		if err != nil {
			return buffer, fmt.Errorf("read the body: %w", err)
		}
	}
}
