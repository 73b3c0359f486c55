package peer

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"testing"
	"time"
)

// raw opens a connection on which a test writes frames by hand.
func raw(t *testing.T, home *Authority, address string) *tls.Conn {
	t.Helper()
	c := client(t, identity(t, home, "member"), address)
	connection, _, err := c.DialTLS(bounded(t), address, "server", ProtocolPeer)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.NetConn().Close() })
	if err := connection.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return connection
}

func TestListener_CutsWhoBreaksTheProtocol(t *testing.T) {
	home := authority(t, "home")
	l := server(t, home, nil)
	began, _ := hang(l)
	l.HandleStream("deaf", Member, func(ctx context.Context, _ string, _ *ServerStream) error {
		began <- "deaf"
		<-ctx.Done()
		return ctx.Err()
	})
	open := func(method string, noMore bool) []byte {
		return appendFrame(nil, kindRequest, 7, encodeRequestHead(noMore, 0, method), nil)
	}
	frame := func(k kind, payload []byte) []byte { return appendFrame(nil, k, 7, nil, payload) }
	full := frame(kindData, make([]byte, windowBytes))
	cases := []struct {
		name string
		then []byte
	}{
		{"data beyond the window", append(append([]byte{}, full...), frame(kindData, nil)...)},
		{"data after the last", append(frame(kindSendEnd, nil), frame(kindData, nil)...)},
		{"an exchange twice", open("deaf", false)},
		{"a window that grows", frame(kindWindow, encodeWindow(1))},
		{"a malformed window", frame(kindWindow, []byte{1})},
		{"an answer to the answerer", frame(kindEnd, nil)},
		{"an unknown kind", frame(99, nil)},
		{"a frame above the bound", []byte{0xff, 0xff, 0xff, 0xff, byte(kindData), 0, 0, 0, 0, 0, 0, 0, 7}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			connection := raw(t, home, l.Addr().String())
			if _, err := connection.Write(open("deaf", false)); err != nil {
				t.Fatal(err)
			}
			<-began
			if _, err := connection.Write(c.then); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadAll(connection); err != nil && isTimeout(err) {
				t.Fatal("the connection stays open")
			}
		})
	}
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

func TestListener_DropsFramesOfExchangesThatEnded(t *testing.T) {
	home := authority(t, "home")
	l := server(t, home, nil)
	connection := raw(t, home, l.Addr().String())
	var frames []byte
	for _, k := range []kind{kindData, kindWindow, kindCancel, kindSendEnd} {
		frames = appendFrame(frames, k, 5, nil, []byte("late"))
	}
	frames = appendFrame(frames, kindRequest, 6, encodeRequestHead(true, 0, "open"), nil)
	if _, err := connection.Write(frames); err != nil {
		t.Fatal(err)
	}
	answer, err := readFrame(bufio.NewReader(connection))
	if err != nil || answer.kind != kindEnd || answer.id != 6 || string(answer.payload) != "open" {
		t.Fatalf("%+v, %v", answer, err)
	}
}

func TestServing_RefusesBeyondItsBounds(t *testing.T) {
	s := &serving{listener: &Listener{}}
	for range maxRequestBytes / MaxFrameBytes {
		if !s.reserve(MaxFrameBytes) {
			t.Fatal("refused within the bound of bytes")
		}
	}
	if s.reserve(1) {
		t.Fatal("taken beyond the bound of bytes")
	}
	s.release(MaxFrameBytes)
	if !s.reserve(1) {
		t.Fatal("refused after a release")
	}
	few := &serving{listener: &Listener{}}
	for range maxServed {
		if !few.reserve(0) {
			t.Fatal("refused within the bound of a connection")
		}
	}
	if few.reserve(0) {
		t.Fatal("taken beyond the bound of a connection")
	}
	few.listener.handlers.Store(maxHandlers)
	if (&serving{listener: few.listener}).reserve(0) {
		t.Fatal("taken beyond the bound of the port")
	}
}

func TestLink_WaitsForAPlace(t *testing.T) {
	l := newLink()
	for range maxRequestBytes / MaxFrameBytes {
		if err := l.enter(bounded(t), MaxFrameBytes); err != nil {
			t.Fatal(err)
		}
	}
	over, cancel := context.WithCancel(context.Background())
	cancel()
	if err := l.enter(over, 1); !errors.Is(err, context.Canceled) {
		t.Fatalf("beyond the bound: %v", err)
	}
	l.exit(MaxFrameBytes)
	if err := l.enter(bounded(t), 1); err != nil {
		t.Fatal(err)
	}
}

func TestStream_LastTravelsWithTheEndAndNotWithAnError(t *testing.T) {
	home := authority(t, "home")
	l := server(t, home, nil)
	l.HandleStream("last", Member, func(_ context.Context, _ string, s *ServerStream) error {
		if err := s.Queue([]byte("first")); err != nil {
			return err
		}
		if err := s.Last([]byte("last")); err != nil {
			return err
		}
		if len(s.Request()) > 0 {
			return Fail("changed", "its mind")
		}
		return nil
	})
	c := client(t, identity(t, home, "member"), l.Addr().String())
	for request, want := range map[string][]string{"": {"first", "last"}, "fail": {"first"}} {
		s, err := c.Stream(bounded(t), "server", Work, "last", []byte(request), false)
		if err != nil {
			t.Fatal(err)
		}
		for _, frame := range want {
			if got, err := s.Receive(); err != nil || string(got) != frame {
				t.Errorf("%q, %v; want %q", got, err, frame)
			}
		}
		_, err = s.Receive()
		if ended := err == io.EOF; ended != (request == "") || !ended && CodeOf(err) != "changed" {
			t.Errorf("request %q ended with %v", request, err)
		}
		s.Close()
	}
}

func TestOutbox_CoalescesWaitsAndForgetsWhatNeverLeft(t *testing.T) {
	o := newOutbox()
	ctx := bounded(t)
	var places []uint64
	for i := range 3 {
		place, err := o.put(ctx, outgoing{kind: kindData, id: uint64(i), body: []byte("x"), flush: true})
		if err != nil {
			t.Fatal(err)
		}
		places = append(places, place)
	}
	batch := o.take()
	if len(batch) != 3*(frameHeaderBytes+1) {
		t.Fatalf("a batch of %d bytes", len(batch))
	}
	if _, err := o.put(ctx, outgoing{kind: kindData, body: make([]byte, maxPendingBytes), flush: true}); err != nil {
		t.Fatal(err)
	}
	over, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := o.put(over, outgoing{kind: kindData}); !errors.Is(err, context.Canceled) {
		t.Fatalf("without room: %v", err)
	}
	if err := o.putNow(outgoing{kind: kindCancel}); err != nil {
		t.Fatalf("a small frame waits: %v", err)
	}
	waits := make(chan error, 1)
	go func() {
		_, err := o.put(ctx, outgoing{kind: kindData, flush: true})
		waits <- err
	}()
	o.giveBack(o.take())
	if err := <-waits; err != nil {
		t.Fatal(err)
	}
	late, err := o.put(ctx, outgoing{kind: kindData})
	if err != nil {
		t.Fatal(err)
	}
	o.close()
	if o.neverLeft(places[2]) || !o.neverLeft(late) || o.take() != nil {
		t.Error("what left and what did not are confused")
	}
	if _, err := o.put(ctx, outgoing{kind: kindData}); !errors.Is(err, errConnectionLost) {
		t.Errorf("after close: %v", err)
	}
}

func FuzzReadFrame(f *testing.F) {
	f.Add(appendFrame(nil, kindData, 1, []byte("head"), []byte("body")))
	f.Fuzz(func(t *testing.T, input []byte) {
		next, err := readFrame(bufio.NewReader(bytes.NewReader(input)))
		if err != nil {
			return
		}
		if again := appendFrame(nil, next.kind, next.id, nil, next.payload); !bytes.Equal(again, input[:len(again)]) {
			t.Fatalf("%x became %x", input, again)
		}
	})
}
