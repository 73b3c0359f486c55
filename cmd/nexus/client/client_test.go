package client

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/tenancy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// node answers as it is told; the cluster itself is tested by the command line's scripts.
func node(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return server.URL
}

func refusing(status int, code api.Code) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"code": code, "status": status, "detail": "d"})
	}
}

func dial(t *testing.T, o Options) *Client {
	t.Helper()
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.http.CloseIdleConnections)
	return c
}

func TestDo_TriesAddressesInTurn(t *testing.T) {
	var asked atomic.Int32
	good := node(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.Header.Get("Authorization") != "Bearer k" {
			t.Errorf("authorization is %q", r.Header.Get("Authorization"))
		}
		_, _ = w.Write([]byte("{}"))
	})
	c := dial(t, Options{Addresses: []string{"127.0.0.1:1", node(t, refusing(503, api.CodeNoLeader)), good}, Key: tenancy.NewSecret("k")})
	if answer, err := c.Do(t.Context(), "POST", "/x", map[string]int{}); err != nil || string(answer) != "{}" || asked.Load() != 1 {
		t.Errorf("answered %s, %v", answer, err)
	}
}

func TestDo_ARefusalIsFinal(t *testing.T) {
	never := node(t, func(http.ResponseWriter, *http.Request) { t.Error("another node was asked") })
	c := dial(t, Options{Addresses: []string{node(t, refusing(409, api.CodeConflict)), never}})
	var problem *Problem
	if _, err := c.Do(t.Context(), "POST", "/x", nil); !errors.As(err, &problem) || problem.Exit() != api.ExitConflict {
		t.Errorf("answered %v", err)
	}
}

func TestDo_ABrokenWriteIsNotSentAgain(t *testing.T) {
	breaks := node(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	never := node(t, func(http.ResponseWriter, *http.Request) { t.Error("the write was sent again") })
	c := dial(t, Options{Addresses: []string{breaks, never}})
	var interrupted *Interrupted
	if _, err := c.Do(t.Context(), "POST", "/x", map[string]int{}); !errors.As(err, &interrupted) {
		t.Errorf("answered %v", err)
	}
	good := node(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) })
	if _, err := dial(t, Options{Addresses: []string{breaks, good}}).Do(t.Context(), "GET", "/x", nil); err != nil {
		t.Errorf("a read is not tried elsewhere: %v", err)
	}
}

func TestDo_IsPatientWhileNobodyLeads(t *testing.T) {
	var asked atomic.Int32
	late := node(t, func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) < 3 {
			refusing(503, api.CodeNoLeader)(w, r)
			return
		}
		_, _ = w.Write([]byte("{}"))
	})
	if _, err := dial(t, Options{Addresses: []string{late}, Patience: 30 * time.Second}).Do(t.Context(), "POST", "/x", nil); err != nil {
		t.Errorf("answered %v", err)
	}
	var problem *Problem
	if _, err := dial(t, Options{Addresses: []string{node(t, refusing(503, api.CodeNoLeader))}}).Do(t.Context(), "POST", "/x", nil); !errors.As(err, &problem) || problem.Exit() != api.ExitUnavailable {
		t.Errorf("answered %v", err)
	}
}

func TestNew_RefusesWhatIsNoAddress(t *testing.T) {
	for _, address := range []string{"", "ftp://x", "http://u:p@x", "http://x?y=1", "http://"} {
		if _, err := New(Options{Addresses: []string{address}}); err == nil {
			t.Errorf("%q is accepted", address)
		}
	}
	if _, err := New(Options{Addresses: []string{"x"}, CAFile: "none"}); err == nil || !strings.Contains(err.Error(), "authority") {
		t.Errorf("a missing CA file answers %v", err)
	}
}
