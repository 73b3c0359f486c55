package peer

import (
	"context"
	"fmt"
	"sort"
	"sync"
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
