package rest

import (
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hivellm/nexus/tenancy"
)

// TestDamping_SlowsGuessersOnly: the answer to a guess is held back after a hundred at once, by address and by key id, and
// soon no more; others are not touched.
func TestDamping_SlowsGuessersOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDamping()
		key := unknownKey(t, "live")
		for i := range freeFailures {
			if d.failed(time.Now(), "10.0.0.1", "not a key") {
				t.Fatalf("failure %d is held back", i)
			}
		}
		if !d.failed(time.Now(), "10.0.0.1", "not a key") {
			t.Error("a guesser's answer is not held back")
		}
		for range freeFailures { // from everywhere, one key
			d.failed(time.Now(), strings.Repeat("x", 1+len(key)), key)
		}
		if !d.failed(time.Now(), "10.9.9.9", key) {
			t.Error("guesses of one key from many addresses are not held back")
		}
		time.Sleep(failureEvery)
		if d.failed(time.Now(), "10.0.0.1", "not a key") {
			t.Error("who stopped is still held back")
		}
		before := time.Now()
		d.hold(t.Context())
		if took := time.Since(before); took != damped {
			t.Errorf("held back for %s", took)
		}
		for range maxDamped {
			d.held <- struct{}{}
		}
		before = time.Now()
		d.hold(t.Context())
		if time.Since(before) != 0 {
			t.Error("more are held back than there are places for")
		}
	})
}

// TestDamping_AGoodKeyNeverWaits: at the door, beside guesses of the very same key id.
func TestDamping_AGoodKeyNeverWaits(t *testing.T) {
	cluster, server := newServer(t)
	w := newWorld(t, cluster, server)
	server.damping = newDamping()
	guess := withSecret(t, w.oneKey)
	for range freeFailures {
		w.refused(w.do("GET", "/health", guess, ""), 401, "INVALID_TOKEN")
	}
	began := time.Now()
	w.refused(w.do("GET", "/health", guess, ""), 401, "INVALID_TOKEN")
	if took := time.Since(began); took < damped {
		t.Errorf("a guesser is answered after %s", took)
	}
	began = time.Now()
	w.want(w.do("GET", "/health", w.oneKey, ""), 200)
	if took := time.Since(began); took >= damped {
		t.Errorf("the key's owner is answered after %s", took)
	}
}

// TestOpen_NobodysPageSpeaksForAnybody: a standalone node's open door is for programs of this machine.
func TestOpen_NobodysPageSpeaksForAnybody(t *testing.T) {
	cluster, server := newServer(t)
	w := newWorld(t, cluster, server)
	server.config.Open = Open{Key: tenancy.NewSecret(w.oneKey), Everywhere: true}
	for _, one := range []struct {
		host, origin string
		status       int
	}{{"127.0.0.1:15474", "", 200}, {"localhost", "", 200}, {"[::1]:15474", "", 200}, {"page.example", "", 401}, {"127.0.0.1:15474", "http://page.example", 401}, {"127.0.0.1.page.example", "", 401}} {
		request := httptest.NewRequest("GET", "/stats", nil)
		request.Host = one.host
		if one.origin != "" {
			request.Header.Set("Origin", one.origin)
		}
		recorder := httptest.NewRecorder()
		server.Handler().ServeHTTP(recorder, request)
		if recorder.Code != one.status {
			t.Errorf("%s, origin %q: answered %d, wanted %d", one.host, one.origin, recorder.Code, one.status)
		}
	}
}
