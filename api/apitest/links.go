package apitest

import (
	"context"
	"errors"
	"net"
	"sync"

	"github.com/hivellm/nexus/raft/peer"
)

// errCut ends whatever goes over a cut link.
var errCut = errors.New("link cut by the test")

// Links are the connections between the nodes of a test cluster, by the nodes' names. Both Raft and the peer channel
// go over them.
type Links struct {
	mu       sync.Mutex
	owner    map[string]string  // address → name; never changed
	isolated map[string]bool    // guarded by mu
	open     map[*link]bool     // guarded by mu
	letters  map[string]*Letter // guarded by mu, by the sender's name
}

func newLinks(addresses []string) *Links {
	l := &Links{owner: map[string]string{}, isolated: map[string]bool{}, open: map[*link]bool{}, letters: map[string]*Letter{}}
	for i, address := range addresses {
		l.owner[address] = nodeName(i)
	}
	return l
}

// dial is raft.Config.Dial of a node.
func (l *Links) dial(from string) peer.Dial {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		to := l.owner[address]
		if l.cut(from, to) {
			return nil, errCut
		}
		connection, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		made := &link{Conn: connection, links: l, from: from, to: to, closed: make(chan struct{})}
		l.mu.Lock()
		l.open[made] = true
		l.mu.Unlock()
		if l.cut(from, to) { // cut while it was dialed: nobody else would close it
			_ = made.Close()
			return nil, errCut
		}
		return made, nil
	}
}

func (l *Links) cut(from, to string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return from != to && (l.isolated[from] || l.isolated[to])
}

// Isolate cuts all links of a node, in both directions, until Heal. Its letters are forgotten.
func (l *Links) Isolate(name string) {
	l.mu.Lock()
	l.isolated[name] = true
	delete(l.letters, name)
	l.mu.Unlock()
	l.close(func(k *link) bool { return k.from == name || k.to == name })
}

// Heal lets a node's links be made again.
func (l *Links) Heal(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.isolated, name)
}

// Sever cuts the connections that one node has opened to another, once: new ones may be opened at once.
func (l *Links) Sever(from, to string) {
	l.close(func(k *link) bool { return k.from == from && k.to == to })
}

func (l *Links) close(chosen func(*link) bool) {
	l.mu.Lock()
	var cut []*link
	for k := range l.open {
		if chosen(k) {
			cut = append(cut, k)
		}
	}
	l.mu.Unlock()
	for _, k := range cut {
		_ = k.Close() // the error of closing a broken socket changes nothing
	}
}

// Letter is a large message whose answers never arrive.
type Letter struct {
	sizeBytes int
	// Answered is closed when the first answer was swallowed: then the message has been taken.
	Answered chan struct{}
	once     sync.Once
}

// LoseAnswers swallows what comes back over each connection of a node that carries sizeBytes at once, from now on.
func (l *Links) LoseAnswers(from string, sizeBytes int) *Letter {
	l.mu.Lock()
	defer l.mu.Unlock()
	letter := &Letter{sizeBytes: sizeBytes, Answered: make(chan struct{})}
	l.letters[from] = letter
	return letter
}

func (l *Links) letter(from string) *Letter {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.letters[from]
}

// link is one connection, at the side that opened it.
type link struct {
	net.Conn
	links    *Links
	from, to string
	closing  sync.Once
	closed   chan struct{}

	mu     sync.Mutex
	sent   int     // guarded by mu: bytes written since the last read
	letter *Letter // guarded by mu: what it carried; its answers are lost
}

// Write implements net.Conn.
func (k *link) Write(data []byte) (int, error) {
	letter := k.links.letter(k.from)
	k.mu.Lock()
	k.sent += len(data)
	if letter != nil && k.sent >= letter.sizeBytes {
		k.letter = letter
	}
	k.mu.Unlock()
	return k.Conn.Write(data)
}

// Read implements net.Conn.
func (k *link) Read(into []byte) (int, error) {
	read, err := k.Conn.Read(into)
	k.mu.Lock()
	letter := k.letter
	k.sent = 0
	k.mu.Unlock()
	if letter == nil || err != nil {
		return read, err
	}
	letter.once.Do(func() { close(letter.Answered) })
	<-k.closed
	return 0, errCut
}

// Close implements net.Conn.
func (k *link) Close() error {
	k.links.mu.Lock()
	delete(k.links.open, k)
	k.links.mu.Unlock()
	k.closing.Do(func() { close(k.closed) })
	return k.Conn.Close()
}
