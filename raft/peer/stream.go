package peer

import (
	"context"
	"fmt"
	"io"
	"math"
	"time"
)

// Stream is the caller's end of an exchange. It belongs to one goroutine. The context it was opened with bounds all of
// it: when that ends, the connection is cut and the handler on the other node is cancelled.
type Stream struct {
	ctx       context.Context
	client    *Client
	pool      *pool // nil for a connection outside the pools
	conn      *conn
	stop      func() bool
	sendEnded bool
	ended     bool // the handler's closing frame was read
	done      bool // the connection was given back
}

// start sends the request. An error means that the other node cannot have it whole.
func (s *Stream) start(method string, body []byte) error {
	connection := s.conn
	s.stop = context.AfterFunc(s.ctx, connection.close)
	if err := connection.send(kindRequest, encodeRequestHead(s.sendEnded, remainingMs(s.ctx), method), body, true); err != nil {
		s.finish(false)
		return notTaken("send "+method, err)
	}
	return nil
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
// Any other error leaves open what became of the request.
func (s *Stream) Receive() ([]byte, error) {
	next, err := s.next()
	if err != nil {
		return nil, err
	}
	if next.kind == kindData {
		return next.payload, nil
	}
	return nil, io.EOF
}

// Send sends one frame to the handler.
func (s *Stream) Send(payload []byte) error {
	if s.sendEnded || s.done {
		return fmt.Errorf("send on a peer stream: %w", ErrClosed)
	}
	if len(payload) > MaxFrameBytes {
		return ErrFrameTooLarge
	}
	return s.conn.send(kindData, nil, payload, true)
}

// CloseSend tells the handler that no more frames come.
func (s *Stream) CloseSend() error {
	if s.sendEnded || s.done {
		return nil
	}
	s.sendEnded = true
	return s.conn.send(kindSendEnd, nil, nil, true)
}

// Close gives the connection back, or cuts it when the handler has not ended: its context is cancelled then. A caller
// that knows by the last frame that no more will come need not Receive the end: Close looks for it for a moment.
func (s *Stream) Close() {
	if s.done {
		return
	}
	if !s.ended {
		s.lookForEnd()
	}
	clean := s.ended && s.CloseSend() == nil
	s.finish(clean)
}

// endPatience is how long Close looks for the closing frame: it follows the last frame at once.
const endPatience = 5 * time.Millisecond

func (s *Stream) lookForEnd() {
	ctx, cancel := context.WithTimeout(s.ctx, endPatience)
	defer cancel()
	next, err := s.conn.receive(ctx)
	if err == nil && next.kind != kindData {
		s.ended = true
	}
}

// next reads one frame and turns closing frames with errors into errors.
func (s *Stream) next() (frame, error) {
	if s.done {
		return frame{}, fmt.Errorf("receive on a peer stream: %w", ErrClosed)
	}
	if s.ended {
		return frame{kind: kindEnd}, nil
	}
	next, err := s.conn.receive(s.ctx)
	if err != nil {
		if cause := context.Cause(s.ctx); cause != nil {
			err = cause
		}
		return frame{}, fmt.Errorf("peer %s: %w", s.conn.node, err)
	}
	switch next.kind {
	case kindData:
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

// result waits for the one closing frame of a call and gives the connection back.
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

// finish ends the exchange on this side.
func (s *Stream) finish(clean bool) {
	if s.done {
		return
	}
	s.done = true
	if !s.stop() {
		clean = false // the context ended: the connection is being cut
	}
	s.client.release(s.pool, s.conn, clean)
}
