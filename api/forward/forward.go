// Package forward carries one request to the node that runs it and its answer back, as frames over the peer channel.
//
//	caller                         node that runs it
//	Do(request)       ──open──▶    Serve → run
//	sink.Columns      ◀──c──
//	sink.Row          ◀──r──       once a row
//	end               ◀──s──       the summary, opaque here
//	*Failure          ◀──e──       or the refusal, opaque here
//
// Each of these is an item: its kind, its length, its content. Items are packed into frames of about 32 KiB, and the
// last frame travels with the end of the exchange: a small answer is one frame.
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

// Kinds of items.
const (
	itemColumns byte = 'c'
	itemRow     byte = 'r'
	itemEnd     byte = 's'
	itemFailure byte = 'e'
)

// packBytes is how much a frame holds before it is sent. One item alone may be larger.
const packBytes = 32 << 10

// firstFrameBytes is what most answers need.
const firstFrameBytes = 512

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
	return receive(stream, sink)
}

// receive hands a whole answer to the sink.
func receive(stream *peer.Stream, sink Sink) (end []byte, err error) {
	for {
		frame, err := stream.Receive()
		if errors.Is(err, io.EOF) {
			return nil, errors.New("the answer ended without a summary")
		}
		if err != nil {
			return nil, err
		}
		end, done, err := takeFrame(frame, sink)
		if done || err != nil {
			return end, err
		}
	}
}

// takeFrame hands over the items of a frame. The end and a failure close the answer.
func takeFrame(frame []byte, sink Sink) (end []byte, done bool, err error) {
	for len(frame) > 0 {
		kind := frame[0]
		size, n := binary.Uvarint(frame[1:])
		if n <= 0 || uint64(len(frame)-1-n) < size {
			return nil, false, errors.New("a torn frame of an answer")
		}
		body := frame[1+n : 1+n+int(size)]
		frame = frame[1+n+int(size):]
		end, done, err := takeItem(kind, body, sink)
		if done || err != nil {
			return end, done, err
		}
	}
	return nil, false, nil
}

func takeItem(kind byte, body []byte, sink Sink) (end []byte, done bool, err error) {
	switch kind {
	case itemColumns:
		var names []string
		if err := wire.Unmarshal(body, &names); err != nil {
			return nil, false, fmt.Errorf("decode columns: %w", err)
		}
		return nil, false, sink.Columns(names)
	case itemRow:
		return nil, false, sink.Row(body)
	case itemEnd:
		return body, true, nil
	case itemFailure:
		return nil, true, &Failure{Encoded: body}
	}
	return nil, false, fmt.Errorf("an item of unknown kind %q", kind)
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
		out.frame = out.frame[:0] // rows that did not leave before it are not worth sending
		err = out.add(itemFailure, failure)
	default:
		err = out.add(itemEnd, end)
	}
	if err != nil {
		return err
	}
	return stream.Last(out.frame)
}

// packer packs items into frames.
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
	return p.add(itemColumns, encoded)
}

// Row implements Sink.
func (p *packer) Row(encoded []byte) error { return p.add(itemRow, encoded) }

// add packs one item. What is packed is sent first where the frame would grow too large.
func (p *packer) add(kind byte, body []byte) error {
	if p.frame == nil {
		p.frame = make([]byte, 0, max(firstFrameBytes, len(body)+1+binary.MaxVarintLen64))
	}
	if len(p.frame) > 0 && len(p.frame)+len(body) > packBytes {
		if err := p.stream.Send(p.frame); err != nil {
			return err
		}
		p.frame = p.frame[:0]
	}
	p.frame = append(p.frame, kind)
	p.frame = binary.AppendUvarint(p.frame, uint64(len(body)))
	p.frame = append(p.frame, body...)
	return nil
}
