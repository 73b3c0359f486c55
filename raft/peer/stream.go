package peer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

// Stream is the caller's end of an exchange. It belongs to one goroutine. The context it was opened with bounds all of
// it: once it ended, Receive and Send answer its cause, and Close cancels the handler on the other node.
type Stream struct {
	exchange
	ctx       context.Context
	link      *link // nil for a connection of its own
	place     uint64
	bodyBytes int
	sendEnded bool
	heard     bool // a frame of the handler was taken
	ended     bool // the handler's closing frame was taken
	done      bool // the place was given back
}

// begin sends a request over a connection. An error means that no byte of it left this node.
func begin(ctx context.Context, over *conn, l *link, method string, body []byte, noMore bool) (*Stream, error) {
	if len(method) > maxMethodBytes {
		return nil, fmt.Errorf("peer method of %d bytes", len(method))
	}
	s := &Stream{ctx: ctx, link: l, bodyBytes: len(body), sendEnded: noMore}
	if !over.join(&s.exchange) {
		return nil, errConnectionLost
	}
	head := encodeRequestHead(noMore, remainingMs(ctx), method)
	place, err := over.out.put(ctx, outgoing{kind: kindRequest, id: s.id, head: head, body: body, flush: true})
	if err != nil {
		over.leave(&s.exchange)
		return nil, err
	}
	s.place = place
	over.asked()
	return s, nil
}

// remainingMs is the context's deadline as the wire carries it, at least one millisecond; 0 without a deadline.
func remainingMs(ctx context.Context) uint32 {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return 0
	}
	left := time.Until(deadline).Milliseconds()
	return uint32(min(max(left, 1), math.MaxUint32))
}

// Node is the id of the node at the other end.
func (s *Stream) Node() string { return s.conn.node }

// Receive waits for the next frame: io.EOF after the handler ended well, an [Error] with what it answered otherwise.
// An error that wraps ErrNotTaken says that it did not begin; any other leaves open what became of the request.
func (s *Stream) Receive() ([]byte, error) {
	if s.ended {
		return nil, io.EOF
	}
	next, err := s.next()
	if err != nil {
		return nil, err
	}
	if next.kind == kindEnd && len(next.payload) == 0 {
		return nil, io.EOF
	}
	return next.payload, nil
}

// Send sends one frame to the handler, after waiting for it to have read enough of those before. What is sent after the
// handler ended is dropped: Receive tells how it ended.
func (s *Stream) Send(payload []byte) error {
	if s.sendEnded || s.done {
		return fmt.Errorf("send on a peer stream: %w", ErrClosed)
	}
	return s.send(s.ctx, payload, true)
}

// CloseSend tells the handler that no more frames come.
func (s *Stream) CloseSend() error {
	if s.sendEnded || s.done {
		return nil
	}
	s.sendEnded = true
	if s.ended {
		return nil
	}
	return s.conn.out.putNow(outgoing{kind: kindSendEnd, id: s.id, flush: true})
}

// Close ends the exchange. A handler that has not ended is cancelled.
func (s *Stream) Close() {
	if s.done {
		return
	}
	s.done = true
	s.conn.leave(&s.exchange)
	if !s.ended && !s.answered() {
		_ = s.conn.out.putNow(outgoing{kind: kindCancel, id: s.id, flush: true}) // a broken connection cancels by itself
	}
	if s.link != nil {
		s.link.exit(s.bodyBytes)
	}
}

// answered tells whether the handler's closing frame is here, taken or not.
func (s *Stream) answered() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// next takes one frame and turns closing frames with errors into errors.
func (s *Stream) next() (frame, error) {
	if s.done {
		return frame{}, fmt.Errorf("receive on a peer stream: %w", ErrClosed)
	}
	next, err := s.take(s.ctx)
	if err != nil {
		return frame{}, s.lost(err)
	}
	s.heard = true
	switch next.kind {
	case kindData:
		if s.ctx.Err() != nil { // a closing frame still counts, an answer without an end does not
			return frame{}, s.lost(context.Cause(s.ctx))
		}
		return next, nil
	case kindEnd:
		s.ended = true
		return next, nil
	case kindRefused, kindFailed:
		s.ended = true
		return frame{}, decodeError(next.payload, next.kind == kindRefused)
	}
	return frame{}, fmt.Errorf("peer %s sent a frame of kind %d", s.conn.node, next.kind)
}

// lost says what the end of the connection or of the context means for the request.
func (s *Stream) lost(err error) error {
	if !errors.Is(err, errConnectionLost) {
		if s.link != nil {
			s.link.doubt(s.conn)
		}
		return fmt.Errorf("peer %s: %w", s.conn.node, err)
	}
	if !s.heard && s.conn.out.neverLeft(s.place) {
		return notTaken("peer "+s.conn.node, err)
	}
	if cause := context.Cause(s.ctx); cause != nil {
		err = cause
	}
	return fmt.Errorf("peer %s: %w", s.conn.node, err)
}

// result waits for the one closing frame of a call and ends the exchange.
func (s *Stream) result() ([]byte, error) {
	defer s.Close()
	next, err := s.next()
	if err != nil {
		return nil, err
	}
	if next.kind != kindEnd {
		return nil, fmt.Errorf("peer %s answered a call with a stream", s.conn.node)
	}
	return next.payload, nil
}
