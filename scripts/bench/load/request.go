package load

import (
	"bytes"
	"fmt"
	"strconv"
)

// Hole stands in a body where a request's number goes: ten digits, so that the length never changes.
const Hole = "1000000000"

// firstNumber is the number that Hole shows.
const firstNumber = 1_000_000_000

// maxNumber bounds numbers so that they keep ten digits.
const maxNumber = 9_000_000_000

// Request is a whole HTTP/1.1 request. Copies share nothing.
type Request struct {
	text  []byte
	holes []int
}

// NewRequest makes a POST to path. Every [Hole] in body is written over by each use's number.
func NewRequest(host, path, key, body string) Request {
	text := fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		path, host, key, len(body), body)
	r := Request{text: text}
	for from := bytes.Index(text, []byte("\r\n\r\n")); ; {
		at := bytes.Index(text[from:], []byte(Hole))
		if at < 0 {
			return r
		}
		r.holes = append(r.holes, from+at)
		from += at + len(Hole)
	}
}

// Numbered writes a number, counted from 0, over the holes and returns the request's bytes, valid until the next call.
func (r *Request) Numbered(number uint64) []byte {
	var digits [10]byte
	shown := strconv.AppendUint(digits[:0], firstNumber+number%maxNumber, 10)
	for _, at := range r.holes {
		copy(r.text[at:], shown)
	}
	return r.text
}
