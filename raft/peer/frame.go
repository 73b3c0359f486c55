package peer

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// MaxFrameBytes bounds the payload of one frame.
const MaxFrameBytes = 8 << 20

// A frame is a 4-byte big-endian payload length, a kind byte, the 8-byte id of its exchange, and the payload. Ids are
// given by the dialling side and never again on one connection.
const frameHeaderBytes = 4 + 1 + 8

// largestPayload is what no frame exceeds: a request of the largest body.
const largestPayload = MaxFrameBytes + maxMethodBytes + requestFixedBytes

type kind byte

const (
	kindRequest kind = 1 // flags, deadline, method, body
	kindData    kind = 2 // opaque, either way
	kindEnd     kind = 3 // the handler finished; payload is a call's result or a stream's last frame
	kindRefused kind = 4 // code, message: the handler did not begin
	kindFailed  kind = 5 // code, message: it began
	kindSendEnd kind = 6 // the caller sends no more
	kindWindow  kind = 7 // bytes of data read, which may be sent anew; either way
	kindCancel  kind = 8 // the caller no longer waits
)

// flagNoMore on a request says that the caller sends no data frames.
const flagNoMore = 1

// requestFixedBytes is the part of a request before the method's name: flags, deadline, method length.
const requestFixedBytes = 1 + 4 + 2

const maxMethodBytes = 128

type frame struct {
	kind    kind
	id      uint64
	payload []byte
}

// request is a decoded kindRequest payload.
type request struct {
	noMore     bool
	deadlineMs uint32 // 0: none
	method     string
	body       []byte
}

// appendFrame adds a frame whose payload is head and body.
func appendFrame(to []byte, k kind, id uint64, head, body []byte) []byte {
	to = binary.BigEndian.AppendUint32(to, uint32(len(head)+len(body)))
	to = append(to, byte(k))
	to = binary.BigEndian.AppendUint64(to, id)
	return append(append(to, head...), body...)
}

// readFrame reads one frame into memory of its own.
func readFrame(r *bufio.Reader) (frame, error) {
	header, err := r.Peek(frameHeaderBytes)
	if err != nil {
		return frame{}, err
	}
	size := binary.BigEndian.Uint32(header)
	next := frame{kind: kind(header[4]), id: binary.BigEndian.Uint64(header[5:])}
	if size > largestPayload {
		return frame{}, ErrFrameTooLarge
	}
	if _, err := r.Discard(frameHeaderBytes); err != nil {
		return frame{}, err
	}
	if size == 0 {
		return next, nil
	}
	next.payload = make([]byte, size)
	_, err = io.ReadFull(r, next.payload)
	return next, err
}

// encodeRequestHead makes the part of a request before its body.
func encodeRequestHead(noMore bool, deadlineMs uint32, method string) []byte {
	head := make([]byte, requestFixedBytes, requestFixedBytes+len(method))
	if noMore {
		head[0] = flagNoMore
	}
	binary.BigEndian.PutUint32(head[1:], deadlineMs)
	binary.BigEndian.PutUint16(head[5:], uint16(len(method)))
	return append(head, method...)
}

func decodeRequest(payload []byte) (request, error) {
	if len(payload) < requestFixedBytes {
		return request{}, io.ErrUnexpectedEOF
	}
	size := int(binary.BigEndian.Uint16(payload[5:]))
	if size > maxMethodBytes || len(payload) < requestFixedBytes+size {
		return request{}, fmt.Errorf("peer request with a method of %d bytes", size)
	}
	return request{
		noMore:     payload[0]&flagNoMore != 0,
		deadlineMs: binary.BigEndian.Uint32(payload[1:]),
		method:     string(payload[requestFixedBytes : requestFixedBytes+size]),
		body:       payload[requestFixedBytes+size:],
	}, nil
}

// encodeWindow makes the payload of a kindWindow frame.
func encodeWindow(bytes int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(bytes)) }

func decodeWindow(payload []byte) (int, error) {
	if len(payload) != 4 {
		return 0, fmt.Errorf("peer window of %d bytes", len(payload))
	}
	return int(binary.BigEndian.Uint32(payload)), nil
}

func encodeError(e *Error) []byte {
	code := e.Code[:min(len(e.Code), maxMethodBytes)]
	message := e.Message[:min(len(e.Message), maxMessageBytes)]
	out := binary.BigEndian.AppendUint16(nil, uint16(len(code)))
	return append(append(out, code...), message...)
}

// maxMessageBytes bounds the text of an error on the wire.
const maxMessageBytes = 64 << 10

func decodeError(payload []byte, refused bool) error {
	if len(payload) < 2 || len(payload) < 2+int(binary.BigEndian.Uint16(payload)) {
		return io.ErrUnexpectedEOF
	}
	split := 2 + int(binary.BigEndian.Uint16(payload))
	return &Error{Code: string(payload[2:split]), Message: string(payload[split:]), Refused: refused}
}
