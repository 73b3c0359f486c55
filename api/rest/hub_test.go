package rest

import (
	"strings"
	"testing"

	"github.com/hivellm/nexus/api/apitest"
	"github.com/hivellm/nexus/hivehub"
)

// TestHubEvent_PullsBeforeItAnswers: a signed event is 204 when the node knows what the hub knew; anything else is 401.
func TestHubEvent_PullsBeforeItAnswers(t *testing.T) {
	hub := apitest.StartHub(t)
	cluster := apitest.StartWith(t, 1, apitest.Options{Control: hub.Settings(nil)})
	cluster.Operator(t, cluster.Nodes[0])
	server, err := New(Config{Service: cluster.Nodes[0].Service})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, cluster: cluster, server: server, operator: cluster.OperatorKey}
	user, token := hub.User("ann@example.org", "pro")
	_, key := hub.Key(token, "")
	push := func(e hivehub.SignedEvent, headers ...string) int {
		t.Helper()
		return w.do("POST", "/hivehub/events", "", string(e.Body), append([]string{
			hivehub.HeaderSignature, e.Signature, hivehub.HeaderTimestamp, e.Timestamp, hivehub.HeaderNonce, e.Nonce,
		}, headers...)...).Code
	}
	apitest.WaitFor(t, "the hub pulled from", func() bool { return push(hub.Event()) == 204 })
	w.want(w.do("GET", "/health", key, ""), 200)
	hub.Change(user, `{"status":"suspended"}`)
	if got := push(hub.Event()); got != 204 {
		t.Fatalf("answered %d", got)
	}
	w.refused(w.do("GET", "/health", key, ""), 403, "TENANT_SUSPENDED")
	wantIn(w, w.want(w.do("GET", "/cluster/status", w.operator, ""), 200), `"hivehub":{"state":"fresh","last_pull":"`)

	again := hub.Event()
	if got := push(again); got != 204 {
		t.Fatalf("answered %d", got)
	}
	long := hub.Event()
	long.Body = []byte(`{"type":"` + strings.Repeat("x", hivehub.MaxEventBody) + `"}`)
	for name, got := range map[string]int{
		"again": push(again), "too long": push(long), "another encoding": push(hub.Event(), "Content-Encoding", "gzip"),
		"a forged user": w.do("GET", "/health", "", "", "X-Hivehub-User-Id", user).Code,
	} {
		if got != 401 {
			t.Errorf("%s: answered %d", name, got)
		}
	}
	hub.Faults(`{"status":503}`)
	if got := push(hub.Event()); got != 503 {
		t.Errorf("an event that cannot be acted on: answered %d", got)
	}
}
