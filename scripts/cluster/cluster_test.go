package cluster

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestReserve_GivesRangesApart(t *testing.T) {
	taken := map[int]bool{}
	for range 3 {
		base, release, err := reserve(3)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(release)
		if taken[base] {
			t.Fatalf("ports from %d are given twice", base)
		}
		taken[base] = true
	}
	if _, _, err := reserve(maxNodes + 1); err == nil {
		t.Error("more nodes than a slot holds are accepted")
	}
}

func TestReserve_SkipsPortsInUse(t *testing.T) {
	base, release, err := reserve(1)
	if err != nil {
		t.Fatal(err)
	}
	release()
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if port := listener.Addr().(*net.TCPAddr).Port; free(port, 1) {
		t.Errorf("port %d is in use and called free", port)
	}
	if !free(base, 1) {
		t.Errorf("ports from %d are free and called in use", base)
	}
}

func TestUntil_EndsAtItsBound(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	err := Until(ctx, "the impossible", func() (bool, error) { return false, nil })
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "the impossible") {
		t.Errorf("waiting for the impossible answers %v", err)
	}
	wrong := errors.New("wrong")
	if err := Until(t.Context(), "x", func() (bool, error) { return false, wrong }); !errors.Is(err, wrong) {
		t.Errorf("a failing condition answers %v", err)
	}
}

func TestLockFile_HoldsOffOthers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := lockFile(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := lockFile(ctx, path); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a second holder got %v", err)
	}
	unlock()
	again, err := lockFile(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	again()
}

// TestNode_Lifecycle drives a process that is not ours: the harness's own parts, without the product.
func TestNode_Lifecycle(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "serve")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho started\nwhile :; do read -r line < /dev/zero; done\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	n := &Node{Name: "n1", binary: script, Dir: dir, logPath: filepath.Join(dir, "n1.log")}
	t.Cleanup(func() { _ = n.Kill() })
	if err := n.Start(); err != nil {
		t.Fatal(err)
	}
	if n.Start() == nil {
		t.Error("a second process is started")
	}
	if err := n.Pause(); err != nil || n.State() != Paused {
		t.Errorf("paused: %v, state %d", err, n.State())
	}
	if err := n.Resume(); err != nil || n.State() != Up {
		t.Errorf("resumed: %v, state %d", err, n.State())
	}
	ctx := Within(t, 10*time.Second)
	err := Until(ctx, "processor time", func() (bool, error) {
		used, err := n.CPUTicks()
		return used > 0, err
	})
	if err != nil {
		t.Error(err)
	}
	if err := n.Kill(); err != nil || n.PID() != 0 || n.Died() != nil {
		t.Errorf("killed: %v, pid %d, died %v", err, n.PID(), n.Died())
	}
	if n.Pause() == nil {
		t.Error("a dead process is paused")
	}
	n.binary = "/bin/false"
	if err := n.Start(); err != nil {
		t.Fatal(err)
	}
	if err := Until(ctx, "its end to be noticed", func() (bool, error) { return n.Died() != nil, nil }); err != nil {
		t.Error(err)
	}
}

func TestCypher_TellsOutcomes(t *testing.T) {
	answers := map[string]struct {
		status int
		body   string
		want   Outcome
	}{
		"good":    {200, `{"columns":["a"],"rows":[[9007199254740993]]}`, Done},
		"torn":    {200, `{"columns":["a"],"rows":[[1`, Unknown},
		"unknown": {409, `{"code":"UNKNOWN_OUTCOME"}`, Unknown},
		"leader":  {503, `{"code":"NO_LEADER"}`, Refused},
		"inside":  {500, `{"code":"INTERNAL"}`, Unknown},
		"proxy":   {502, `<html>`, Unknown},
	}
	var current string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer k" || r.Header.Get("Idempotency-Key") != "once" {
			t.Errorf("headers %v", r.Header)
		}
		w.WriteHeader(answers[current].status)
		_, _ = w.Write([]byte(answers[current].body))
	}))
	node := &Node{Name: "n1", HTTP: strings.TrimPrefix(server.URL, "http://")}
	k := (&Cluster{web: server.Client()}).Client("k")
	for name, a := range answers {
		current = name
		answer, outcome, err := k.Cypher(t.Context(), node, Query{Text: "RETURN 1", Key: "once"})
		if outcome != a.want {
			t.Errorf("%s: outcome %d (%v), wanted %d", name, outcome, err, a.want)
		}
		if name == "good" {
			if n, err := answer.Int(); err != nil || n != 9007199254740993 {
				t.Errorf("answered %d, %v", n, err)
			}
		}
	}
	server.Close()
	if _, outcome, err := k.Cypher(t.Context(), node, Query{Text: "RETURN 1", Key: "once"}); err == nil || outcome != Refused {
		t.Errorf("a connection never made: outcome %d, %v", outcome, err)
	}
}

func TestSameDigests_TellsDifferences(t *testing.T) {
	a := Digest{Databases: []DatabaseDigest{{Database: "default", Digest: "1"}}}
	b := Digest{Databases: []DatabaseDigest{{Database: "default", Digest: "2"}}}
	if err := sameDigests([]Digest{a, a, a}); err != nil {
		t.Error(err)
	}
	if sameDigests([]Digest{a, a, b}) == nil {
		t.Error("different digests are called the same")
	}
}
