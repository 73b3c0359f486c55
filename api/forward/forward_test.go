package forward

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hivellm/nexus/raft/peer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// heard is a sink that writes down what it is told.
type heard struct{ columns, rows []string }

func (h *heard) Columns(names []string) error {
	h.columns = append([]string{}, names...)
	return nil
}

func (h *heard) Row(encoded []byte) error {
	h.rows = append(h.rows, string(encoded))
	return nil
}

// channel is a peer channel between two nodes, whose method "run" is served by run.
func channel(t *testing.T, run func(request []byte, sink Sink) (end, failure []byte, err error)) func() *peer.Stream {
	t.Helper()
	home, err := peer.NewAuthority("home")
	if err != nil {
		t.Fatal(err)
	}
	identity := func(node string) peer.Identity {
		certificate, key, err := home.Issue(node, nil)
		if err != nil {
			t.Fatal(err)
		}
		made, err := peer.NewIdentity(certificate, key, home.CertificatePEM())
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	listener, err := peer.Listen(peer.ListenerConfig{Address: "127.0.0.1:0", Identity: identity("server"),
		Member: func(string) bool { return true }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	listener.HandleStream("run", peer.Member, func(_ context.Context, _ string, s *peer.ServerStream) error { return Serve(s, run) })
	client := peer.NewClient(peer.ClientConfig{Identity: identity("client"),
		Address: func(string) (string, bool) { return listener.Addr().String(), true }})
	t.Cleanup(client.Close)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	t.Cleanup(cancel)
	return func() *peer.Stream {
		stream, err := client.Stream(ctx, "server", peer.Work, "run", []byte("request"), false)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stream.Close)
		return stream
	}
}

// rows serves a number of rows of a size, after columns.
func rows(number, bytes int) func([]byte, Sink) ([]byte, []byte, error) {
	return func(_ []byte, sink Sink) (end, failure []byte, err error) {
		if err := sink.Columns([]string{"a", "b"}); err != nil {
			return nil, nil, err
		}
		for i := range number {
			if err := sink.Row([]byte(fmt.Sprintf("%*d", bytes, i))); err != nil {
				return nil, nil, err
			}
		}
		return []byte("summary"), nil, nil
	}
}

func TestServe_AnswersOfEverySizeArriveWhole(t *testing.T) {
	for _, c := range []struct{ number, bytes int }{{0, 0}, {1, 10}, {1000, 100}, {10, 100_000}, {3, 2 << 20}} {
		t.Run(fmt.Sprintf("%d×%d", c.number, c.bytes), func(t *testing.T) {
			var h heard
			end, err := receive(channel(t, rows(c.number, c.bytes))(), &h)
			if err != nil || string(end) != "summary" || strings.Join(h.columns, ",") != "a,b" || len(h.rows) != c.number {
				t.Fatalf("%q, %v, columns %v, %d rows", end, err, h.columns, len(h.rows))
			}
			for i, row := range h.rows {
				if row != fmt.Sprintf("%*d", c.bytes, i) {
					t.Fatalf("row %d has %d bytes", i, len(row))
				}
			}
		})
	}
}

func TestServe_ASmallAnswerIsOneFrame(t *testing.T) {
	stream := channel(t, rows(5, 10))()
	if _, err := stream.Receive(); err != nil {
		t.Fatal(err)
	}
	if frame, err := stream.Receive(); err != io.EOF {
		t.Fatalf("a second frame %q, %v", frame, err)
	}
}

func TestServe_AFailureTakesThePlaceOfWhatDidNotLeave(t *testing.T) {
	var h heard
	_, err := receive(channel(t, func(request []byte, sink Sink) (end, failure []byte, err error) {
		if _, _, err := rows(2, 10)(request, sink); err != nil {
			return nil, nil, err
		}
		return nil, []byte("no"), nil
	})(), &h)
	var failure *Failure
	if !errors.As(err, &failure) || string(failure.Encoded) != "no" || h.columns != nil || h.rows != nil {
		t.Fatalf("%v, %+v", err, h)
	}
}

func TestServe_AnErrorOfRunEndsTheExchangeAsItIs(t *testing.T) {
	_, err := receive(channel(t, func(_ []byte, sink Sink) (end, failure []byte, err error) {
		return nil, nil, peer.Refuse("elsewhere", "not here")
	})(), &heard{})
	if peer.CodeOf(err) != "elsewhere" || !errors.Is(err, peer.ErrNotTaken) {
		t.Fatal(err)
	}
}

func FuzzTakeFrame(f *testing.F) {
	p := &packer{}
	for _, item := range []struct {
		kind byte
		body string
	}{{itemColumns, "\x91\xa1a"}, {itemRow, "row"}, {itemEnd, "end"}} {
		if err := p.add(item.kind, []byte(item.body)); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(p.frame)
	f.Add([]byte("r\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, frame []byte) {
		var h heard
		_, _, _ = takeFrame(frame, &h)
		if total := len(strings.Join(h.rows, "")); total > len(frame) {
			t.Fatalf("%d bytes of rows in a frame of %d", total, len(frame))
		}
	})
}
