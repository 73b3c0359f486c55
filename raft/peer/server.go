package peer

import (
	"context"
	"fmt"
	"io"
	"sort"
	"sync"
	"time"
)

// Admission says what a caller must be, beyond holding a certificate of this cluster's authority.
type Admission uint8

const (
	// Member asks that the caller's node id is in the receiver's Raft configuration.
	Member Admission = iota + 1
	// Certificate asks for nothing more. For the bootstrap probe and for joining only.
	Certificate
)

// String names the admission as the generated matrix of authenticators prints it.
func (a Admission) String() string {
	if a == Certificate {
		return "peer certificate"
	}
	return "peer certificate of a member"
}

// CallHandler answers one request with one result. from is the caller's node id, read from its certificate.
type CallHandler func(ctx context.Context, from string, request []byte) ([]byte, error)

// StreamHandler answers one request with frames. Returning ends the stream.
type StreamHandler func(ctx context.Context, from string, stream *ServerStream) error

// Method is one entry of the dispatch table.
type Method struct {
	Name      string
	Admission Admission
	call      CallHandler
	stream    StreamHandler
}

// methods is the dispatch table.
type methods struct {
	mu    sync.RWMutex
	table map[string]Method // guarded by mu
}

// HandleCall registers a method that answers once. It panics on an empty or taken name: a broken invariant of wiring.
func (l *Listener) HandleCall(name string, admission Admission, handler CallHandler) {
	l.methods.add(Method{Name: name, Admission: admission, call: handler})
}

// HandleStream registers a method that answers with frames. It panics as HandleCall does.
func (l *Listener) HandleStream(name string, admission Admission, handler StreamHandler) {
	l.methods.add(Method{Name: name, Admission: admission, stream: handler})
}

// Methods lists what is served, by name.
func (l *Listener) Methods() []Method {
	l.methods.mu.RLock()
	defer l.methods.mu.RUnlock()
	list := make([]Method, 0, len(l.methods.table))
	for _, method := range l.methods.table {
		list = append(list, method)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list
}

func (m *methods) add(method Method) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if method.Name == "" || len(method.Name) > maxMethodBytes || method.Admission == 0 {
		panic(fmt.Sprintf("peer method %q needs a name and an admission", method.Name))
	}
	if _, taken := m.table[method.Name]; taken {
		panic(fmt.Sprintf("peer method %q registered twice", method.Name))
	}
	if m.table == nil {
		m.table = map[string]Method{}
	}
	m.table[method.Name] = method
}

func (m *methods) find(name string) (Method, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	method, found := m.table[name]
	return method, found
}

// serve runs exchanges on one connection until it ends. The caller's death cancels the handler.
func (l *Listener) serve(c *conn) {
	ctx, cancel := context.WithCancel(l.ctx)
	defer cancel()
	var reading sync.WaitGroup
	reading.Add(1)
	go func() {
		defer reading.Done()
		c.readLoop()
		cancel()
	}()
	defer reading.Wait()
	defer c.close()
	for {
		next, err := c.receive(ctx)
		if err != nil || next.kind != kindRequest {
			return
		}
		call, err := decodeRequest(next.payload)
		if err != nil || !l.exchange(ctx, c, call) {
			return
		}
	}
}

// exchange answers one request and tells whether the connection can carry another.
func (l *Listener) exchange(ctx context.Context, c *conn, call request) bool {
	if call.deadlineMs != 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(call.deadlineMs)*time.Millisecond)
		defer cancel()
	}
	stream := &ServerStream{conn: c, body: call.body, sendEnded: call.noMore}
	result, err := l.dispatch(ctx, c.node, call, stream)
	if err == nil && len(result) > MaxFrameBytes {
		err = Fail(CodeFailed, "%v", ErrFrameTooLarge)
	}
	switch answer := toErrorOrNil(err); {
	case answer == nil:
		err = c.send(kindEnd, nil, result, true)
	case answer.Refused:
		err = c.send(kindRefused, nil, encodeError(answer), true)
	default:
		err = c.send(kindFailed, nil, encodeError(answer), true)
	}
	return err == nil && stream.drain(ctx)
}

func toErrorOrNil(err error) *Error {
	if err == nil {
		return nil
	}
	return toError(err)
}

func (l *Listener) dispatch(ctx context.Context, from string, call request, stream *ServerStream) ([]byte, error) {
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
	return nil, method.stream(ctx, from, stream)
}

// ServerStream is the handler's end of a stream. It belongs to the handler's goroutine.
type ServerStream struct {
	conn      *conn
	body      []byte
	sendEnded bool
}

// Request is what the caller opened the stream with.
func (s *ServerStream) Request() []byte { return s.body }

// Send sends one frame at once.
func (s *ServerStream) Send(payload []byte) error { return s.send(payload, true) }

// Queue sends one frame with the next one, or when the buffer is full, or at the end.
func (s *ServerStream) Queue(payload []byte) error { return s.send(payload, false) }

func (s *ServerStream) send(payload []byte, flush bool) error {
	if len(payload) > MaxFrameBytes {
		return ErrFrameTooLarge
	}
	return s.conn.send(kindData, nil, payload, flush)
}

// Receive waits for the caller's next frame; io.EOF after the last.
func (s *ServerStream) Receive(ctx context.Context) ([]byte, error) {
	if s.sendEnded {
		return nil, io.EOF
	}
	next, err := s.conn.receive(ctx)
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

// maxDrainFrames bounds what is thrown away of a caller that goes on sending after the answer.
const maxDrainFrames = 64

// drain reads what the caller still sent, so that the connection can carry the next exchange.
func (s *ServerStream) drain(ctx context.Context) bool {
	for range maxDrainFrames {
		if s.sendEnded {
			return true
		}
		if _, err := s.Receive(ctx); err != nil && err != io.EOF {
			return false
		}
	}
	return s.sendEnded
}
