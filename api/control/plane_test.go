package control_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/api/apitest"
	"github.com/hivellm/nexus/api/control"
	"github.com/hivellm/nexus/hivehub"
	"github.com/hivellm/nexus/tenancy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// once is what the hub's word may take to reach every node after an event is answered.
const once = time.Second

// nowhere is a Sink of answers that nobody reads.
type nowhere struct{}

func (nowhere) Columns([]string) error { return nil }

func (nowhere) Row([]byte) error { return nil }

// code is the code that a node answers a query of a key with, "" for none.
func code(t *testing.T, n *apitest.Node, key, query string) api.Code {
	t.Helper()
	principal, err := n.Service.Authenticate(key)
	if err == nil {
		_, err = n.Service.Cypher(t.Context(), api.Request{Principal: principal, Query: query, Route: "POST /cypher", ArrivedMs: time.Now().UnixMilli()}, nowhere{})
	}
	var refused *api.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &refused):
		return refused.Code
	}
	t.Fatal(err)
	return ""
}

func event(t *testing.T, n *apitest.Node, hub *apitest.Hub) time.Time {
	t.Helper()
	if err := n.Service.HubEvent(t.Context(), hub.Event()); err != nil {
		t.Fatal(err)
	}
	return time.Now()
}

// soon waits until every node answers with a code, from when an event was answered.
func soon(t *testing.T, c *apitest.Cluster, since time.Time, key string, want api.Code) {
	t.Helper()
	for _, n := range c.Nodes {
		apitest.WaitFor(t, "code "+string(want), func() bool { return code(t, n, key, "MATCH (n) RETURN count(n)") == want })
	}
	took := time.Since(since)
	t.Logf("every node answers %q %s after the event was", want, took)
	if took > once {
		t.Errorf("it took %s, longer than %s", took, once)
	}
}

// TestPlane_TheLifeOfAUser: registered, given a key with a list of functions, usable at once on a node that never heard
// of it; suspended, back, revoked, deleted: every node at once after the event.
func TestPlane_TheLifeOfAUser(t *testing.T) {
	t.Parallel()
	hub := apitest.StartHub(t)
	c := apitest.StartWith(t, 3, apitest.Options{Control: hub.Settings(func(s *control.Settings) { s.Poll = time.Hour })})
	follower := c.Follower(t)
	apitest.WaitFor(t, "the first pull", func() bool { return !follower.Machine.Hub().LastPull().IsZero() })

	user, token := hub.User("ann@example.org", "pro")
	keyID, key := hub.Key(token, `["cypher.read"]`)
	if _, err := follower.Service.Authenticate(key); err != nil {
		t.Fatalf("a key of a new user is asked for: %v", err)
	}
	soon(t, c, time.Now(), key, "")
	if got := code(t, follower, key, "CREATE (n)"); got != api.CodeFunctionNotAllowed {
		t.Errorf("a write with a reader's key: %q", got)
	}
	account := c.Operator(t, follower)
	list, err := follower.Service.Tenants(t.Context(), account)
	if err != nil || len(list) != 1 || list[0].UserID != user || list[0].Plan != "pro" {
		t.Fatalf("tenants: %+v, %v", list, err)
	}

	hub.Change(user, `{"status":"suspended"}`)
	soon(t, c, event(t, follower, hub), key, api.CodeTenantSuspended)
	hub.Change(user, `{"status":"active"}`)
	soon(t, c, event(t, c.Leader(t), hub), key, "")
	hub.Revoke(token, keyID)
	soon(t, c, event(t, follower, hub), key, api.CodeInvalidToken)
	_, second := hub.Key(token, "")
	soon(t, c, event(t, follower, hub), second, "")
	hub.Change(user, `{"status":"deleted"}`)
	soon(t, c, event(t, follower, hub), second, api.CodeInvalidToken)

	status, err := follower.Service.ControlStatus(t.Context(), c.Operator(t, follower))
	if err != nil || status.State != hivehub.StateFresh || status.Breaker != hivehub.BreakerClosed {
		t.Errorf("status: %+v, %v", status, err)
	}
}

// TestPlane_UnknownKeysAreAskedForOnce: an unknown key is 401 within the wait, remembered, and bounded however many come.
func TestPlane_UnknownKeysAreAskedForOnce(t *testing.T) {
	t.Parallel()
	hub := apitest.StartHub(t)
	c := apitest.StartWith(t, 1, apitest.Options{Control: hub.Settings(func(s *control.Settings) { s.Poll = time.Hour })})
	n := c.Nodes[0]
	_, token := hub.User("ann@example.org", "pro")
	_, known := hub.Key(token, "")
	if got := code(t, n, known, "RETURN 1"); got != "" {
		t.Fatalf("a new key: %q", got)
	}
	wrong := strings.Replace(known, "nx_live_", "nx_test_", 1)
	for range 3 {
		for i := range byte(20) {
			key, _, err := tenancy.NewKeySecret(tenancy.KeyLive, bytes.Repeat([]byte{i}, tenancy.KeyIDBytes), make([]byte, tenancy.KeySecretBytes))
			if err != nil {
				t.Fatal(err)
			}
			if got := code(t, n, key.Reveal(), "RETURN 1"); got != api.CodeInvalidToken {
				t.Fatalf("an unknown key: %q", got)
			}
		}
		if got := code(t, n, wrong, "RETURN 1"); got != api.CodeInvalidToken {
			t.Fatalf("a malformed key: %q", got)
		}
	}
	reconciler, plane, _ := n.Service.ControlCounts()
	if plane.LearnQuestions < 2 || plane.LearnQuestions > 20 || reconciler.Unknown >= 20 {
		t.Errorf("60 unknown keys were asked for %d times, %d of them at the hub", plane.LearnQuestions, reconciler.Unknown)
	}
}

// TestPlane_StaleThenExpired: while the hub fails, known tenants go on, new ones are not made, and at last reads go on
// alone; when it is back, so is everything.
func TestPlane_StaleThenExpired(t *testing.T) {
	t.Parallel()
	hub := apitest.StartHub(t)
	policies, err := control.ParsePolicies([]string{"read", "enterprise=write", "free=refuse"})
	if err != nil {
		t.Fatal(err)
	}
	c := apitest.StartWith(t, 1, apitest.Options{Control: hub.Settings(func(s *control.Settings) {
		s.Poll, s.Expired = 20*time.Millisecond, policies
		s.Windows = hivehub.Windows{Fresh: 400 * time.Millisecond, Stale: 800 * time.Millisecond}
	})})
	n := c.Nodes[0]
	keys := map[string]string{}
	for _, plan := range []string{"free", "pro", "enterprise"} {
		_, token := hub.User(plan+"@example.org", plan)
		_, keys[plan] = hub.Key(token, "")
		apitest.Authenticate(t, n, keys[plan])
	}
	if _, err := n.Service.CreateTenant(t.Context(), c.Operator(t, n), api.TenantSpec{Name: "x", UserID: "u"}); err == nil {
		t.Error("a user's tenant was made over /admin")
	}
	state := func(want hivehub.State) {
		t.Helper()
		apitest.WaitFor(t, string(want), func() bool {
			got, err := n.Service.ControlStatus(t.Context(), c.Operator(t, n))
			return err == nil && got.State == want
		})
	}
	state(hivehub.StateFresh)
	local, localKey := c.Tenant(t, "local")
	hub.Faults(`{"status":500}`)
	state(hivehub.StateStale)
	if _, err := n.Service.CreateTenant(t.Context(), c.Operator(t, n), api.TenantSpec{Name: "late"}); err == nil {
		t.Error("a tenant was made while the hub is not heard of")
	}
	for _, key := range keys {
		if got := code(t, n, key, "CREATE (n)"); got != "" {
			t.Errorf("a write while stale: %q", got)
		}
	}
	state(hivehub.StateExpired)
	for _, one := range []struct {
		plan, query string
		want        api.Code
	}{
		{"pro", "MATCH (n) RETURN count(n)", ""}, {"pro", "CREATE (n)", api.CodeControlPlaneExpired}, {"pro", "CREATE INDEX FOR (n:A) ON (n.x)", api.CodeControlPlaneExpired},
		{"free", "MATCH (n) RETURN count(n)", api.CodeControlPlaneExpired}, {"enterprise", "CREATE (n)", ""},
	} {
		if got := code(t, n, keys[one.plan], one.query); got != one.want {
			t.Errorf("expired, %s, %s: %q, wanted %q", one.plan, one.query, got, one.want)
		}
	}
	if got := code(t, n, localKey, "CREATE (n)"); got != "" {
		t.Errorf("tenant %s is none of the hub's, and answers %q", local.ID, got)
	}
	hub.Faults(`{}`)
	apitest.WaitFor(t, "writes go on", func() bool { return code(t, n, keys["pro"], "CREATE (n)") == "" })
}

// TestPlane_TheHubsTenantsAreNotAdmins: what is the hub's is not changed over /admin, but for its name, a suspension and keys.
func TestPlane_TheHubsTenantsAreNotAdmins(t *testing.T) {
	t.Parallel()
	hub := apitest.StartHub(t)
	c := apitest.StartWith(t, 1, apitest.Options{Control: hub.Settings(nil)})
	n := c.Nodes[0]
	user, token := hub.User("ann@example.org", "pro")
	keyID, key := hub.Key(token, "")
	apitest.Authenticate(t, n, key)
	operator := c.Operator(t, n)
	list, err := n.Service.Tenants(t.Context(), operator)
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	id, plan, name := list[0].ID.String(), "free", "renamed"
	setStatus := func(status tenancy.AccountStatus) error {
		_, err := n.Service.UpdateTenant(t.Context(), operator, api.TenantChange{ID: id, Status: &status})
		return err
	}
	for what, do := range map[string]func() error{
		"plan": func() error {
			_, err := n.Service.UpdateTenant(t.Context(), operator, api.TenantChange{ID: id, Plan: &plan})
			return err
		},
		"limits": func() error {
			_, err := n.Service.UpdateTenant(t.Context(), operator, api.TenantChange{ID: id, Limits: &tenancy.Limits{}})
			return err
		},
		"delete": func() error { return n.Service.DeleteTenant(t.Context(), operator, id) },
	} {
		var refused *api.Error
		if err := do(); !errors.As(err, &refused) || refused.Code != api.CodeConflict {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := n.Service.UpdateTenant(t.Context(), operator, api.TenantChange{ID: id, Name: &name}); err != nil {
		t.Errorf("a new name: %v", err)
	}
	made, err := n.Service.CreateKey(t.Context(), operator, api.KeySpec{Tenant: id, Name: "k", Functions: tenancy.EveryFunction()})
	if err != nil || code(t, n, made.Text, "RETURN 1") != "" {
		t.Errorf("a key of the operator's: %v", err)
	}
	if err := setStatus(tenancy.StatusSuspended); err != nil {
		t.Errorf("the operator suspends: %v", err)
	}
	hub.Change(user, `{"quota":{"max_nodes":77}}`)
	event(t, n, hub)
	if got := code(t, n, key, "RETURN 1"); got != api.CodeTenantSuspended {
		t.Errorf("another limit of the hub's ended the operator's suspension: %q", got)
	}
	if err := setStatus(tenancy.StatusActive); err != nil {
		t.Errorf("the operator resumes: %v", err)
	}
	hub.Change(user, `{"status":"suspended"}`)
	event(t, n, hub)
	if err := setStatus(tenancy.StatusActive); err == nil {
		t.Error("the operator resumed what the hub suspended")
	}
	hub.Change(user, `{"status":"active"}`)
	event(t, n, hub)
	if _, err := n.Service.RevokeKey(t.Context(), operator, keyID); err != nil {
		t.Errorf("a revocation: %v", err)
	}
	if err := n.Service.HubEvent(t.Context(), hub.Event()); err != nil {
		t.Fatal(err)
	}
	if got := code(t, n, key, "RETURN 1"); got != api.CodeInvalidToken {
		t.Errorf("the hub's page brought a revoked key back: %q", got)
	}
}

// TestPlane_ForgedEventsAskNobody.
func TestPlane_ForgedEventsAskNobody(t *testing.T) {
	t.Parallel()
	hub := apitest.StartHub(t)
	c := apitest.StartWith(t, 1, apitest.Options{Control: hub.Settings(nil)})
	n := c.Nodes[0]
	good := hub.Event()
	if err := n.Service.HubEvent(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*hivehub.SignedEvent){
		"again": func(*hivehub.SignedEvent) {}, "unsigned": func(e *hivehub.SignedEvent) { e.Signature = "" },
		"another body": func(e *hivehub.SignedEvent) { *e = hub.Event(); e.Body = []byte(`{"type":"x"}`) },
	} {
		forged := good
		change(&forged)
		var refused *api.Error
		if err := n.Service.HubEvent(t.Context(), forged); !errors.As(err, &refused) || refused.Code != api.CodeInvalidToken {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, plane, _ := n.Service.ControlCounts(); plane.Events != 1 || plane.EventsRefused != 3 {
		t.Errorf("counted %+v", plane)
	}
}
