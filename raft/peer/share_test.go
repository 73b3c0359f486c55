package peer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// wire is a connection whose traffic a test can hold back.
type wire struct {
	net.Conn
	holding atomic.Bool   // writes block
	deaf    atomic.Bool   // what arrives is thrown away
	held    chan struct{} // told of each blocked write
	closed  chan struct{}
	once    sync.Once
}

func (w *wire) Write(data []byte) (int, error) {
	if w.holding.Load() {
		w.held <- struct{}{}
		<-w.closed
		return 0, net.ErrClosed
	}
	return w.Conn.Write(data)
}

func (w *wire) Read(into []byte) (int, error) {
	n, err := w.Conn.Read(into)
	if err == nil && w.deaf.Load() {
		<-w.closed
		return 0, net.ErrClosed
	}
	return n, err
}

func (w *wire) Close() error {
	w.once.Do(func() { close(w.closed) })
	return w.Conn.Close()
}

// wired is a client of node "member" and the connections that it dials, in order.
func wired(t testing.TB, home *Authority, address string) (*Client, chan *wire) {
	dialled := make(chan *wire, 16)
	c := NewClient(ClientConfig{Identity: identity(t, home, "member"),
		Address: func(string) (string, bool) { return address, true },
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			raw, err := (&net.Dialer{}).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			w := &wire{Conn: raw, held: make(chan struct{}, 16), closed: make(chan struct{})}
			dialled <- w
			return w, nil
		}})
	t.Cleanup(c.Close)
	return c, dialled
}

// hang registers a call that waits for its context; began and ended tell of each.
func hang(l *Listener) (began chan string, ended chan error) {
	began, ended = make(chan string, 64), make(chan error, 64)
	l.HandleCall("hang", Member, func(ctx context.Context, _ string, request []byte) ([]byte, error) {
		began <- string(request)
		<-ctx.Done()
		ended <- ctx.Err()
		return nil, ctx.Err()
	})
	return began, ended
}

func TestClient_ManyStreamsShareOneConnectionAClass(t *testing.T) {
	home := authority(t, "home")
	l := server(t, home, nil)
	const streams = 500
	var open sync.WaitGroup
	open.Add(streams)
	l.HandleStream("meet", Member, func(_ context.Context, _ string, s *ServerStream) error {
		open.Done()
		open.Wait() // all are open at once
		return s.Last(s.Request())
	})
	c := client(t, identity(t, home, "member"), l.Addr().String())
	var calling sync.WaitGroup
	ctx := bounded(t)
	for i := range streams {
		calling.Go(func() {
			class, want := Class(i%2), fmt.Sprint(i)
			s, err := c.Stream(ctx, "server", class, "meet", []byte(want), false)
			if err != nil {
				t.Error(err)
				return
			}
			defer s.Close()
			if got, err := s.Receive(); err != nil || string(got) != want {
				t.Errorf("%q, %v", got, err)
			}
			if _, err := s.Receive(); err != io.EOF {
				t.Errorf("after the last frame: %v", err)
			}
		})
	}
	calling.Wait()
	if n := c.connections(); n != 2 {
		t.Errorf("%d connections for two classes", n)
	}
}

func TestStream_ASlowConsumerStopsItsHandlerAndNobodyElse(t *testing.T) {
	home := authority(t, "home")
	l := server(t, home, nil)
	const frames, frameBytes = 200, 32 << 10
	var sent atomic.Int64
	l.HandleStream("flood", Member, func(_ context.Context, _ string, s *ServerStream) error {
		for range frames {
			if err := s.Send(make([]byte, frameBytes)); err != nil {
				return err
			}
			sent.Add(frameBytes)
		}
		return nil
	})
	c := client(t, identity(t, home, "member"), l.Addr().String())
	slow, err := c.Stream(bounded(t), "server", Work, "flood", nil, false)
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	for i := range 200 {
		if _, err := c.Call(bounded(t), "server", Work, "echo", fmt.Append(nil, i)); err != nil {
			t.Fatal(err)
		}
	}
	if n := sent.Load(); n > windowBytes+frameBytes {
		t.Errorf("%d bytes were sent to a caller that reads nothing", n)
	}
	read := 0
	for {
		frame, err := slow.Receive()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		read += len(frame)
	}
	if read != frames*frameBytes {
		t.Errorf("%d bytes read", read)
	}
}

func TestStream_ASlowHandlerStopsItsCaller(t *testing.T) {
	home := authority(t, "home")
	l := server(t, home, nil)
	l.HandleStream("ignore", Member, func(ctx context.Context, _ string, _ *ServerStream) error {
		<-ctx.Done()
		return ctx.Err()
	})
	c := client(t, identity(t, home, "member"), l.Addr().String())
	ctx, cancel := context.WithCancel(bounded(t))
	s, err := c.Stream(ctx, "server", Work, "ignore", nil, true)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for range windowBytes / (64 << 10) {
		if err := s.Send(make([]byte, 64<<10)); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	if err := s.Send([]byte("one more")); !errors.Is(err, context.Canceled) {
		t.Fatalf("beyond the window: %v", err)
	}
}

func TestStream_CancelReachesItsHandlerAlone(t *testing.T) {
	home := authority(t, "home")
	l := server(t, home, nil)
	began, ended := hang(l)
	left := make(chan error, 1)
	l.HandleStream("talk", Member, func(ctx context.Context, _ string, s *ServerStream) error {
		_, err := s.Receive(ctx)
		left <- err
		return err
	})
	c := client(t, identity(t, home, "member"), l.Addr().String())
	other := make(chan error, 1)
	otherCtx, stopOther := context.WithCancel(bounded(t))
	go func() {
		_, err := c.Call(otherCtx, "server", Work, "hang", []byte("other"))
		other <- err
	}()
	<-began
	s, err := c.Stream(bounded(t), "server", Work, "talk", nil, true)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	if err := <-left; err == nil || err == io.EOF {
		t.Fatalf("the handler of a closed stream received %v", err)
	}
	select {
	case err := <-ended:
		t.Fatalf("another handler was cancelled: %v", err)
	case err := <-other:
		t.Fatalf("another call ended: %v", err)
	default:
	}
	if n := c.connections(); n != 1 {
		t.Errorf("%d connections after a cancel", n)
	}
	stopOther()
	if err := <-other; !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled call: %v", err)
	}
	<-ended
}

func TestCall_ABrokenConnectionTellsWhichRequestsNeverLeft(t *testing.T) {
	home := authority(t, "home")
	l := server(t, home, nil)
	began, _ := hang(l)
	c, dialled := wired(t, home, l.Addr().String())
	ctx := bounded(t)
	call := func(name string) chan error {
		answer := make(chan error, 1)
		go func() {
			_, err := c.Call(ctx, "server", Work, "hang", []byte(name))
			answer <- err
		}()
		return answer
	}
	taken := call("taken")
	<-began
	w := <-dialled
	w.holding.Store(true)
	half := call("half")
	<-w.held // the writer has it: who knows how much went out
	queued := call("queued")
	for c.pendingBytes() == 0 {
		select {
		case <-ctx.Done():
			t.Fatal("the third request was not queued")
		case <-time.After(time.Millisecond):
		}
	}
	c.CloseConnections()
	for name, answer := range map[string]chan error{"taken": taken, "half": half} {
		if err := <-answer; err == nil || errors.Is(err, ErrNotTaken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := <-queued; !errors.Is(err, ErrNotTaken) {
		t.Errorf("a request that never left: %v", err)
	}
	if _, err := c.Call(ctx, "server", Work, "echo", nil); err != nil {
		t.Errorf("over the next connection: %v", err)
	}
}

// pendingBytes is what waits to be written on the client's connections.
func (c *Client) pendingBytes() (bytes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for connection := range c.open {
		connection.out.mu.Lock()
		bytes += len(connection.out.pending)
		connection.out.mu.Unlock()
	}
	return bytes
}

func TestCall_ASilentConnectionIsReplacedAndItsExchangesStay(t *testing.T) {
	home := authority(t, "home")
	l := server(t, home, nil)
	began, ended := hang(l)
	c, dialled := wired(t, home, l.Addr().String())
	patient, stop := context.WithCancel(bounded(t))
	waiting := make(chan error, 1)
	go func() {
		_, err := c.Call(patient, "server", Work, "hang", nil)
		waiting <- err
	}()
	<-began
	w := <-dialled
	w.deaf.Store(true)
	short, cancel := context.WithTimeout(bounded(t), suspectAfter+100*time.Millisecond)
	defer cancel()
	if _, err := c.Call(short, "server", Work, "echo", nil); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrNotTaken) {
		t.Fatalf("over a silent connection: %v", err)
	}
	if _, err := c.Call(bounded(t), "server", Work, "echo", nil); err != nil {
		t.Fatalf("after it: %v", err)
	}
	if len(dialled) != 1 {
		t.Errorf("%d new connections", len(dialled))
	}
	select {
	case err := <-waiting:
		t.Fatalf("the exchange under way ended: %v", err)
	default:
	}
	stop()
	<-waiting
	<-ended // the cancel still went out
}

func TestClient_CallersShareOneDial(t *testing.T) {
	home := authority(t, "home")
	l := server(t, home, nil)
	c, dialled := wired(t, home, l.Addr().String())
	var calling sync.WaitGroup
	for range 32 {
		calling.Go(func() {
			if _, err := c.Call(bounded(t), "server", Work, "echo", nil); err != nil {
				t.Error(err)
			}
		})
	}
	calling.Wait()
	if len(dialled) != 1 {
		t.Errorf("%d dials", len(dialled))
	}
}
