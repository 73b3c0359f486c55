package peer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func authority(t testing.TB, cluster string) *Authority {
	t.Helper()
	made, err := NewAuthority(cluster)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func identity(t testing.TB, a *Authority, node string) Identity {
	t.Helper()
	certificate, key, err := a.Issue(node, []string{"127.0.0.1", "localhost"})
	if err != nil {
		t.Fatal(err)
	}
	made, err := NewIdentity(certificate, key, a.CertificatePEM())
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// server listens as node "server", with "member" in its configuration.
func server(t testing.TB, a *Authority, gate Gate) *Listener {
	t.Helper()
	l, err := Listen(ListenerConfig{Address: "127.0.0.1:0", Identity: identity(t, a, "server"), Gate: gate,
		Member: func(id string) bool { return id == "member" }})
	if err != nil {
		t.Fatal(err)
	}
	l.HandleCall("echo", Member, func(_ context.Context, from string, request []byte) ([]byte, error) {
		return append([]byte(from+":"), request...), nil
	})
	l.HandleCall("open", Certificate, func(context.Context, string, []byte) ([]byte, error) { return []byte("open"), nil })
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func client(t testing.TB, id Identity, address string) *Client {
	t.Helper()
	c := NewClient(ClientConfig{Identity: id, Address: func(string) (string, bool) { return address, true }})
	t.Cleanup(c.Close)
	return c
}

func bounded(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestAdmission_FollowsCertificateAndMembership(t *testing.T) {
	home := authority(t, "home")
	l := server(t, home, func(node string) error {
		if node == "removed" {
			return errors.New("removed")
		}
		return nil
	})
	foreign := authority(t, "home") // the same name under another key
	elsewhere := authority(t, "elsewhere")
	mixed := identity(t, home, "member")
	mixed.certificate = identity(t, foreign, "member").certificate
	other := identity(t, home, "member")
	other.certificate = identity(t, elsewhere, "member").certificate
	cases := []struct {
		name, node, method string
		identity           Identity
		code               string // "": served; "dial": no connection
	}{
		{"member", "server", "echo", identity(t, home, "member"), ""},
		{"no member", "server", "echo", identity(t, home, "joiner"), CodeNotMember},
		{"no member, open method", "server", "open", identity(t, home, "joiner"), ""},
		{"unknown method", "server", "nothing", identity(t, home, "member"), CodeUnknownMethod},
		{"unknown method, no member", "server", "nothing", identity(t, home, "joiner"), CodeUnknownMethod},
		{"another authority of the same name", "server", "open", mixed, "dial"},
		{"another cluster", "server", "open", other, "dial"},
		{"removed node", "server", "open", identity(t, home, "removed"), CodeRemoved},
		{"another node answers", "someone else", "open", identity(t, home, "member"), "dial"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := client(t, c.identity, l.Addr().String()).Call(bounded(t), c.node, Control, c.method, nil)
			switch {
			case c.code == "" && err != nil, c.code != "" && err == nil:
				t.Fatalf("error %v, want code %q", err, c.code)
			case c.code == "dial" && CodeOf(err) != "":
				t.Fatalf("refused only by %v", err)
			case c.code != "" && c.code != "dial" && (CodeOf(err) != c.code || !errors.Is(err, ErrNotTaken)):
				t.Fatalf("error %v, want %s and not taken", err, c.code)
			}
		})
	}
}

func TestListener_RefusesWithoutCertificateAndPlainText(t *testing.T) {
	l := server(t, authority(t, "home"), nil)
	plain, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	if _, err := plain.Write([]byte("GET / HTTP/1.1\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	answer, _ := io.ReadAll(plain)
	if bytes.Contains(answer, []byte("HTTP")) {
		t.Fatalf("plain text was answered: %q", answer)
	}
}

func TestAuthority_SurvivesItsFiles(t *testing.T) {
	first := authority(t, "home")
	again, err := LoadAuthority(first.CertificatePEM(), first.KeyPEM())
	if err != nil {
		t.Fatal(err)
	}
	id := identity(t, again, "later")
	if id.ClusterID != "home" || id.NodeID != "later" || strings.Contains(fmt.Sprint(id), "PRIVATE") {
		t.Fatalf("identity %v", id)
	}
	certificate, key, err := again.Issue("later", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewIdentity(certificate, key, authority(t, "home").CertificatePEM()); err == nil {
		t.Fatal("a certificate of another authority was believed")
	}
}

func TestCall_CarriesManyAtOnce(t *testing.T) {
	home := authority(t, "home")
	l := server(t, home, nil)
	c := client(t, identity(t, home, "member"), l.Addr().String())
	var calling sync.WaitGroup
	for i := range 64 {
		calling.Add(1)
		go func() {
			defer calling.Done()
			for range 20 {
				want := fmt.Sprintf("member:%d", i)
				if answer, err := c.Call(bounded(t), "server", Work, "echo", fmt.Appendf(nil, "%d", i)); err != nil || string(answer) != want {
					t.Errorf("%q, %v", answer, err)
					return
				}
			}
		}()
	}
	calling.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.open) > 64 {
		t.Errorf("%d connections for 64 callers", len(c.open))
	}
}

func TestStream_GoesBothWaysAndReusesItsConnection(t *testing.T) {
	home := authority(t, "home")
	l := server(t, home, nil)
	l.HandleStream("sum", Member, func(ctx context.Context, _ string, s *ServerStream) error {
		total := 0
		for {
			frame, err := s.Receive(ctx)
			if err == io.EOF {
				return s.Send(fmt.Appendf(nil, "%d", total))
			}
			if err != nil {
				return err
			}
			total += len(frame)
		}
	})
	c := client(t, identity(t, home, "member"), l.Addr().String())
	for range 3 {
		s, err := c.Stream(bounded(t), "server", Work, "sum", nil, true)
		if err != nil {
			t.Fatal(err)
		}
		for range 10 {
			if err := s.Send(make([]byte, 100_000)); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.CloseSend(); err != nil {
			t.Fatal(err)
		}
		if frame, err := s.Receive(); err != nil || string(frame) != "1000000" {
			t.Fatalf("%q, %v", frame, err)
		}
		if _, err := s.Receive(); err != io.EOF {
			t.Fatalf("after the end: %v", err)
		}
		s.Close()
	}
	if len(c.open) != 1 {
		t.Errorf("%d connections for one stream at a time", len(c.open))
	}
}

func TestCall_CancelReachesTheHandlerAndLeavesOpenWhatBecameOfIt(t *testing.T) {
	home := authority(t, "home")
	l := server(t, home, nil)
	began, ended := make(chan struct{}), make(chan error, 1)
	l.HandleCall("hang", Member, func(ctx context.Context, _ string, _ []byte) ([]byte, error) {
		close(began)
		<-ctx.Done()
		ended <- ctx.Err()
		return nil, ctx.Err()
	})
	c := client(t, identity(t, home, "member"), l.Addr().String())
	ctx, cancel := context.WithCancel(bounded(t))
	go func() {
		<-began
		cancel()
	}()
	_, err := c.Call(ctx, "server", Work, "hang", nil)
	if !errors.Is(err, context.Canceled) || errors.Is(err, ErrNotTaken) {
		t.Fatalf("error %v", err)
	}
	if err := <-ended; err == nil {
		t.Fatal("the handler was not cancelled")
	}
}

func TestCall_DeadlineTravels(t *testing.T) {
	home := authority(t, "home")
	l := server(t, home, nil)
	left := make(chan time.Duration, 1)
	l.HandleCall("deadline", Member, func(ctx context.Context, _ string, _ []byte) ([]byte, error) {
		at, _ := ctx.Deadline()
		left <- time.Until(at)
		return nil, nil
	})
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if _, err := client(t, identity(t, home, "member"), l.Addr().String()).Call(ctx, "server", Work, "deadline", nil); err != nil {
		t.Fatal(err)
	}
	if d := <-left; d <= 0 || d > 5*time.Second {
		t.Fatalf("the handler had %s", d)
	}
}

func TestCall_ADeadNodeDidNotTakeIt(t *testing.T) {
	home := authority(t, "home")
	l := server(t, home, nil)
	c := client(t, identity(t, home, "member"), l.Addr().String())
	if _, err := c.Call(bounded(t), "server", Work, "echo", nil); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for c.connections() > 0 { // the reader sees the end of the pooled connection
		select {
		case <-bounded(t).Done():
			t.Fatal("a dead connection stays in the pool")
		case <-time.After(time.Millisecond):
		}
	}
	if _, err := c.Call(bounded(t), "server", Work, "echo", nil); !errors.Is(err, ErrNotTaken) {
		t.Fatalf("error %v", err)
	}
}

func (c *Client) connections() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.open)
}

func TestFrame_TooLargeIsRefusedOnBothSides(t *testing.T) {
	home := authority(t, "home")
	l := server(t, home, nil)
	l.HandleCall("large", Member, func(context.Context, string, []byte) ([]byte, error) {
		return make([]byte, MaxFrameBytes+1), nil
	})
	c := client(t, identity(t, home, "member"), l.Addr().String())
	if _, err := c.Call(bounded(t), "server", Work, "echo", make([]byte, MaxFrameBytes+1)); !errors.Is(err, ErrFrameTooLarge) || !errors.Is(err, ErrNotTaken) {
		t.Fatalf("request: %v", err)
	}
	if _, err := c.Call(bounded(t), "server", Work, "large", nil); CodeOf(err) != CodeFailed {
		t.Fatalf("result: %v", err)
	}
	if answer, err := c.Call(bounded(t), "server", Work, "echo", make([]byte, MaxFrameBytes-16)); err != nil || len(answer) != MaxFrameBytes-16+len("member:") {
		t.Fatalf("largest: %d, %v", len(answer), err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encodeRequestHead(true, 7, "method"))
	f.Add(encodeError(&Error{Code: "c", Message: "m"}))
	f.Fuzz(func(t *testing.T, payload []byte) {
		if call, err := decodeRequest(payload); err == nil {
			again := append(encodeRequestHead(call.noMore, call.deadlineMs, call.method), call.body...)
			if got, err := decodeRequest(again); err != nil || got.method != call.method || !bytes.Equal(got.body, call.body) {
				t.Fatalf("%+v became %+v, %v", call, got, err)
			}
		}
		_ = decodeError(payload, true)
	})
}

func TestStream_ClosedAfterItsLastFrameKeepsTheConnection(t *testing.T) {
	home := authority(t, "home")
	l := server(t, home, nil)
	l.HandleStream("one", Member, func(_ context.Context, _ string, s *ServerStream) error { return s.Send([]byte("all")) })
	c := client(t, identity(t, home, "member"), l.Addr().String())
	for range 20 {
		s, err := c.Stream(bounded(t), "server", Work, "one", nil, false)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Receive(); err != nil {
			t.Fatal(err)
		}
		s.Close()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.open) > 3 { // one, unless this machine was busy for longer than Close looks
		t.Errorf("%d connections", len(c.open))
	}
}
