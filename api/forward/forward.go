// Package forward carries one request to the node that runs it and its answer back, as frames over the peer channel.
//
//	caller                         node that runs it
//	Do(request)       ──open──▶    Serve → run
//	sink.Columns      ◀──c──
//	sink.Row          ◀──r──       rows packed into frames of about 32 KiB
//	end               ◀──s──       the summary, opaque here
//	*Failure          ◀──e──       or the refusal, opaque here
//
// Invariants: an error that is peer.ErrNotTaken says that the other node did not begin; a *Failure is the other node's
// own answer; any other error leaves the outcome open, and the caller must find it out (R10).
//
// It must never look into a request, a row, a summary or a refusal.
package forward

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/hivellm/nexus/api/wire"
	"github.com/hivellm/nexus/raft"
	"github.com/hivellm/nexus/raft/peer"
)

// Kinds of frames, each the first byte of one.
const (
	frameColumns byte = 'c'
	frameRows    byte = 'r'
	frameEnd     byte = 's'
	frameFailure byte = 'e'
)

// packBytes is how much of rows a frame holds before it is sent. One row alone may be larger.
const packBytes = 32 << 10

// Sink takes columns once and then rows. Rows are valid during the call only.
type Sink interface {
	Columns(names []string) error
	Row(encoded []byte) error
}

// Failure is the other node's refusal, as it encoded it.
type Failure struct{ Encoded []byte }

// Error implements error.
func (f *Failure) Error() string { return "refused by the node that was asked" }

// Do sends a request to a node and hands its answer to the sink; end is the summary as the other node encoded it.
func Do(ctx context.Context, node *raft.Node, to, method string, request []byte, sink Sink) (end []byte, err error) {
	stream, err := node.Stream(ctx, to, method, request)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	for {
		frame, err := stream.Receive()
		if errors.Is(err, io.EOF) {
			return nil, errors.New("the answer ended without a summary")
		}
		if err != nil {
			return nil, err
		}
		end, done, err := take(frame, sink)
		if done || err != nil {
			return end, err
		}
	}
}

func take(frame []byte, sink Sink) (end []byte, done bool, err error) {
	if len(frame) == 0 {
		return nil, false, errors.New("an empty frame")
	}
	kind, body := frame[0], frame[1:]
	switch kind {
	case frameColumns:
		var names []string
		if err := wire.Unmarshal(body, &names); err != nil {
			return nil, false, fmt.Errorf("decode columns: %w", err)
		}
		return nil, false, sink.Columns(names)
	case frameRows:
		return nil, false, eachRow(body, sink)
	case frameEnd:
		return body, true, nil
	case frameFailure:
		return nil, true, &Failure{Encoded: body}
	}
	return nil, false, fmt.Errorf("a frame of unknown kind %q", kind)
}

func eachRow(body []byte, sink Sink) error {
	for len(body) > 0 {
		size, n := binary.Uvarint(body)
		if n <= 0 || uint64(len(body)-n) < size {
			return errors.New("a torn frame of rows")
		}
		if err := sink.Row(body[n : n+int(size)]); err != nil {
			return err
		}
		body = body[n+int(size):]
	}
	return nil
}

// Serve answers one request: run gets the request and a sink, and returns the encoded summary, or the encoded refusal.
// An error of run itself (peer.Refuse, or a broken stream) ends the exchange as it is.
func Serve(stream *peer.ServerStream, run func(request []byte, sink Sink) (end, failure []byte, err error)) error {
	out := &packer{stream: stream}
	end, failure, err := run(stream.Request(), out)
	switch {
	case err != nil:
		return err
	case failure != nil:
		return stream.Send(append([]byte{frameFailure}, failure...))
	}
	if err := out.flush(); err != nil {
		return err
	}
	return stream.Send(append([]byte{frameEnd}, end...))
}

// packer packs rows into frames.
type packer struct {
	stream *peer.ServerStream
	frame  []byte
}

// Columns implements Sink.
func (p *packer) Columns(names []string) error {
	encoded, err := wire.Marshal(names)
	if err != nil {
		return fmt.Errorf("encode columns: %w", err)
	}
	return p.stream.Queue(append([]byte{frameColumns}, encoded...))
}

// Row implements Sink.
func (p *packer) Row(encoded []byte) error {
	if len(p.frame) == 0 {
		p.frame = append(p.frame, frameRows)
	}
	p.frame = binary.AppendUvarint(p.frame, uint64(len(encoded)))
	p.frame = append(p.frame, encoded...)
	if len(p.frame) < packBytes {
		return nil
	}
	return p.flush()
}

func (p *packer) flush() error {
	if len(p.frame) == 0 {
		return nil
	}
	err := p.stream.Queue(p.frame)
	p.frame = p.frame[:0]
	return err
}
