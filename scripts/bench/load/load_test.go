package load

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestRun_SendsWholeNumberedRequests(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.URL.Path != "/cypher" || r.Header.Get("Authorization") != "Bearer key" {
			t.Errorf("%v, %s", err, r.URL.Path)
		}
		mu.Lock()
		seen[string(body)]++
		mu.Unlock()
		answer := strings.Repeat("x", 20_000) // more than a connection's first buffer
		w.Header().Set("Content-Length", fmt.Sprint(len(answer)))
		_, _ = io.WriteString(w, answer)
	}))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	var targets []*Target
	for range 3 {
		c, err := Dial(host)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		targets = append(targets, &Target{Conn: c, Request: NewRequest(host, "/cypher", "key", `{"i":`+Hole+`,"j":`+Hole+`}`)})
	}
	result, err := Run(t.Context(), targets, &Numbers{}, 100*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if uint64(len(seen)) != result.Latencies.Count() {
		t.Errorf("%d different bodies, %d answers", len(seen), result.Latencies.Count())
	}
	if seen[`{"i":1000000000,"j":1000000000}`] != 1 {
		t.Errorf("the first number was not sent once")
	}
}

func TestRun_EndsAtARefusal(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "2")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, "no")
	}))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	c, err := Dial(host)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, err = Run(t.Context(), []*Target{{Conn: c, Request: NewRequest(host, "/", "k", "{}")}}, &Numbers{}, time.Minute)
	if err == nil || !strings.Contains(err.Error(), "503: no") {
		t.Errorf("a refusal answers %v", err)
	}
}

func TestHistogram_QuantilesAreNear(t *testing.T) {
	var h Histogram
	for us := 1; us <= 100_000; us++ {
		h.Add(time.Duration(us) * time.Microsecond)
	}
	for _, part := range []float64{0.5, 0.9, 0.99, 1} {
		want := part * 100_000
		if got := float64(h.Quantile(part).Microseconds()); got < want*0.97 || got > want*1.04 {
			t.Errorf("quantile %v is %v µs, wanted about %v", part, got, want)
		}
	}
	var empty Histogram
	if empty.Quantile(0.5) != 0 {
		t.Error("an empty histogram has a median")
	}
}
