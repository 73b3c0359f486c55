package peer

import (
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxServed bounds the handlers of one connection. A caller counts up to maxStreams exchanges, but a handler outlives
	// its exchange until it notices that it was cancelled.
	maxServed = 2 * maxStreams
	// maxIdleWorkers is how many goroutines of a connection wait for the next request: their stacks have grown already.
	maxIdleWorkers = 32
)

// serving is one accepted connection and the handlers that it carries.
type serving struct {
	listener *Listener
	conn     *conn
	ctx      context.Context // ends with the connection
	work     chan *ServerStream
	idle     atomic.Int32 // workers that wait
	handlers atomic.Int64 // under way
	bytes    atomic.Int64 // of their requests
	workers  sync.WaitGroup
}

// serve runs exchanges on one connection until it ends. The caller's death cancels the handlers.
func (l *Listener) serve(c *conn) {
	ctx, cancel := context.WithCancel(l.ctx)
	s := &serving{listener: l, conn: c, ctx: ctx, work: make(chan *ServerStream)}
	c.accept = s.accept
	c.run()
	cancel()
	s.workers.Wait()
}

// accept begins the exchange of one request. It runs in the connection's reader and does not wait.
func (s *serving) accept(f frame) error {
	call, err := decodeRequest(f.payload)
	if err != nil {
		return err
	}
	if !s.reserve(len(call.body)) {
		refusal := &Error{Code: CodeOverloaded, Message: "too many peer requests under way", Refused: true}
		return s.conn.out.putNow(outgoing{kind: kindRefused, id: f.id, body: encodeError(refusal), flush: true})
	}
	stream := &ServerStream{call: call, sendEnded: call.noMore}
	if call.deadlineMs != 0 {
		stream.ctx, stream.cancel = context.WithTimeout(s.ctx, time.Duration(call.deadlineMs)*time.Millisecond)
	} else {
		stream.ctx, stream.cancel = context.WithCancel(s.ctx)
	}
	if err := s.conn.adopt(&stream.exchange, f.id); err != nil {
		stream.cancel()
		s.release(len(call.body))
		return err
	}
	s.start(stream)
	return nil
}

// reserve counts a request in, unless a bound is reached. The reader alone calls it.
func (s *serving) reserve(bytes int) bool {
	handlers := s.listener.handlers.Add(1)
	own := s.handlers.Add(1)
	held := s.bytes.Add(int64(bytes))
	if handlers > maxHandlers || own > maxServed || held > maxRequestBytes {
		s.release(bytes)
		return false
	}
	return true
}

func (s *serving) release(bytes int) {
	s.bytes.Add(-int64(bytes))
	s.handlers.Add(-1)
	s.listener.handlers.Add(-1)
}

// start gives a request to a worker that waits, or to a new one.
func (s *serving) start(stream *ServerStream) {
	select {
	case s.work <- stream:
	default:
		s.workers.Go(func() { s.worker(stream) })
	}
}

func (s *serving) worker(stream *ServerStream) {
	for {
		s.answer(stream)
		if s.idle.Add(1) > maxIdleWorkers {
			s.idle.Add(-1)
			return
		}
		select {
		case stream = <-s.work:
			s.idle.Add(-1)
		case <-s.ctx.Done():
			return
		}
	}
}

// answer runs one handler and sends its closing frame.
func (s *serving) answer(stream *ServerStream) {
	defer s.release(len(stream.call.body))
	defer s.conn.leave(&stream.exchange)
	defer stream.cancel()
	result, err := s.listener.dispatch(stream.ctx, s.conn.node, stream)
	if err == nil && len(result) > MaxFrameBytes {
		err = Fail(CodeFailed, "%v", ErrFrameTooLarge)
	}
	if stream.failed() != nil {
		return // nobody waits
	}
	closing := outgoing{kind: kindEnd, id: stream.id, body: result, flush: true}
	if err != nil {
		answer := toError(err)
		closing.kind, closing.body = kindFailed, encodeError(answer)
		if answer.Refused {
			closing.kind = kindRefused
		}
	}
	_, _ = s.conn.out.put(s.ctx, closing) // a broken connection tells the caller by itself
}

func (l *Listener) dispatch(ctx context.Context, from string, stream *ServerStream) ([]byte, error) {
	call := stream.call
	if l.config.Gate != nil {
		if err := l.config.Gate(from); err != nil {
			return nil, Refuse(CodeRemoved, "%v", err)
		}
	}
	method, found := l.methods.find(call.method)
	if !found {
		return nil, Refuse(CodeUnknownMethod, "no peer method %q", call.method)
	}
	if method.Admission == Member && (l.config.Member == nil || !l.config.Member(from)) {
		return nil, Refuse(CodeNotMember, "node %s is not in the configuration of this node", from)
	}
	if method.call != nil {
		return method.call(ctx, from, call.body)
	}
	err := method.stream(ctx, from, stream)
	return stream.last, err
}

// ServerStream is the handler's end of a stream. It belongs to the handler's goroutine.
type ServerStream struct {
	exchange
	ctx       context.Context // the handler's
	call      request
	last      []byte // goes with the closing frame
	sendEnded bool
}

// Request is what the caller opened the stream with.
func (s *ServerStream) Request() []byte { return s.call.body }

// Send sends one frame at once. It waits while the caller has too much unread, and fails once the caller is gone.
func (s *ServerStream) Send(payload []byte) error { return s.send(s.ctx, payload, true) }

// Queue sends one frame with the next one, or when the buffer is full, or at the end. Otherwise it is like Send.
func (s *ServerStream) Queue(payload []byte) error { return s.send(s.ctx, payload, false) }

// Last keeps what is sent as the last frame, together with the end, when the handler returns without an error. It takes
// payload over. Without content there is no last frame.
func (s *ServerStream) Last(payload []byte) error {
	if len(payload) > MaxFrameBytes {
		return ErrFrameTooLarge
	}
	s.last = payload
	return nil
}

// Receive waits for the caller's next frame; io.EOF after the last.
func (s *ServerStream) Receive(ctx context.Context) ([]byte, error) {
	if s.sendEnded {
		return nil, io.EOF
	}
	next, err := s.take(ctx)
	if err != nil {
		return nil, err
	}
	switch next.kind {
	case kindData:
		return next.payload, nil
	case kindSendEnd:
		s.sendEnded = true
		return nil, io.EOF
	}
	return nil, fmt.Errorf("peer frame of kind %d inside a stream", next.kind)
}
