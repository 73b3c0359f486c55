package rest

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hivellm/nexus/api/meter"
)

// limitedTenant makes a tenant with limits, and a key of it.
func (w *world) limitedTenant(name, limits string) (id, key string) {
	w.t.Helper()
	id = w.want(w.do("POST", "/admin/tenants", w.operator, `{"name":"`+name+`","limits":`+limits+`}`), 201).text("id")
	return id, w.key(`{"tenant_id":"` + id + `","name":"k"}`).text("key")
}

// used reads what a tenant's period has used.
func (w *world) used(key string) (requests, writes string) {
	w.t.Helper()
	period := w.want(w.do("GET", "/cluster/stats/self", key, ""), 200).fields["period"]
	return number(w.t, period, "requests_used"), number(w.t, period, "writes_used")
}

func number(t testing.TB, in any, name string) string {
	t.Helper()
	fields, _ := in.(map[string]any)
	text, ok := fields[name].(interface{ String() string })
	if !ok {
		t.Fatalf("%q is no number in %v", name, in)
	}
	return text.String()
}

// TestLimits_EachDoorIsChargedOnce: what each call costs, by its header and by the tenant's own figures (ARCHITECTURE §8).
func TestLimits_EachDoorIsChargedOnce(t *testing.T) {
	cluster, server := newServer(t)
	w := newWorld(t, cluster, server)
	id, key := w.limitedTenant("charged", `{"requests_per_month":1000,"writes_per_month":500,"requests_per_second":1000,"burst":1000}`)
	begin := func() string { return w.want(w.do("POST", "/tx", key, ""), 201).text("id") }
	open, kept := begin(), begin()
	requests, writes := 0, 0
	for _, one := range []struct {
		method, path, body string
		status             int
		requests, writes   int
	}{
		{"POST", "/cypher", `{"query":"RETURN 1"}`, 200, 1, 0},
		{"POST", "/cypher", `{"query":"CREATE (:A)"}`, 200, 1, 1},
		{"POST", "/cypher", `{"query":"MATCH (n:None) SET n.x = 1"}`, 200, 1, 1},
		{"POST", "/cypher", `{"query":"SHOW INDEXES"}`, 200, 1, 0},
		{"POST", "/cypher", `{"query":"CREATE INDEX FOR (a:A) ON (a.x)"}`, 200, 1, 1},
		{"POST", "/cypher", `{"query":"UNWIND [1, 0] AS x RETURN 1 / x"}`, 400, 1, 0},
		{"POST", "/cypher", `{"query":"RETUR 1"}`, 400, 0, 0},
		{"POST", "/cypher", `{"query":"RETURN 1","database":"none"}`, 404, 0, 0},
		{"POST", "/cypher", `{"query":"CREATE (:A)","consistency":"local"}`, 400, 0, 0},
		{"POST", "/cypher", `{`, 400, 0, 0},
		{"POST", "/tx", "", 201, 0, 0},
		{"POST", "/tx/" + open, `{"query":"CREATE (:B)"}`, 200, 1, 1},
		{"POST", "/tx/" + open, `{"query":"MATCH (b:B) RETURN b"}`, 200, 1, 0},
		{"POST", "/tx/" + open, `{"query":"CREATE INDEX FOR (a:A) ON (a.y)"}`, 400, 0, 0},
		{"POST", "/tx/nonsense", `{"query":"RETURN 1"}`, 404, 0, 0},
		{"POST", "/tx/" + open + "/commit", "", 409, 0, 0},
		{"DELETE", "/tx/" + kept, "", 204, 0, 0},
		{"GET", "/databases", "", 200, 0, 0},
		{"POST", "/databases", `{"name":"second"}`, 201, 1, 1},
		{"POST", "/databases", `{"name":"No Name"}`, 400, 0, 0},
		{"DELETE", "/databases/second", "", 204, 1, 1},
		{"GET", "/schema", "", 200, 0, 0},
		{"GET", "/stats", "", 200, 0, 0},
		{"GET", "/health", "", 200, 0, 0},
		{"GET", "/admin/tenants", "", 403, 0, 0},
	} {
		recorder := w.do(one.method, one.path, key, one.body)
		w.want(recorder, one.status)
		requests, writes = requests+one.requests, writes+one.writes
		gotRequests, gotWrites := w.used(key)
		if gotRequests != itoa(requests) || gotWrites != itoa(writes) {
			t.Fatalf("%s %s %s: %s requests, %s writes used; wanted %d, %d", one.method, one.path, one.body, gotRequests, gotWrites, requests, writes)
		}
		if one.status == 403 {
			continue // it was not admitted
		}
		if want := "requests=" + itoa(one.requests) + ", writes=" + itoa(one.writes); recorder.Header().Get(headerCost) != want {
			t.Errorf("%s %s %s: cost %q, wanted %q", one.method, one.path, one.body, recorder.Header().Get(headerCost), want)
		}
		for _, name := range []string{headerPolicy, headerRateLimit, headerLimit, headerRemaining, headerReset} {
			if recorder.Header().Get(name) == "" {
				t.Errorf("%s %s: no header %s", one.method, one.path, name)
			}
		}
	}
	waitSettled(w, id, requests, writes)
}

// waitSettled waits until the operator sees what was used.
func waitSettled(w *world, id string, requests, writes int) {
	w.t.Helper()
	var a answer
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		a = w.want(w.do("GET", "/admin/tenants/"+id+"/usage", w.operator, ""), 200)
		book, _ := a.fields["usage"].(map[string]any)
		if number(w.t, book, "requests") == itoa(requests) && number(w.t, book, "writes") == itoa(writes) &&
			number(w.t, book, "bytes_out") != "0" && number(w.t, book, "rows_out") != "0" && strings.Contains(a.raw, `"periods":[{`) {
			return
		}
	}
	w.t.Errorf("%s, wanted %d requests and %d writes", a.raw, requests, writes)
}

func itoa(n int) string { return string(appendNumber(nil, "", uint64(n))) }

func TestLimits_AMonthThatIsUsedUp(t *testing.T) {
	cluster, server := newServer(t)
	w := newWorld(t, cluster, server)
	_, key := w.limitedTenant("small", `{"requests_per_month":6,"writes_per_month":2}`)
	write, read := `{"query":"CREATE (:A)"}`, `{"query":"RETURN 1"}`
	exhausted := func(body, quota string, limit string) {
		t.Helper()
		r := w.do("POST", "/cypher", key, body)
		a := w.refused(r, 429, "QUOTA_EXCEEDED")
		if a.text("quota") != quota || number(t, a.fields, "limit") != limit || number(t, a.fields, "used") != limit || a.text("resets_at") == "" || len(r.Header().Get("Retry-After")) < 2 {
			t.Errorf("%s\n%v", a.raw, r.Header())
		}
		if r.Header().Get(headerCost) != costFree[0] {
			t.Errorf("a refused request cost %q", r.Header().Get(headerCost))
		}
	}
	until := func(body string, count int) {
		t.Helper()
		for range count {
			w.wantSoon(key, body)
		}
	}
	until(write, 2)
	waitUsed(w, key, "2", "2")
	exhausted(write, meter.QuotaWrites, "2")
	until(read, 4)
	waitUsed(w, key, "6", "2")
	exhausted(read, meter.QuotaRequests, "6")
	w.want(w.do("GET", "/stats", key, ""), 200)
}

// wantSoon asks until it is admitted: a node is granted little at a time.
func (w *world) wantSoon(key, body string) {
	w.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		r := w.do("POST", "/cypher", key, body)
		if r.Code != http.StatusTooManyRequests || time.Now().After(deadline) {
			w.want(r, 200)
			return
		}
		w.refused(r, 429, "RATE_LIMIT_EXCEEDED")
	}
}

// waitUsed waits until the machine shows what was used.
func waitUsed(w *world, key, requests, writes string) {
	w.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		used := w.want(w.do("GET", "/cluster/stats/self", key, ""), 200).fields["usage"]
		if number(w.t, used, "requests") == requests && number(w.t, used, "writes") == writes {
			break
		}
	}
}

func TestLimits_Rate(t *testing.T) {
	cluster, server := newServer(t)
	w := newWorld(t, cluster, server)
	_, key := w.limitedTenant("slow", `{"requests_per_second":2,"burst":3}`)
	refused := 0
	for range 12 {
		r := w.do("POST", "/cypher", key, `{"query":"RETURN 1"}`)
		if r.Code == 200 {
			continue
		}
		refused++
		a := w.refused(r, 429, "RATE_LIMIT_EXCEEDED")
		if a.text("quota") != "requests_per_second" || r.Header().Get("Retry-After") != "1" || r.Header().Get(headerCost) != costFree[0] {
			t.Errorf("%s\n%v", a.raw, r.Header())
		}
	}
	if refused < 3 {
		t.Errorf("%d of 12 refused", refused)
	}
	// the rate comes before the body's shape, and after the route's function
	for code := http.StatusBadRequest; code == http.StatusBadRequest; {
		code = w.do("POST", "/cypher", key, `{`).Code
	}
	w.refused(w.do("GET", "/admin/tenants", key, ""), 403, "FUNCTION_NOT_ALLOWED")
}

func TestLimits_AbsentWhereNothingLimits(t *testing.T) {
	cluster, server := newServer(t)
	w := newWorld(t, cluster, server)
	r := w.do("POST", "/cypher", w.oneKey, `{"query":"RETURN 1"}`)
	if r.Header().Get(headerRateLimit)+r.Header().Get(headerPolicy)+r.Header().Get(headerLimit) != "" || r.Header().Get(headerCost) != costRead[0] {
		t.Errorf("%v", r.Header())
	}
	if r := w.do("GET", "/cluster/status", w.operator, ""); r.Header().Get(headerCost) != "" {
		t.Errorf("an operator's request has a cost: %v", r.Header())
	}
	if requests, _ := w.used(w.oneKey); requests != "1" {
		t.Errorf("%s requests counted of an unlimited tenant", requests)
	}
}

func TestTellStanding(t *testing.T) {
	now := time.Date(2026, 11, 30, 23, 59, 0, 0, time.UTC)
	header := http.Header{}
	tellStanding(header, meter.Standing{
		Rated: true, Burst: 200, PerSecond: 100, Level: 150, FullInNs: 499_000_000, Period: 202611,
		Requests: meter.Quota{Limited: true, Limit: 5000, Used: 4990}, Writes: meter.Quota{Limited: true, Limit: 7, Used: 9},
	}, now)
	for name, want := range map[string]string{
		headerPolicy:    `"rate";q=200;w=2, "requests";q=5000;w=2678400, "writes";q=7;w=2678400`,
		headerRateLimit: `"rate";r=150;t=1, "requests";r=10;t=60, "writes";r=0;t=60`,
		headerLimit:     "200", headerRemaining: "150", headerReset: "1",
	} {
		if got := header.Get(name); got != want {
			t.Errorf("%s: %s, wanted %s", name, got, want)
		}
	}
}
