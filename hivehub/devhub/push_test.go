package devhub

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hivellm/nexus/hivehub"
	"github.com/hivellm/nexus/tenancy"
)

// receiver is a node's events route: it verifies as a node does.
type receiver struct {
	server *httptest.Server
	refuse atomic.Int32 // how many to refuse first
	told   chan string
}

func newReceiver(t *testing.T, secret tenancy.Secret) *receiver {
	t.Helper()
	verifier, err := hivehub.NewVerifier(secret)
	if err != nil {
		t.Fatal(err)
	}
	r := &receiver{told: make(chan string, 100)}
	r.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		pull, err := verifier.Verify(time.Now(), hivehub.SignedEvent{
			Signature: q.Header.Get(hivehub.HeaderSignature), Timestamp: q.Header.Get(hivehub.HeaderTimestamp), Nonce: q.Header.Get(hivehub.HeaderNonce), Body: body,
		})
		var e event
		switch {
		case err != nil || q.URL.Path != "/hivehub/events" || json.Unmarshal(body, &e) != nil || e.ID == "":
			w.WriteHeader(401)
			r.told <- "refused"
		case r.refuse.Add(-1) >= 0:
			w.WriteHeader(503)
		default:
			r.told <- pull.Reason
		}
	}))
	t.Cleanup(r.server.Close)
	return r
}

func (r *receiver) next(t *testing.T) string {
	t.Helper()
	select {
	case got := <-r.told:
		return got
	case <-time.After(10 * time.Second):
		t.Fatal("no event came")
		return ""
	}
}

func TestPush_EveryChangeIsToldUntilItIsTaken(t *testing.T) {
	secret := tenancy.NewSecret("events-secret-of-tests")
	node := newReceiver(t, secret)
	node.refuse.Store(2)
	r := newRig(t, func(o *Options) { o.Push, o.EventsSecret = []string{node.server.URL}, secret })
	user, token := r.register("a@example.org")
	if got := node.next(t); got != "user.created" {
		t.Fatal(got)
	}
	key, _ := r.makeKey(token, `{"name":"k","environment":"live"}`)
	r.must(200, "POST", "/api/subscriptions/upgrade", token, `{"plan":"pro"}`)
	r.must(200, "DELETE", "/v1/access-keys/"+key, token, "")
	r.must(200, "DELETE", "/v1/access-keys/"+key, token, "") // no event: nothing changed
	r.must(200, "PATCH", "/dev/users/"+user, serviceKey, `{"status":"suspended"}`)
	r.must(200, "PATCH", "/dev/users/"+user, serviceKey, `{"quota":{"max_nodes":1}}`)
	r.must(200, "PATCH", "/dev/users/"+user, serviceKey, `{"status":"deleted"}`)
	for _, want := range []string{"key.created", "quota.changed", "key.revoked", "user.suspended", "quota.changed", "user.deleted"} {
		if got := node.next(t); got != want {
			t.Errorf("%s came, not %s", got, want)
		}
	}
	r.fault(`{"duplicate":true}`)
	r.must(200, "PATCH", "/dev/users/"+user, serviceKey, `{"status":"active"}`)
	if a, b := node.next(t), node.next(t); a != "user.active" || b != a {
		t.Error(a, b)
	}
	r.fault(`{"drop":true}`)
	r.must(200, "PATCH", "/dev/users/"+user, serviceKey, `{"status":"suspended"}`)
	target := r.must(200, "GET", "/dev/pushes", serviceKey, "")["targets"].([]any)[0].(map[string]any)
	if target["lost"] != 1.0 || target["failed"] != 2.0 {
		t.Errorf("%v", target)
	}
}

func TestPush_QueueIsBounded(t *testing.T) {
	one := &target{wake: make(chan struct{}, 1)}
	for range maxQueued + 5 {
		one.put(event{"x", "y"}, faultPlan{})
	}
	if len(one.queue) != maxQueued || one.state.Lost != 5 {
		t.Error(len(one.queue), one.state.Lost)
	}
	one.put(event{"first", ""}, faultPlan{reorder: true})
	if e, ok := one.take(); !ok || e.Type != "x" { // the oldest in the queue's order goes when it is full
		t.Error(e, ok)
	}
}
