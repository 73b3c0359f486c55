package load

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"
)

const (
	// answerTimeout bounds one exchange.
	answerTimeout = 30 * time.Second
	// firstBuffer is the first size of a connection's buffer, maxAnswer its bound.
	firstBuffer = 8 << 10
	maxAnswer   = 16 << 20
)

// errAnswer says that what came is not an answer this package reads.
var errAnswer = errors.New("not an HTTP/1.1 answer with a Content-Length")

// Conn is one kept connection. It is used by one goroutine.
type Conn struct {
	net    net.Conn
	buffer []byte
}

// Dial connects to host:port.
func Dial(address string) (*Conn, error) {
	c, err := net.DialTimeout("tcp", address, answerTimeout)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	return &Conn{net: c, buffer: make([]byte, firstBuffer)}, nil
}

// Close ends the connection.
func (c *Conn) Close() error { return c.net.Close() }

// Exchange sends a request and reads its answer. The body is valid until the next call.
func (c *Conn) Exchange(request []byte) (status int, body []byte, err error) {
	if _, err := c.net.Write(request); err != nil {
		return 0, nil, fmt.Errorf("send: %w", err)
	}
	have, head, length := 0, 0, -1
	for length < 0 || have < head+length {
		if have == len(c.buffer) {
			if len(c.buffer) >= maxAnswer {
				return 0, nil, errAnswer
			}
			c.buffer = append(c.buffer, make([]byte, len(c.buffer))...)
		}
		n, err := c.net.Read(c.buffer[have:])
		if have += n; err != nil {
			return 0, nil, fmt.Errorf("read: %w", err)
		}
		if length < 0 {
			if head, status, length, err = parseHead(c.buffer[:have]); err != nil {
				return 0, nil, err
			}
		}
	}
	return status, c.buffer[head : head+length], nil
}

var (
	endOfHead     = []byte("\r\n\r\n")
	contentLength = []byte("\r\nContent-Length: ")
)

// parseHead finds the end of the head, the status and the body's length; length is -1 while the head is not whole.
func parseHead(got []byte) (head, status, length int, err error) {
	end := bytes.Index(got, endOfHead)
	if end < 0 {
		return 0, 0, -1, nil
	}
	at := bytes.Index(got[:end+2], contentLength)
	if at < 0 || end < 12 {
		return 0, 0, 0, fmt.Errorf("%w: %.100q", errAnswer, got)
	}
	digits := got[at+len(contentLength):]
	digits = digits[:bytes.IndexByte(digits, '\r')]
	length, err = strconv.Atoi(string(digits))
	if err != nil {
		return 0, 0, 0, fmt.Errorf("%w: %w", errAnswer, err)
	}
	status, err = strconv.Atoi(string(got[9:12]))
	if err != nil {
		return 0, 0, 0, fmt.Errorf("%w: %w", errAnswer, err)
	}
	return end + len(endOfHead), status, length, nil
}
