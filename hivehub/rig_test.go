package hivehub

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/hivellm/nexus/tenancy"
)

// fakeHub is a hub that answers what a test says, without a network, so that it works in virtual time.
type fakeHub struct {
	mu   sync.Mutex
	seen []*http.Request
	say  func(r *http.Request) (int, string, error)
}

// RoundTrip implements http.RoundTripper.
func (f *fakeHub) RoundTrip(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	f.seen = append(f.seen, r)
	say := f.say
	f.mu.Unlock()
	status, body, err := say(r)
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

// answer changes what the hub says.
func (f *fakeHub) answer(say func(*http.Request) (int, string, error)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.say = say
}

func (f *fakeHub) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.seen)
}

// slow is an answer that never comes before its request ends.
func slow(r *http.Request) (int, string, error) {
	<-r.Context().Done()
	return 0, "", r.Context().Err()
}

func always(status int, body string) func(*http.Request) (int, string, error) {
	return func(*http.Request) (int, string, error) { return status, body, nil }
}

// clientOf is a client of a fake hub; the test must close it when it runs in a bubble.
func clientOf(t *testing.T, say func(*http.Request) (int, string, error)) (*Client, *fakeHub) {
	t.Helper()
	hub := &fakeHub{say: say}
	c, err := New(Config{URL: "http://hub.test", ServiceKey: tenancy.NewSecret("service-key-of-tests"), Transport: hub})
	if err != nil {
		t.Fatal(err)
	}
	return c, hub
}
