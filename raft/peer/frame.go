package peer

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// MaxFrameBytes bounds the payload of one frame.
const MaxFrameBytes = 8 << 20

// A frame is a 4-byte big-endian payload length, a kind byte, and the payload.
const frameHeaderBytes = 5

type kind byte

const (
	kindRequest kind = 1 // flags, deadline, method, body
	kindData    kind = 2 // opaque, either way
	kindEnd     kind = 3 // the handler finished; payload is a call's result
	kindRefused kind = 4 // code, message: the handler did not begin
	kindFailed  kind = 5 // code, message: it began
	kindSendEnd kind = 6 // the caller sends no more
)

// flagNoMore on a request says that the caller sends no data frames.
const flagNoMore = 1

// requestFixedBytes is the part of a request before the method's name: flags, deadline, method length.
const requestFixedBytes = 1 + 4 + 2

const maxMethodBytes = 128

type frame struct {
	kind    kind
	payload []byte
}

// request is a decoded kindRequest payload.
type request struct {
	noMore     bool
	deadlineMs uint32 // 0: none
	method     string
	body       []byte
}

func writeFrame(w *bufio.Writer, k kind, head, payload []byte) error {
	size := len(head) + len(payload)
	if size > MaxFrameBytes+maxMethodBytes+requestFixedBytes {
		return ErrFrameTooLarge
	}
	var header [frameHeaderBytes]byte
	binary.BigEndian.PutUint32(header[:], uint32(size))
	header[4] = byte(k)
	for _, part := range [...][]byte{header[:], head, payload} {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return nil
}

func readFrame(r *bufio.Reader) (frame, error) {
	var header [frameHeaderBytes]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return frame{}, err
	}
	size := binary.BigEndian.Uint32(header[:])
	if size > MaxFrameBytes+maxMethodBytes+requestFixedBytes {
		return frame{}, ErrFrameTooLarge
	}
	payload := make([]byte, size)
	if _, err := io.ReadFull(r, payload); err != nil {
		return frame{}, err
	}
	return frame{kind(header[4]), payload}, nil
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
