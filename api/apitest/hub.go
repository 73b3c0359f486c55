package apitest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/hivellm/nexus/api/control"
	"github.com/hivellm/nexus/hivehub"
	"github.com/hivellm/nexus/hivehub/devhub"
	"github.com/hivellm/nexus/tenancy"
)

const (
	hubServiceKey   = "service-key-of-tests"
	hubEventsSecret = "events-secret-of-tests"
)

// Hub is a development hub that listens on loopback until the test ends. It pushes nothing by itself: Event does.
type Hub struct {
	t      testing.TB
	server *httptest.Server
}

// StartHub starts a hub.
func StartHub(t testing.TB) *Hub {
	t.Helper()
	hub, err := devhub.Open(devhub.Options{Dir: t.TempDir(), ServiceKey: tenancy.NewSecret(hubServiceKey)})
	if err != nil {
		t.Fatal(err)
	}
	h := &Hub{t: t, server: httptest.NewServer(hub)}
	t.Cleanup(func() {
		h.Faults(`{}`)
		h.server.Close()
		if err := hub.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// Settings are those of a node that this hub looks after; change may set what a test needs.
func (h *Hub) Settings(change func(*control.Settings)) func() *control.Settings {
	return func() *control.Settings {
		client, err := hivehub.New(hivehub.Config{URL: h.server.URL, ServiceKey: tenancy.NewSecret(hubServiceKey)})
		if err != nil {
			h.t.Fatal(err)
		}
		verifier, err := hivehub.NewVerifier(tenancy.NewSecret(hubEventsSecret))
		if err != nil {
			h.t.Fatal(err)
		}
		settings := &control.Settings{Client: client, Verifier: verifier}
		if change != nil {
			change(settings)
		}
		return settings
	}
}

// User registers a user with a plan, and gives its id and token.
func (h *Hub) User(email, plan string) (id, token string) {
	h.t.Helper()
	var made struct {
		User struct {
			ID string `json:"id"`
		} `json:"user"`
		Token string `json:"access_token"`
	}
	h.call("POST", "/api/auth/register", "", `{"email":"`+email+`","password":"correct horse","full_name":"T"}`, &made)
	h.call("POST", "/api/subscriptions/upgrade", made.Token, `{"plan":"`+plan+`"}`, nil)
	return made.User.ID, made.Token
}

// Key makes a key of a user; functions is JSON, "" for absent.
func (h *Hub) Key(token, functions string) (id, text string) {
	h.t.Helper()
	if functions != "" {
		functions = `,"allowed_functions":` + functions
	}
	var made struct {
		ID   string `json:"key_id"`
		Text string `json:"access_key"`
	}
	h.call("POST", "/v1/access-keys", token, `{"name":"k","environment":"live"`+functions+`}`, &made)
	return made.ID, made.Text
}

// Revoke revokes a user's key.
func (h *Hub) Revoke(token, id string) {
	h.t.Helper()
	h.call("DELETE", "/v1/access-keys/"+id, token, "", nil)
}

// Change patches a user with the dev switch.
func (h *Hub) Change(id, patch string) {
	h.t.Helper()
	h.call("PATCH", "/dev/users/"+id, hubServiceKey, patch, nil)
}

// Faults sets the hub's faults, as JSON.
func (h *Hub) Faults(faults string) {
	h.t.Helper()
	h.call("POST", "/dev/faults", hubServiceKey, faults, nil)
}

// Billed are the requests that the hub has of a user.
func (h *Hub) Billed(id string) (requests uint64) {
	h.t.Helper()
	var usage struct {
		Rows []hivehub.UsageReport `json:"rows"`
	}
	h.call("GET", "/dev/usage?user_id="+id, hubServiceKey, "", &usage)
	for _, row := range usage.Rows {
		requests += row.Totals.Requests
	}
	return requests
}

// Event is a pushed event, signed now.
func (h *Hub) Event() hivehub.SignedEvent {
	body, timestamp, nonce := []byte(`{"type":"quota.changed","id":"x"}`), strconv.FormatInt(time.Now().Unix(), 10), rand.Text()
	return hivehub.SignedEvent{
		Signature: hivehub.SignEvent(tenancy.NewSecret(hubEventsSecret), timestamp, nonce, body), Timestamp: timestamp, Nonce: nonce, Body: body,
	}
}

func (h *Hub) call(method, path, token, body string, into any) {
	h.t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), method, h.server.URL+path, bytes.NewReader([]byte(body)))
	if err != nil {
		h.t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := h.server.Client().Do(request)
	if err != nil {
		h.t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode > 299 {
		h.t.Fatalf("the hub answers %s %s with %d", method, path, answer.StatusCode)
	}
	if into != nil {
		if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
			h.t.Fatal(err)
		}
	}
}
