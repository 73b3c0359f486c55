package rest

import (
	"context"
	"fmt"
	"hash/crc32"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/hivellm/nexus/api/apitest"
	"github.com/hivellm/nexus/api/audit"
	"github.com/hivellm/nexus/tenancy"
)

// sample is a request that does a route's real work: its path with parameters filled in, and a body. work checks the
// effect of the allowed one.
type sample struct {
	path, body string
	status     int
	work       func(w *world, a answer)
}

// samples makes the sample of a route. A route without one fails the matrix.
func samples(w *world, method, path string) (sample, bool) {
	id := func(a answer) string { return a.text("id") }
	switch method + " " + path {
	case "POST /cypher":
		return sample{path, `{"query":"CREATE (p:Person) RETURN 1 AS x"}`, 200, func(w *world, a answer) { wantNumber(w, a.fields["stats"], "nodes_created", "1") }}, true
	case "POST /tx", "POST /tx/:id", "POST /tx/:id/commit", "DELETE /tx/:id":
		return txSample(w, method, path), true
	case "POST /mcp":
		return sample{path, `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`, 200, func(w *world, a answer) { wantIn(w, a, `"tools":[]`) }}, true
	case "GET /mcp", "DELETE /mcp":
		return sample{path, "", 405, func(w *world, a answer) { wantIn(w, a, "METHOD_NOT_ALLOWED") }}, true
	case "GET /databases":
		return sample{path, "", 200, func(w *world, a answer) { wantIn(w, a, `"default"`) }}, true
	case "POST /databases":
		return sample{path, `{"name":"made"}`, 201, func(w *world, _ answer) {
			wantIn(w, w.want(w.do("GET", "/databases", w.oneKey, ""), 200), `"made"`)
		}}, true
	case "DELETE /databases/:name":
		return sample{"/databases/made", "", 204, func(w *world, _ answer) {
			if list := w.want(w.do("GET", "/databases", w.oneKey, ""), 200); strings.Contains(list.raw, `"made"`) {
				w.t.Errorf("still there: %s", list.raw)
			}
		}}, true
	case "GET /schema", "GET /schema/labels":
		return sample{path, "", 200, func(w *world, a answer) { wantIn(w, a, `"Person"`) }}, true
	case "GET /schema/rel_types":
		return sample{path, "", 200, func(w *world, a answer) { wantIn(w, a, `"relationship_types":[`) }}, true
	case "GET /schema/indexes":
		return sample{path, "", 200, func(w *world, a answer) { wantIn(w, a, `"indexes":[`) }}, true
	case "GET /stats":
		return sample{path, "", 200, func(w *world, a answer) { wantIn(w, a, `"labels":{"Person":`) }}, true
	case "GET /cluster/stats/self":
		return sample{path, "", 200, func(w *world, a answer) { wantIn(w, a, `"tenant_id":"`+w.one+`"`) }}, true
	case "GET /", "GET /health":
		return sample{path, "", 200, func(w *world, a answer) { wantIn(w, a, `"node":"n1"`) }}, true
	case "GET /ready":
		return sample{path, "", 200, func(w *world, a answer) { wantIn(w, a, `"ready":true`) }}, true
	case "GET /cluster/status":
		return sample{path, "", 200, func(w *world, a answer) { wantIn(w, a, `"cluster_id":"`+w.cluster.ID+`"`) }}, true
	case "GET /cluster/members":
		return sample{path, "", 200, func(w *world, a answer) { wantIn(w, a, `"role":"leader"`) }}, true
	case "GET /cluster/digest":
		return sample{path, "", 200, func(w *world, a answer) { wantIn(w, a, `"tenant_id":"`+w.one+`"`) }}, true
	case "POST /cluster/leader":
		return sample{path, `{"node":"n1"}`, 200, func(w *world, a answer) { wantIn(w, a, `"node":"n1"`) }}, true
	case "GET /cluster/members/:id/drain", "POST /cluster/members/:id/drain", "DELETE /cluster/members/:id/drain", "DELETE /cluster/members/:id":
		return memberSample(w, method, path), true
	case "GET /admin/tenants", "GET /admin/tenants/:id":
		return sample{strings.ReplaceAll(path, ":id", w.two), "", 200, func(w *world, a answer) { wantIn(w, a, `"name":"`+w.twoName+`"`) }}, true
	case "GET /admin/tenants/:id/usage":
		return sample{"/admin/tenants/" + w.two + "/usage", "", 200, func(w *world, a answer) { wantIn(w, a, `"tenant_id":"`+w.two+`"`) }}, true
	case "POST /admin/tenants":
		return sample{path, `{"name":"fresh","limits":{"max_nodes":5,"burst":null}}`, 201, func(w *world, a answer) {
			wantIn(w, w.want(w.do("GET", "/admin/tenants/"+id(a), w.operator, ""), 200), `"max_nodes":5`)
		}}, true
	case "PATCH /admin/tenants/:id":
		return sample{"/admin/tenants/" + w.two, `{"limits":{"max_nodes":7}}`, 200, func(w *world, a answer) { wantIn(w, a, `"max_nodes":7`) }}, true
	case "DELETE /admin/tenants/:id":
		return sample{"/admin/tenants/" + w.spare(), "", 204, func(*world, answer) {}}, true
	case "POST /admin/tenants/:id/suspend":
		return sample{"/admin/tenants/" + w.two + "/suspend", "", 200, func(w *world, _ answer) {
			w.refused(w.do("GET", "/health", w.twoKey, ""), 403, "TENANT_SUSPENDED")
		}}, true
	case "POST /admin/tenants/:id/resume":
		return sample{"/admin/tenants/" + w.two + "/resume", "", 200, func(w *world, _ answer) {
			w.want(w.do("GET", "/health", w.twoKey, ""), 200)
		}}, true
	case "POST /admin/tenants/:id/import":
		return importSample(w), true
	case "GET /admin/keys", "GET /admin/keys/:id":
		return sample{strings.ReplaceAll(path, ":id", keyID(w.oneKey)), "", 200, func(w *world, a answer) {
			wantIn(w, a, keyID(w.oneKey))
			if strings.Contains(a.raw, secretOf(w.oneKey)) {
				w.t.Error("a listing shows a secret")
			}
		}}, true
	case "POST /admin/keys":
		return sample{path, `{"tenant_id":"` + w.one + `","name":"n","allowed_functions":["health.read"]}`, 201, func(w *world, a answer) {
			w.want(w.do("GET", "/health", a.text("key"), ""), 200)
			w.refused(w.do("GET", "/stats", a.text("key"), ""), 403, "FUNCTION_NOT_ALLOWED")
		}}, true
	case "POST /admin/keys/:id/revoke":
		victim := w.key(`{"tenant_id":"` + w.one + `","name":"victim"}`).text("key")
		return sample{"/admin/keys/" + keyID(victim) + "/revoke", "", 200, func(w *world, _ answer) {
			w.refused(w.do("GET", "/health", victim, ""), 401, "INVALID_TOKEN")
		}}, true
	case "POST /admin/keys/:id/rotate":
		old := w.key(`{"tenant_id":"` + w.one + `","name":"old"}`).text("key")
		return sample{"/admin/keys/" + keyID(old) + "/rotate", `{"grace_seconds":0}`, 201, func(w *world, a answer) {
			w.want(w.do("GET", "/health", a.text("key"), ""), 200)
			w.refused(w.do("GET", "/health", old, ""), 401, "INVALID_TOKEN")
		}}, true
	case "GET /audit":
		return sample{path, "", 200, func(w *world, a answer) {
			wantIn(w, a, `"tenant_id":"`+w.one+`"`)
			if strings.Contains(a.raw, `"tenant_id":"`+w.two+`"`) || strings.Contains(a.raw, `"hash"`) || strings.Contains(a.raw, `"tenant_id":null`) {
				w.t.Errorf("a tenant sees what others did: %s", a.raw)
			}
		}}, true
	case "GET /admin/audit":
		return sample{path + "?limit=1000", "", 200, func(w *world, a answer) {
			wantIn(w, a, `"tenant_id":"`+w.one+`"`)
			wantIn(w, a, `"function":"authenticate"`)
			wantIn(w, a, `"prev":"`)
		}}, true
	case "GET /admin/audit/heads":
		return sample{path, "", 200, func(w *world, a answer) { wantIn(w, a, `"admin_chain":"`) }}, true
	case "GET /metrics":
		return sample{path, "", 200, nil}, true
	case "GET /admin/queries", "GET /admin/queries/:id", "DELETE /admin/queries/:id":
		return querySample(w, method, path), true
	}
	return sample{}, false
}

// headersOf are those that the agents' protocol asks for.
func headersOf(r route) []string {
	if r.path != pathAgents {
		return nil
	}
	return []string{"Content-Type", "application/json", "Accept", "application/json, text/event-stream"}
}

// querySample steers a query that runs for minutes: it is listed, shown and killed.
func querySample(w *world, method, path string) sample {
	id := w.endless()
	switch method + " " + path {
	case "GET /admin/queries":
		return sample{path, "", 200, func(w *world, a answer) {
			wantIn(w, a, `"id":"`+id+`"`)
			if strings.Contains(a.raw, "UNWIND") {
				w.t.Errorf("a text is shown: %s", a.raw)
			}
		}}
	case "DELETE /admin/queries/:id":
		return sample{"/admin/queries/" + id, "", 204, func(w *world, _ answer) {
			apitest.WaitFor(w.t, "the killed query gone", func() bool { return w.do("GET", "/admin/queries/"+id, w.operator, "").Code == 404 })
		}}
	}
	return sample{"/admin/queries/" + id, "", 200, func(w *world, a answer) { wantIn(w, a, `"tenant_id":"`+w.one+`"`) }}
}

// endless starts a query of the first tenant that ends when it is killed, or with its client at the end of the test, and
// returns its id.
func (w *world) endless() (id string) {
	w.t.Helper()
	ctx, leave := context.WithCancel(context.Background())
	var client sync.WaitGroup
	client.Go(func() {
		body := `{"query":"UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b WITH a, b WHERE a + b < 0 RETURN count(*) AS n"}`
		request := httptest.NewRequestWithContext(ctx, "POST", "/cypher", strings.NewReader(body))
		request.Header.Set("X-API-Key", w.oneKey)
		w.server.Handler().ServeHTTP(httptest.NewRecorder(), request)
	})
	w.t.Cleanup(func() {
		leave()
		client.Wait()
	})
	apitest.WaitFor(w.t, "the endless query running", func() bool {
		list := w.want(w.do("GET", "/admin/queries", w.operator, ""), 200)
		for _, one := range list.fields["queries"].([]any) {
			if one := one.(map[string]any); one["state"] == "running" || one["state"] == "paused" {
				id, _ = one["id"].(string)
			}
		}
		return id != ""
	})
	return id
}

// memberSample steers a learner that answers nobody: its drain is begun and undone, then it is removed.
func memberSample(w *world, method, path string) sample {
	id := w.cluster.Ghost(w.t)
	drain := "/cluster/members/" + id + "/drain"
	shows := func(w *world, state string) {
		wantIn(w, w.want(w.do("GET", drain, w.operator, ""), 200), `"state":"`+state+`"`)
	}
	switch method + " " + path {
	case "POST /cluster/members/:id/drain":
		return sample{drain, "", 202, func(w *world, _ answer) { shows(w, "draining") }}
	case "DELETE /cluster/members/:id/drain":
		w.want(w.do("POST", drain, w.operator, ""), 202)
		return sample{drain, "", 200, func(w *world, _ answer) { shows(w, "none") }}
	case "DELETE /cluster/members/:id":
		return sample{"/cluster/members/" + id, "", 200, func(w *world, _ answer) {
			shows(w, "removed")
			if list := w.want(w.do("GET", "/cluster/members", w.operator, ""), 200); strings.Contains(list.raw, id) {
				w.t.Errorf("a removed member is listed: %s", list.raw)
			}
		}}
	}
	return sample{drain, "", 200, func(w *world, a answer) { wantIn(w, a, `"state":"none"`) }}
}

// spare makes a tenant that may go.
func (w *world) spare() string {
	id, _ := w.tenant(fmt.Sprintf("spare%d", len(w.want(w.do("GET", "/admin/tenants", w.operator, ""), 200).raw)))
	return id
}

func wantIn(w *world, a answer, text string) {
	w.t.Helper()
	if !strings.Contains(a.raw, text) {
		w.t.Errorf("%s is not in %s", text, a.raw)
	}
}

func wantNumber(w *world, in any, name, number string) {
	w.t.Helper()
	members, ok := in.(map[string]any)
	if !ok || fmt.Sprint(members[name]) != number {
		w.t.Errorf("%s is not %s in %v", name, number, in)
	}
}

func keyID(key string) string { return strings.Split(key, "_")[2] }

func secretOf(key string) string { return strings.Split(key, "_")[3][:tenancy.KeySecretLength] }

// cell is one column of the matrix: who asks, and what must come back.
type cell struct {
	name, key string
	status    int
	code      string
}

// testLaw5 walks echo's routes, not the table: what is served asks each kind of caller for his right.
func testLaw5(t *testing.T, w *world) {
	w.cypher(w.oneKey, "CREATE (p:Person) RETURN 1 AS x")
	served := w.server.echo.Routes()
	slices.SortFunc(served, func(a, b *echo.Route) int {
		return strings.Compare(orderOf(a.Method, a.Path), orderOf(b.Method, b.Path))
	})
	checked := 0
	for _, r := range served {
		row, ok := listed(r)
		if !ok {
			t.Fatalf("%s %s is served but not in the table", r.Method, r.Path)
		}
		if row.function.Authenticator() == tenancy.ByHubSignature {
			checked += w.walkSigned(row)
			continue
		}
		checked += w.walk(row)
	}
	if len(served) != len(routes) {
		t.Errorf("%d routes are served, %d are in the table", len(served), len(routes))
	}
	w.recorded()
	t.Logf("%d routes, %d cells, %d refusals in the audit log", len(served), checked, len(w.refusals))
}

// recorded waits until each refusal of the walk stands in the audit log: by itself, or, of failed authentications in a second
// that had many, in their number.
func (w *world) recorded() {
	w.t.Helper()
	missing := map[string]bool{}
	for _, id := range w.refusals {
		missing[id] = true
	}
	summed := int64(0)
	from := uint64(0)
	apitest.WaitFor(w.t, "every refusal recorded", func() bool {
		page, err := w.cluster.Nodes[0].Audit.Read(from, audit.Filter{}, audit.MaxPage)
		if err != nil {
			w.t.Fatal(err)
		}
		from = page.Next
		for _, e := range page.Entries {
			if missing[e.RequestID] && e.Outcome != audit.Denied {
				w.t.Errorf("a refusal is recorded as %+v", e)
			}
			delete(missing, e.RequestID)
			if e.RequestID == "" && e.Function == "authenticate" {
				summed += e.Rows
			}
		}
		return int64(len(missing)) <= summed
	})
}

// listed finds what echo serves in the table.
func listed(served *echo.Route) (route, bool) {
	i := slices.IndexFunc(routes, func(row route) bool { return row.method == served.Method && row.path == served.Path })
	if i < 0 {
		return route{}, false
	}
	return routes[i], true
}

// walkSigned asks a route that the hub signs as everybody but the hub: keys open nothing there.
func (w *world) walkSigned(r route) (checked int) {
	w.t.Helper()
	for name, key := range map[string]string{"no key": "", "a tenant": w.oneKey, "the operator": w.operator} {
		checked++
		recorder := w.do(r.method, r.path, key, `{"type":"user.suspended","id":"u"}`, "X-Hivehub-Signature", strings.Repeat("0", 64), "X-Hivehub-Timestamp", "1", "X-Hivehub-Nonce", strings.Repeat("n", 16))
		if recorder.Code != 401 || !strings.Contains(recorder.Body.String(), `"code":"INVALID_TOKEN"`) {
			w.t.Errorf("%s %s, %s: answered %d %s", r.method, r.path, name, recorder.Code, recorder.Body)
		}
	}
	return checked
}

func TestRoutes_EachHasAFunctionOfAKey(t *testing.T) {
	for _, r := range routes {
		if r.function.IsZero() || (r.function.Authenticator() != tenancy.ByKey && r.function.Authenticator() != tenancy.ByHubSignature) || r.handle == nil {
			t.Errorf("%s %s is registered without a function that a key may have", r.method, r.path)
		}
	}
	e := echo.New()
	if _, ok := listed(e.GET("/extra", echo.NotFoundHandler)); ok {
		t.Error("a route beside the table is not found: the walk cannot fail")
	}
}

// orderOf puts routes into an order in which each finds what it needs: databases are made before they are dropped, and
// tenants are suspended before they are resumed.
func orderOf(method, path string) string {
	late := map[string]string{"DELETE": "9", "GET": "5"}[method]
	if late == "" {
		late = "3"
	}
	if strings.HasSuffix(path, "/resume") {
		late = "4"
	}
	return late + path
}

// walk asks one route as every kind of caller.
func (w *world) walk(r route) (checked int) {
	w.t.Helper()
	s, ok := samples(w, r.method, r.path)
	if !ok {
		w.t.Fatalf("%s %s has no sample", r.method, r.path)
	}
	cells := w.cells(r)
	before := w.digests()
	for _, c := range cells {
		checked++
		recorder := w.do(r.method, s.path, c.key, s.body, headersOf(r)...)
		w.refusals = append(w.refusals, recorder.Header().Get(headerRequestID))
		if recorder.Code != c.status || !strings.Contains(recorder.Body.String(), `"code":"`+c.code+`"`) {
			w.t.Errorf("%s %s, %s: answered %d %s, wanted %d %s", r.method, r.path, c.name, recorder.Code, recorder.Body, c.status, c.code)
		}
	}
	if after := w.digests(); after != before {
		w.t.Errorf("%s %s: a refused call changed a digest", r.method, r.path)
	}
	allowed := w.do(r.method, s.path, w.exactly(r), s.body, headersOf(r)...)
	if allowed.Code != s.status {
		w.t.Errorf("%s %s: answered %d %s to who may, wanted %d", r.method, r.path, allowed.Code, allowed.Body, s.status)
		return checked + 1
	}
	if s.work != nil {
		s.work(w, w.want(allowed, s.status))
	}
	return checked + 1
}

// cells lists the callers that a route must refuse.
func (w *world) cells(r route) []cell {
	needs := functionOf(r)
	rights := w.rights(needs)
	revoked := w.key(rights.body(nil)).text("key")
	w.want(w.do("POST", "/admin/keys/"+keyID(revoked)+"/revoke", w.operator, ""), 200)
	suspendedID, suspended := w.tenant("suspended-" + strings.NewReplacer("/", "-", ":", "").Replace(strings.ToLower(r.method)+r.path))
	w.want(w.do("POST", "/admin/tenants/"+suspendedID+"/suspend", w.operator, ""), 200)
	none, most := []string{}, w.allBut(needs)
	cells := []cell{
		{"no key", "", 401, "AUTHENTICATION_REQUIRED"},
		{"malformed", "nx_live_x", 401, "INVALID_TOKEN"},
		{"unknown", unknownKey(w.t, rights.kind), 401, "INVALID_TOKEN"},
		{"wrong secret", withSecret(w.t, w.oneKey), 401, "INVALID_TOKEN"},
		{"another kind than its record", asKind(w.oneKey, "test"), 401, "INVALID_TOKEN"},
		{"revoked", revoked, 401, "INVALID_TOKEN"},
		{"expired", w.key(strings.TrimSuffix(rights.body(nil), "}") + `,"expires_at":"` + past() + `"}`).text("key"), 401, "INVALID_TOKEN"},
		{"suspended tenant", suspended, 403, "TENANT_SUSPENDED"},
	}
	if needs == tenancy.FunctionAnyKey { // what is behind asks for its own: mcp walks that
		return cells
	}
	cells = append(cells, []cell{
		{"no function", w.key(rights.body(&none)).text("key"), 403, "FUNCTION_NOT_ALLOWED"},
		{"all functions but this", w.key(rights.body(&most)).text("key"), 403, "FUNCTION_NOT_ALLOWED"},
	}...)
	if needs.Administrative() {
		cells = append(cells, cell{"a tenant", w.oneKey, 403, "FUNCTION_NOT_ALLOWED"})
	} else if needs != tenancy.FunctionHealthRead {
		cells = append(cells, cell{"the operator", w.operator, 403, "FUNCTION_NOT_ALLOWED"})
	}
	return cells
}

// functionOf is what the sample of a route needs.
func functionOf(r route) tenancy.Function {
	if r.function == tenancy.FunctionByPlan {
		return tenancy.FunctionCypherWrite
	}
	return r.function
}

// rights says whose keys may have a function at all.
type rights struct{ owner, kind string }

func (w *world) rights(f tenancy.Function) rights {
	if f.Administrative() {
		return rights{`"role":"operator"`, "op"}
	}
	return rights{`"tenant_id":"` + w.one + `"`, "live"}
}

// body is that of POST /admin/keys; nil functions are absent.
func (r rights) body(functions *[]string) string {
	if functions == nil {
		return `{` + r.owner + `,"name":"k"}`
	}
	list := ""
	if len(*functions) > 0 {
		list = `"` + strings.Join(*functions, `","`) + `"`
	}
	return `{` + r.owner + `,"name":"k","allowed_functions":[` + list + `]}`
}

// allBut lists every function of the role but one.
func (w *world) allBut(f tenancy.Function) (names []string) {
	for _, other := range tenancy.Functions() {
		if other != f && other.Grantable() && other.Administrative() == f.Administrative() {
			names = append(names, other.Name())
		}
	}
	return names
}

// exactly makes a key with a route's function and no other.
func (w *world) exactly(r route) string {
	f := functionOf(r)
	only := []string{f.Name()}
	if f == tenancy.FunctionAnyKey {
		only = []string{}
	}
	return w.key(w.rights(f).body(&only)).text("key")
}

func unknownKey(t testing.TB, kind string) string {
	t.Helper()
	key, _, err := tenancy.NewKeySecret(tenancy.KeyKind(kind), make([]byte, tenancy.KeyIDBytes), make([]byte, tenancy.KeySecretBytes))
	if err != nil {
		t.Fatal(err)
	}
	return key.Reveal()
}

// withSecret is a key with the same id and another secret.
func withSecret(t testing.TB, key string) string {
	t.Helper()
	head := key[:strings.LastIndexByte(key, '_')+1]
	return signed(head + strings.Repeat("A", tenancy.KeySecretLength))
}

// asKind is a key that says another kind.
func asKind(key, kind string) string {
	parts := strings.Split(key, "_")
	return signed("nx_" + kind + "_" + parts[2] + "_" + parts[3][:tenancy.KeySecretLength])
}

// signed adds the checksum: CRC-32 in base 62, six digits.
func signed(text string) string {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	sum := crc32.ChecksumIEEE([]byte(text))
	var digits [6]byte
	for i := range digits {
		digits[len(digits)-1-i] = alphabet[sum%62]
		sum /= 62
	}
	return text + string(digits[:])
}
