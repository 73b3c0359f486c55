package devhub

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/hivellm/nexus/hivehub"
	"github.com/hivellm/nexus/tenancy"
)

func TestDoor_WholeLifeOfATenant(t *testing.T) {
	r := newRig(t)
	user, _ := r.register("Some.One@Example.org")
	token := r.must(200, "POST", "/api/auth/login", "", `{"email":"some.one@example.org","password":"correct horse"}`)["access_token"].(string)
	me := r.must(200, "GET", "/api/users/me", token, "")
	if me["user"].(map[string]any)["id"] != user || me["user"].(map[string]any)["plan"] != "free" {
		t.Fatalf("%v", me)
	}
	if plans := r.must(200, "GET", "/api/subscriptions/plans", token, "")["plans"].([]any); len(plans) != len(tenancy.Plans()) {
		t.Fatalf("%v", plans)
	}
	r.must(200, "POST", "/api/subscriptions/upgrade", token, `{"plan":"pro"}`)
	quota, err := r.client.UserQuota(t.Context(), user)
	if err != nil || quota.Plan != "pro" || quota.LimitVersion != 2 {
		t.Fatalf("%+v %v", quota, err)
	}
	all, _ := r.makeKey(token, `{"name":"all","environment":"test"}`)
	none, _ := r.makeKey(token, `{"name":"none","environment":"live","allowed_functions":[],"expires_at":"2099-01-01T00:00:00Z"}`)
	key, err := r.client.Key(t.Context(), none)
	if err != nil || key.AllowedFunctions == nil || len(*key.AllowedFunctions) != 0 || key.ExpiresAt == nil {
		t.Fatalf("%+v %v", key, err)
	}
	if key, err = r.client.Key(t.Context(), all); err != nil || key.AllowedFunctions != nil || key.Environment != "test" {
		t.Fatalf("%+v %v", key, err)
	}
	list := r.must(200, "GET", "/v1/access-keys", token, "")["access_keys"].([]any)
	if len(list) != 2 || strings.Contains(fmt.Sprint(list), "nx_") {
		t.Fatalf("%v", list)
	}
	at := r.must(200, "DELETE", "/v1/access-keys/"+all, token, "")["revoked_at"]
	if again := r.must(200, "DELETE", "/v1/access-keys/"+all, token, ""); again["revoked_at"] != at || again["status"] != "revoked" {
		t.Errorf("revoked again: %v", again)
	}
	if key, err = r.client.Key(t.Context(), all); err != nil || key.RevokedAt == nil {
		t.Fatalf("%+v %v", key, err)
	}
	r.must(200, "PATCH", "/dev/users/"+user, serviceKey, `{"status":"suspended"}`)
	r.must(403, "POST", "/v1/access-keys", token, `{"name":"x","environment":"live"}`)
	patched := r.must(200, "PATCH", "/dev/users/"+user, serviceKey, `{"status":"active","quota":{"max_nodes":5,"burst":null,"period":"2031-01"}}`)["quota"].(map[string]any)
	if patched["max_nodes"] != 5.0 || patched["burst"] != nil || patched["period"] != "2031-01" || patched["limit_version"] != 4.0 || patched["requests_per_second"] != 100.0 {
		t.Errorf("%v", patched)
	}
	patched = r.must(200, "PATCH", "/dev/users/"+user, serviceKey, `{"quota":{"limit_version":2}}`)["quota"].(map[string]any)
	if patched["max_nodes"] != 5.0 || patched["limit_version"] != 2.0 {
		t.Errorf("%v", patched)
	}
	r.must(200, "PATCH", "/dev/users/"+user, serviceKey, `{"status":"deleted"}`)
	r.must(401, "GET", "/api/users/me", token, "")
	r.must(401, "POST", "/api/auth/login", "", `{"email":"some.one@example.org","password":"correct horse"}`)
}

// TestDoor_RefusesWhatTheContractDoesNotAllow is the table of refusals; each has the contract's shape of an error.
func TestDoor_RefusesWhatTheContractDoesNotAllow(t *testing.T) {
	r := newRig(t)
	user, token := r.register("a@example.org")
	_, otherToken := r.register("b@example.org")
	key, _ := r.makeKey(token, `{"name":"k","environment":"live"}`)
	const trace = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"
	whole := []string{"X-Service-Name", "nexus", "Traceparent", trace, "Idempotency-Key", "i"}
	good := fmt.Sprintf(`{"cluster_id":"c","user_id":%q,"period":"2026-11","seq":1,"totals":{},"state":{}}`, user)
	for _, c := range []struct {
		status              int
		method, path, token string
		body                string
		headers             []string
	}{
		{404, "GET", "/", "", "", nil}, {404, "GET", "/api/internal/nexus/nothing", serviceKey, "", whole}, {404, "POST", "/dev/nothing", serviceKey, "", nil},
		{405, "DELETE", "/health", "", "", nil}, {405, "PUT", "/v1/access-keys", token, "", nil}, {405, "GET", "/dev/users/" + user, serviceKey, "", nil},
		{401, "GET", "/api/internal/nexus/users?since=", "", "", whole}, {401, "GET", "/api/internal/nexus/users?since=", "wrong", "", whole},
		{401, "GET", "/api/internal/nexus/users?since=", token, "", whole}, {401, "GET", "/dev/usage", token, "", nil}, {401, "GET", "/api/users/me", serviceKey, "", nil},
		{401, "GET", "/api/users/me", "", "", nil}, {401, "POST", "/dev/faults", "", "{}", nil},
		{403, "GET", "/api/internal/nexus/users?since=", serviceKey, "", []string{"Traceparent", trace}},
		{400, "GET", "/api/internal/nexus/users?since=", serviceKey, "", []string{"X-Service-Name", "nexus", "Traceparent", "x"}},
		{400, "GET", "/api/internal/nexus/users?since=", serviceKey, "body", whole}, {400, "GET", "/api/internal/nexus/users", serviceKey, "", whole},
		{400, "GET", "/api/internal/nexus/users?since=x", serviceKey, "", whole}, {400, "GET", "/api/internal/nexus/keys?since=&more=1", serviceKey, "", whole},
		{400, "GET", "/api/internal/nexus/keys/short", serviceKey, "", whole},
		{400, "POST", "/api/internal/nexus/usage/update", serviceKey, good, []string{"X-Service-Name", "nexus", "Traceparent", trace}},
		{400, "POST", "/api/internal/nexus/usage/update", serviceKey, "", whole}, {400, "POST", "/api/internal/nexus/usage/update", serviceKey, good + "{}", whole},
		{400, "POST", "/api/internal/nexus/usage/update", serviceKey, strings.Replace(good, `"seq":1`, `"seq":-1`, 1), whole},
		{400, "POST", "/api/internal/nexus/usage/update", serviceKey, strings.Replace(good, `"seq"`, `"sequence"`, 1), whole},
		{422, "POST", "/api/internal/nexus/usage/update", serviceKey, strings.Replace(good, `"seq":1`, `"seq":0`, 1), whole},
		{422, "POST", "/api/internal/nexus/usage/update", serviceKey, strings.Replace(good, `2026-11`, `2026-13`, 1), whole},
		{422, "POST", "/api/internal/nexus/usage/update", serviceKey, strings.Replace(good, `,"state":{}`, ``, 1), whole},
		{422, "POST", "/api/internal/nexus/audit", serviceKey, `{"cluster_id":"c"}`, whole},
		{413, "POST", "/api/internal/nexus/usage/update", serviceKey, strings.Repeat("x", 1<<20+1), whole},
		{409, "POST", "/api/auth/register", "", `{"email":"A@example.org","password":"correct horse","full_name":"x"}`, nil},
		{400, "POST", "/api/auth/register", "", `{"email":"a b@example.org","password":"correct horse"}`, nil},
		{400, "POST", "/api/auth/register", "", `{"email":"c@example.org","password":"short"}`, nil},
		{400, "POST", "/api/auth/register", "", `{"email":"c@example.org","password":"correct horse","admin":true}`, nil},
		{400, "POST", "/api/auth/register", "", `{"email":"c@example.org","password":"correct horse","full_name":"a\u0000"}`, nil},
		{401, "POST", "/api/auth/login", "", `{"email":"a@example.org","password":"wrong horse"}`, nil},
		{401, "POST", "/api/auth/login", "", `{"email":"nobody@example.org","password":"correct horse"}`, nil},
		{400, "POST", "/api/subscriptions/upgrade", token, `{"plan":"golden"}`, nil},
		{400, "POST", "/v1/access-keys", token, `{"name":"","environment":"live"}`, nil}, {400, "POST", "/v1/access-keys", token, `{"name":"x","environment":"op"}`, nil},
		{400, "POST", "/v1/access-keys", token, `{"name":"x","environment":"live","allowed_functions":["no.such"]}`, nil},
		{400, "POST", "/v1/access-keys", token, `{"name":"x","environment":"live","allowed_functions":["tenant.write"]}`, nil},
		{400, "POST", "/v1/access-keys", token, `{"name":"x","environment":"live","expires_at":"2001-01-01T00:00:00Z"}`, nil},
		{404, "DELETE", "/v1/access-keys/" + key, otherToken, "", nil}, {404, "DELETE", "/v1/access-keys/none", token, "", nil},
		{400, "PATCH", "/dev/users/" + user, serviceKey, `{}`, nil}, {400, "PATCH", "/dev/users/" + user, serviceKey, `{"status":"frozen"}`, nil},
		{400, "PATCH", "/dev/users/" + user, serviceKey, `{"plan":"golden"}`, nil}, {400, "PATCH", "/dev/users/" + user, serviceKey, `{"quota":{"max_nodes":-1}}`, nil},
		{400, "PATCH", "/dev/users/" + user, serviceKey, `{"quota":{"max_noodles":1}}`, nil}, {400, "PATCH", "/dev/users/" + user, serviceKey, `{"quota":{"period":"now"}}`, nil},
		{404, "PATCH", "/dev/users/nobody", serviceKey, `{"status":"active"}`, nil},
		{400, "POST", "/dev/faults", serviceKey, `{"drop":2}`, nil}, {400, "POST", "/dev/faults", serviceKey, `{"status":99}`, nil}, {400, "POST", "/dev/faults", serviceKey, `{"hurt":1}`, nil},
	} {
		status, answer := r.do(c.method, c.path, c.token, c.body, c.headers...)
		if status != c.status || answer["error"] == nil || answer["error"] == "" {
			body := c.body[:min(len(c.body), 80)]
			t.Errorf("%s %s %s: %d %v, not %d", c.method, c.path, body, status, answer, c.status)
		}
	}
}

func TestDoor_TokensEndAndAreFew(t *testing.T) {
	now := time.Now()
	r := newRig(t, func(o *Options) { o.Now = func() time.Time { return now } })
	user, first := r.register("a@example.org")
	for i := range maxTokens - 1 {
		row := tokenRow{Hash: tokenHash(fmt.Sprint(i)), UserID: user, ExpiresAt: now.Add(tokenLife)}
		if err := r.hub.write(func(*state) (*change, error) { return &change{Tokens: []tokenRow{row}}, nil }); err != nil {
			t.Fatal(err)
		}
	}
	r.must(200, "GET", "/api/users/me", first, "")
	last := r.must(200, "POST", "/api/auth/login", "", `{"email":"a@example.org","password":"correct horse"}`)["access_token"].(string)
	r.must(401, "GET", "/api/users/me", first, "") // the oldest went
	r.must(200, "GET", "/api/users/me", last, "")
	now = now.Add(tokenLife)
	r.must(401, "GET", "/api/users/me", last, "")
}

// TestDoor_SwitchesShowWhatTheySay: what the hub tells of itself.
func TestDoor_SwitchesShowWhatTheySay(t *testing.T) {
	r := newRig(t)
	r.register("b@example.org")
	user, _ := r.register("a@example.org")
	users := r.must(200, "GET", "/dev/users", serviceKey, "")["users"].([]any)
	if len(users) != 2 || users[0].(map[string]any)["id"] != user || users[0].(map[string]any)["quota"] == nil {
		t.Errorf("%v", users)
	}
	for _, node := range []string{"n2", "n1"} {
		for _, seq := range []uint64{5, 4, 5} {
			if err := r.client.ReportAudit(t.Context(), hivehub.AuditCheckpoint{ClusterID: "c", NodeID: node, Seq: seq, Root: fmt.Sprint(seq), Signature: "s"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	rows := r.must(200, "GET", "/dev/audit", serviceKey, "")["rows"].([]any)
	if len(rows) != 2 || rows[0].(map[string]any)["node_id"] != "n1" || rows[1].(map[string]any)["seq"] != 5.0 {
		t.Errorf("%v", rows)
	}
	r.fault(`{"latency_ms":5,"duplicate":true}`)
	if on := r.must(200, "GET", "/dev/faults", serviceKey, ""); on["latency_ms"] != 5.0 || on["duplicate"] != 1.0 || on["drop"] != nil {
		t.Errorf("%v", on)
	}
	if err := r.client.Health(t.Context()); err != nil {
		t.Error(err)
	}
	if list := Routes(); len(list) != len(routes) || list[0] != "GET /health" {
		t.Errorf("%v", list)
	}
}

// TestPlan_OfATableThatLostIt: a user whose plan is gone may nothing; no user may everything by mistake.
func TestPlan_OfATableThatLostIt(t *testing.T) {
	quota := newState().quota(&userRow{ID: "u", Plan: "gone"}, time.Now())
	if limits := quota.Limits(); !limits.Resolved() || limits.MaxNodes.Allows(1) || limits.RequestsPerMonth.Allows(1) {
		t.Errorf("%+v", limits)
	}
	for _, kept := range []string{"", "$argon2i$v=19$m=1,t=1,p=1$YQ$YQ", "$argon2id$v=19$m=1,t=1,p=1$YQ$YQ", "$argon2id$v=x$m=1,t=1,p=1$YQ$YQ"} {
		if passwordFits("password", kept) {
			t.Errorf("%q fits", kept)
		}
	}
}

// TestServe_EndsWithItsContext: what is held up by a fault does not hold up the end.
func TestServe_EndsWithItsContext(t *testing.T) {
	hub, err := Open(Options{Dir: t.TempDir(), ServiceKey: tenancy.NewSecret(serviceKey)})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	hub.faults.set(faults{LatencyMs: maxLatency.Milliseconds()})
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- hub.Serve(ctx, listener) }()
	answered := make(chan error, 1)
	go func() {
		got, err := http.Get("http://" + listener.Addr().String() + "/health")
		if err == nil {
			err = got.Body.Close()
		}
		answered <- err
	}()
	for len(hub.busy) == 0 { // the request has come
		runtime.Gosched()
	}
	stop()
	if err := errors.Join(<-served, <-answered, hub.Close()); err != nil {
		t.Error(err)
	}
}

func TestDoor_RequestsUnderWayAreBounded(t *testing.T) {
	r := newRig(t)
	for range maxUnderWay {
		r.hub.busy <- struct{}{}
	}
	r.must(http.StatusServiceUnavailable, "GET", "/health", "", "")
	for range maxUnderWay {
		<-r.hub.busy
	}
	r.must(200, "GET", "/health", "", "")
}

func TestOpen_SettingsThatCannotWork(t *testing.T) {
	key, secret := tenancy.NewSecret(serviceKey), tenancy.NewSecret("events-secret-of-tests")
	for _, o := range []Options{
		{}, {ServiceKey: tenancy.NewSecret("short")}, {ServiceKey: key, Push: []string{"http://x"}}, {ServiceKey: key, Push: []string{"x"}, EventsSecret: secret},
		{ServiceKey: key, Push: make([]string, maxTargets+1), EventsSecret: secret},
	} {
		o.Dir = t.TempDir()
		if _, err := Open(o); err == nil {
			t.Errorf("%v passed", o)
		}
	}
	r := newRig(t)
	if _, err := Open(Options{Dir: r.hub.options.Dir, ServiceKey: key}); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("two hubs on one folder: %v", err)
	}
	if text := fmt.Sprintf("%v %+v", r.hub, r.hub.options); strings.Contains(text, serviceKey) {
		t.Error("the service key is printed")
	}
}
