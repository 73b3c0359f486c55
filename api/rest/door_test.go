package rest

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hivellm/nexus/api/apitest"
	"github.com/hivellm/nexus/raft/peer"
)

// TestDoor runs every test of the door against one real node; each has two tenants of its own.
func TestDoor(t *testing.T) {
	cluster, server := newServer(t)
	for _, c := range []struct {
		name string
		test func(*testing.T, *world)
	}{
		{"Law5", testLaw5},
		{"Metrics", testMetrics},
		{"Canaries", testCanaries},
		{"Import", testImport},
		{"ImportOverQuota", testImportOverQuota},
		{"Door/OneOrderOfRefusals", testDoorOneOrderOfRefusals},
		{"Door/Credentials", testDoorCredentials},
		{"Door/RequestID", testDoorRequestID},
		{"Door/BoundsWhatIsInFlight", testDoorBoundsWhatIsInFlight},
		{"Cypher/FunctionsByPlan", testCypherFunctionsByPlan},
		{"Cypher/Answer", testCypherAnswer},
		{"Cypher/ErrorTellsWhere", testCypherErrorTellsWhere},
		{"Cypher/IdempotencyKey", testCypherIdempotencyKey},
		{"Cypher/Lines", testCypherLines},
		{"Cypher/LinesEndWithAnErrorAfterTheFirstRow", testCypherLinesEndWithAnErrorAfterTheFirstRow},
		{"Cypher/LongAnswerIsStreamedWhole", testCypherLongAnswerIsStreamedWhole},
		{"Cypher/CutOffAnswerIsNeverWhole", testCypherCutOffAnswerIsNeverWhole},
		{"Tx/Shapes", testTxShapes},
		{"Tx/Refusals", testTxRefusals},
		{"Tenants/SeeNothingOfEachOther", testTenantsSeeNothingOfEachOther},
		{"Quota/IsTold", testQuotaIsTold},
		{"Keys/RefusesWhatCannotBe", testKeysRefusesWhatCannotBe},
		{"Listen/OffLoopbackNeedsTLSOrAWord", testListenOffLoopbackNeedsTLSOrAWord},
		{"Server/ServesAndShutsDown", testServerServesAndShutsDown},
		{"Server/SpeaksTLS", testServerSpeaksTLS},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, newWorld(t, cluster, server)) })
	}
}

func testDoorOneOrderOfRefusals(t *testing.T, w *world) {
	none := w.key(`{"tenant_id":"` + w.one + `","name":"none","allowed_functions":[]}`).text("key")
	huge := `{"query":"` + strings.Repeat("x", 3<<20) + `"}`
	w.refused(w.do("POST", "/nowhere", "", huge), 401, "AUTHENTICATION_REQUIRED")
	w.refused(w.do("GET", "/nowhere", w.oneKey, ""), 404, "NOT_FOUND")
	w.refused(w.do("GET", "/nowhere", none, ""), 404, "NOT_FOUND") // any live key
	r := w.do("DELETE", "/cypher", none, "")
	w.refused(r, 405, "METHOD_NOT_ALLOWED")
	if r.Header().Get("Allow") != "POST" {
		t.Errorf("Allow is %q", r.Header().Get("Allow"))
	}
	w.refused(w.do("OPTIONS", "/cypher", "", ""), 401, "AUTHENTICATION_REQUIRED")
	w.refused(w.do("OPTIONS", "/cypher", w.oneKey, ""), 405, "METHOD_NOT_ALLOWED")
	w.refused(w.do("OPTIONS", "/nowhere", w.oneKey, ""), 404, "NOT_FOUND")
	w.refused(w.do("HEAD", "/health", w.oneKey, ""), 405, "METHOD_NOT_ALLOWED")
	w.refused(w.do("POST", "/databases", none, huge), 403, "FUNCTION_NOT_ALLOWED")
	w.refused(w.do("POST", "/cypher", w.oneKey, huge), 413, "PAYLOAD_TOO_LARGE")
	w.refused(w.do("POST", "/cypher", w.oneKey, `{"query":1}`), 400, "BAD_REQUEST")
	w.refused(w.do("POST", "/cypher", w.oneKey, `{"query":"RETURN 1 AS x","consistency":"now"}`), 400, "BAD_REQUEST")
	w.refused(w.do("POST", "/cypher", w.oneKey, `{"query":"RETURN 1 AS x","database":"none"}`), 404, "NOT_FOUND")
	w.refused(w.do("POST", "/cypher", w.oneKey, `{"query":"CREATE (p:Person) RETURN 1 AS x","consistency":"local"}`), 400, "BAD_REQUEST")
	w.refused(w.do("POST", "/cypher", w.oneKey, `{"query":"RETURN 1 AS x","bookmark":"nxb_zzz"}`), 400, "BOOKMARK_INVALID")
	w.refused(w.do("GET", "/stats", w.oneKey, `{"x":1}`), 400, "BAD_REQUEST")
}

func testDoorCredentials(t *testing.T, w *world) {
	for name, c := range map[string]struct {
		headers []string
		status  int
	}{
		"X-API-Key":     {[]string{"X-API-Key", w.oneKey}, 200},
		"bearer":        {[]string{"Authorization", "bearer " + w.oneKey}, 200},
		"basic":         {[]string{"Authorization", "Basic " + w.oneKey}, 401},
		"empty bearer":  {[]string{"Authorization", "Bearer "}, 401},
		"two of a kind": {[]string{"Authorization", "Bearer " + w.oneKey, "X-API-Key", w.oneKey}, 401},
	} {
		r := w.do("GET", "/health", "", "", c.headers...)
		if r.Code != c.status {
			t.Errorf("%s: answered %d %s", name, r.Code, r.Body)
		}
		if r.Code == 401 && (r.Header().Get("WWW-Authenticate") == "" || !strings.Contains(r.Body.String(), "INVALID_TOKEN")) {
			t.Errorf("%s: answered %s", name, r.Body)
		}
	}
}

func testDoorRequestID(t *testing.T, w *world) {
	if got := w.do("GET", "/health", w.oneKey, "", headerRequestID, "mine-1").Header().Get(headerRequestID); got != "mine-1" {
		t.Errorf("a plain id became %q", got)
	}
	for _, odd := range []string{"a b", strings.Repeat("x", 65), "ö"} {
		if got := w.do("GET", "/health", w.oneKey, "", headerRequestID, odd).Header().Get(headerRequestID); got == odd || got == "" {
			t.Errorf("%q became %q", odd, got)
		}
	}
	a := w.refused(w.do("GET", "/nowhere", w.oneKey, "", headerRequestID, "mine-2"), 404, "NOT_FOUND")
	if a.text("instance") != "urn:nexus:request:mine-2" {
		t.Errorf("instance is %s", a.text("instance"))
	}
}

func testDoorBoundsWhatIsInFlight(t *testing.T, w *world) {
	for range maxInFlight {
		w.server.inFlight <- struct{}{}
	}
	r := w.do("GET", "/health", w.oneKey, "")
	w.refused(r, 503, "OVERLOADED")
	if r.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	for range maxInFlight {
		<-w.server.inFlight
	}
	w.want(w.do("GET", "/health", w.oneKey, ""), 200)
}

func testCypherFunctionsByPlan(t *testing.T, w *world) {
	queries := map[string]string{
		"cypher.read":  "MATCH (n) RETURN count(n) AS n",
		"cypher.write": "CREATE (p:Person)",
		"schema.read":  "SHOW INDEXES",
		"schema.write": "CREATE INDEX people FOR (p:Person) ON (p.name)",
	}
	for granted := range queries {
		key := w.key(`{"tenant_id":"` + w.one + `","name":"k","allowed_functions":["` + granted + `"]}`).text("key")
		for needed, query := range queries {
			r := w.do("POST", "/cypher", key, `{"query":"`+query+`"}`)
			if needed == granted {
				w.want(r, 200)
				continue
			}
			if a := w.refused(r, 403, "FUNCTION_NOT_ALLOWED"); a.text("function") != needed {
				t.Errorf("%s with %s names %s", query, granted, a.text("function"))
			}
		}
	}
	var listing answer
	apitest.WaitFor(t, "the index, which is built in the background", func() bool {
		listing = w.want(w.do("GET", "/schema/indexes", w.oneKey, ""), 200)
		return !strings.Contains(listing.raw, "POPULATING")
	})
	wantIn(w, listing, `"name":"people","state":"ONLINE","populationPercent":100,"type":"RANGE","entityType":"NODE","labelsOrTypes":["Person"],"properties":["name"],"owningConstraint":null`)
}

func testCypherAnswer(t *testing.T, w *world) {
	r := w.do("POST", "/cypher", w.oneKey, `{"query":"UNWIND range(0, $n - 1) AS x RETURN x","params":{"n":2}}`)
	a := w.want(r, 200)
	if r.Header().Get("Content-Type") != "application/json" || !strings.HasPrefix(a.raw, `{"columns":["x"],"rows":[[0],[1]],"stats":{"nodes_created":0,`) {
		t.Errorf("answered %s", a.raw)
	}
	for _, member := range []string{"bookmark", "node", "leader", "consistency"} {
		if a.text(member) == "" {
			t.Errorf("no %s in %s", member, a.raw)
		}
	}
	if a.text("consistency") != "strong" || a.fields["notifications"] == nil || a.fields["execution_time_ms"] == nil || a.fields["replayed"] != nil {
		t.Errorf("answered %s", a.raw)
	}
	wrote := w.cypher(w.oneKey, "CREATE (p:Person) RETURN 1 AS x")
	read := w.want(w.do("POST", "/cypher", w.oneKey, `{"query":"RETURN 1 AS x","bookmark":"`+wrote.text("bookmark")+`"}`), 200)
	if read.text("consistency") != "bookmark" {
		t.Errorf("answered %s", read.raw)
	}
	w.refused(w.do("POST", "/cypher", w.twoKey, `{"query":"RETURN 1 AS x","bookmark":"`+wrote.text("bookmark")+`"}`), 400, "BOOKMARK_INVALID")
	local := w.want(w.do("POST", "/cypher", w.oneKey, `{"query":"RETURN 1 AS x","consistency":"local"}`), 200)
	if local.text("consistency") != "local" || local.fields["staleness_ms"] == nil {
		t.Errorf("answered %s", local.raw)
	}
}

func testCypherErrorTellsWhere(t *testing.T, w *world) {
	a := w.refused(w.do("POST", "/cypher", w.oneKey, `{"query":"RETURN 1 AS"}`), 400, "QUERY_SYNTAX")
	position, ok := a.fields["position"].(map[string]any)
	if !ok || position["line"] == nil || position["column"] == nil || position["offset"] == nil {
		t.Errorf("no position in %s", a.raw)
	}
	inner, ok := a.fields["error"].(map[string]any)
	if !ok || inner["type"] != "SyntaxError" || inner["phase"] != "compile time" || inner["detail"] == "" {
		t.Errorf("no error in openCypher's words in %s", a.raw)
	}
}

func testCypherIdempotencyKey(t *testing.T, w *world) {
	const body = `{"query":"CREATE (p:Person) RETURN 1 AS x"}`
	first := w.want(w.do("POST", "/cypher", w.oneKey, body, headerIdempotencyKey, "k1"), 200)
	again := w.want(w.do("POST", "/cypher", w.oneKey, body, headerIdempotencyKey, "k1"), 200)
	if first.fields["replayed"] != nil || again.fields["replayed"] != true {
		t.Errorf("answered %s and %s", first.raw, again.raw)
	}
	w.refused(w.do("POST", "/cypher", w.oneKey, `{"query":"CREATE (p:Person) RETURN 2 AS x"}`, headerIdempotencyKey, "k1"), 422, "IDEMPOTENCY_MISMATCH")
	w.refused(w.do("POST", "/cypher", w.oneKey, body, headerIdempotencyKey, ""), 400, "BAD_REQUEST")
	w.refused(w.do("POST", "/cypher", w.oneKey, body, headerIdempotencyKey, "a b"), 400, "BAD_REQUEST")
	if stats := w.want(w.do("GET", "/stats", w.oneKey, ""), 200); !strings.Contains(stats.raw, `"node_count":1,`) {
		t.Errorf("one create, retried, left %s", stats.raw)
	}
	w.want(w.do("POST", "/cypher", w.twoKey, body, headerIdempotencyKey, "k1"), 200) // another tenant's key is another key
}

func testCypherLines(t *testing.T, w *world) {
	r := w.do("POST", "/cypher", w.oneKey, `{"query":"UNWIND range(0, $n - 1) AS x RETURN x","params":{"n":20000}}`, "Accept", "application/x-ndjson")
	lines := strings.Split(strings.TrimSuffix(r.Body.String(), "\n"), "\n")
	if r.Code != 200 || r.Header().Get("Content-Type") != "application/x-ndjson" || len(lines) != 20002 {
		t.Fatalf("answered %d, %d lines", r.Code, len(lines))
	}
	if lines[0] != `{"columns":["x"]}` || lines[1] != `[0]` || lines[20000] != `[19999]` {
		t.Errorf("lines are %s, %s … %s", lines[0], lines[1], lines[20000])
	}
	var last struct {
		Summary map[string]any `json:"summary"`
	}
	if err := json.Unmarshal([]byte(lines[20001]), &last); err != nil || last.Summary["bookmark"] == nil || last.Summary["columns"] != nil {
		t.Errorf("the last line is %s", lines[20001])
	}
	w.refused(w.do("POST", "/cypher", w.oneKey, `{"query":"RETURN"}`, "Accept", "application/x-ndjson"), 400, "QUERY_SYNTAX")
}

func testCypherLinesEndWithAnErrorAfterTheFirstRow(t *testing.T, w *world) {
	r := w.do("POST", "/cypher", w.oneKey, `{"query":"UNWIND [1, 0] AS x RETURN 1 / x AS y"}`, "Accept", "application/x-ndjson")
	lines := strings.Split(strings.TrimSuffix(r.Body.String(), "\n"), "\n")
	if r.Code != 200 || len(lines) != 3 || lines[1] != "[1]" || !strings.HasPrefix(lines[2], `{"error":{"type":"urn:nexus:problem:`) {
		t.Errorf("answered %d %s", r.Code, r.Body)
	}
	w.want(w.do("POST", "/cypher", w.oneKey, `{"query":"UNWIND [1, 0] AS x RETURN 1 / x AS y"}`), 400)
}

func testCypherLongAnswerIsStreamedWhole(t *testing.T, w *world) {
	long := strings.Repeat("x", 1<<20)
	r := w.do("POST", "/cypher", w.oneKey, `{"query":"UNWIND range(0, $n - 1) AS x RETURN x, $s AS s","params":{"n":10,"s":"`+long+`"}}`)
	var whole struct {
		Rows     [][]any `json:"rows"`
		Bookmark string  `json:"bookmark"`
	}
	if err := json.Unmarshal(r.Body.Bytes(), &whole); err != nil || len(whole.Rows) != 10 || whole.Rows[9][1] != long || whole.Bookmark == "" {
		t.Errorf("answered %d rows, %v", len(whole.Rows), err)
	}
	if r.Header().Get("Content-Length") != "" {
		t.Error("an answer beyond what is held has a length")
	}
}

func testCypherCutOffAnswerIsNeverWhole(t *testing.T, w *world) {
	long := strings.Repeat("x", 1<<20)
	recorder := httptest.NewRecorder()
	request := httptest.NewRequest("POST", "/cypher", strings.NewReader(
		`{"query":"UNWIND range(0, 20) AS x RETURN $s AS s, 1 / (15 - x) AS y","params":{"s":"`+long+`"}}`))
	request.Header.Set("X-API-Key", w.oneKey)
	defer func() {
		if thrown := recover(); thrown != http.ErrAbortHandler {
			t.Errorf("the connection was not broken: %v", thrown)
		}
		if recorder.Body.Len() == 0 || json.Valid(recorder.Body.Bytes()) {
			t.Errorf("%d bytes of an answer that broke off are taken for whole", recorder.Body.Len())
		}
	}()
	w.server.Handler().ServeHTTP(recorder, request)
}

func testTenantsSeeNothingOfEachOther(t *testing.T, w *world) {
	w.want(w.do("POST", "/databases", w.oneKey, `{"name":"mine"}`), 201)
	w.refused(w.do("POST", "/databases", w.oneKey, `{"name":"mine"}`), 409, "ALREADY_EXISTS")
	w.refused(w.do("POST", "/databases", w.oneKey, `{"name":"neo4j"}`), 409, "ALREADY_EXISTS")
	w.refused(w.do("DELETE", "/databases/default", w.oneKey, ""), 400, "BAD_REQUEST")
	w.refused(w.do("DELETE", "/databases/mine", w.twoKey, ""), 404, "NOT_FOUND")
	w.refused(w.do("GET", "/stats?database=mine", w.twoKey, ""), 404, "NOT_FOUND")
	w.want(w.do("GET", "/stats?database=mine", w.oneKey, ""), 200)
	w.refused(w.do("GET", "/stats?database=mine&database=x", w.oneKey, ""), 400, "BAD_REQUEST")
	w.cypher(w.oneKey, "CREATE (p:Person) RETURN 1 AS x")
	if stats := w.want(w.do("GET", "/stats", w.twoKey, ""), 200); !strings.Contains(stats.raw, `"node_count":0,`) {
		t.Errorf("the other tenant sees %s", stats.raw)
	}
}

func testQuotaIsTold(t *testing.T, w *world) {
	w.want(w.do("PATCH", "/admin/tenants/"+w.one, w.operator, `{"limits":{"max_nodes":1}}`), 200)
	w.cypher(w.oneKey, "CREATE (p:Person) RETURN 1 AS x")
	a := w.refused(w.do("POST", "/cypher", w.oneKey, `{"query":"CREATE (p:Person) RETURN 1 AS x"}`), 403, "STORAGE_QUOTA_EXCEEDED")
	wantIn(w, a, `"quota":"nodes","limit":1,"used":1`)
}

func testKeysRefusesWhatCannotBe(t *testing.T, w *world) {
	for _, body := range []string{
		`{"name":"x"}`, `{"tenant_id":"t1","role":"operator","name":"x"}`, `{"tenant_id":"t1","role":"king","name":"x"}`,
		`{"tenant_id":"t1","name":"x","allowed_functions":["cluster.read"]}`, `{"tenant_id":"t1","name":"x","allowed_functions":["nope"]}`,
		`{"tenant_id":"t1","name":"x","expires_at":"tomorrow"}`, `{"tenant_id":"t1"}`,
	} {
		w.refused(w.do("POST", "/admin/keys", w.operator, body), 400, "BAD_REQUEST")
	}
	w.refused(w.do("POST", "/admin/keys", w.operator, `{"tenant_id":"t999","name":"x"}`), 404, "NOT_FOUND")
	w.refused(w.do("GET", "/admin/keys/none", w.operator, ""), 404, "NOT_FOUND")
	w.refused(w.do("GET", "/admin/tenants/t999", w.operator, ""), 404, "NOT_FOUND")
	w.refused(w.do("POST", "/admin/tenants", w.operator, `{"name":"`+w.oneName+`"}`), 409, "ALREADY_EXISTS")
	w.refused(w.do("POST", "/admin/tenants", w.operator, `{"name":"x","plan":"golden"}`), 400, "BAD_REQUEST")
	w.refused(w.do("POST", "/admin/tenants", w.operator, `{"name":"x","limits":{"max_nods":1}}`), 400, "BAD_REQUEST")
	w.refused(w.do("POST", "/cluster/leader", w.operator, `{"node":"nobody"}`), 404, "NOT_FOUND")
}

func testListenOffLoopbackNeedsTLSOrAWord(t *testing.T, w *world) {
	open := func(c Config) error {
		c.Service = w.cluster.Nodes[0].Service
		s, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		err = s.Listen()
		if err == nil {
			err = s.listener.Close()
		}
		return err
	}
	if err := open(Config{Listen: "0.0.0.0:0"}); !errors.Is(err, ErrInsecure) {
		t.Errorf("off loopback without TLS answers %v", err)
	}
	for _, c := range []Config{{Listen: "127.0.0.1:0"}, {Listen: "[::1]:0"}, {Listen: "0.0.0.0:0", Insecure: true}} {
		if err := open(c); err != nil && !strings.Contains(err.Error(), "::1") { // a machine without IPv6
			t.Errorf("%s answers %v", c.Listen, err)
		}
	}
	if err := open(Config{Listen: "0.0.0.0:0", TLSCertFile: "none", TLSKeyFile: "none"}); err == nil {
		t.Error("missing TLS files are accepted")
	}
}

func testServerServesAndShutsDown(t *testing.T, w *world) {
	serving(t, Config{Service: w.cluster.Nodes[0].Service, Listen: "127.0.0.1:0"}, func(address string) {
		transport := &http.Transport{}
		defer transport.CloseIdleConnections()
		askOverHTTP(t, transport, "http://"+address, w.oneKey)
	})
}

func testServerSpeaksTLS(t *testing.T, w *world) {
	authority, err := peer.NewAuthority("c")
	if err != nil {
		t.Fatal(err)
	}
	certificate, key, err := authority.Issue("n", []string{"127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	certificateFile, keyFile := filepath.Join(t.TempDir(), "crt"), filepath.Join(t.TempDir(), "key")
	if err := errors.Join(os.WriteFile(certificateFile, certificate, 0o600), os.WriteFile(keyFile, key, 0o600)); err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority.CertificatePEM())
	serving(t, Config{Service: w.cluster.Nodes[0].Service, Listen: "127.0.0.1:0", TLSCertFile: certificateFile, TLSKeyFile: keyFile}, func(address string) {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
		defer transport.CloseIdleConnections()
		askOverHTTP(t, transport, "https://"+address, w.oneKey)
	})
}

// serving runs a server while use does.
func serving(t *testing.T, c Config, use func(address string)) {
	t.Helper()
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve() }()
	use(s.Address())
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func askOverHTTP(t *testing.T, transport *http.Transport, base, key string) {
	t.Helper()
	request, err := http.NewRequest("POST", base+"/cypher", bytes.NewReader([]byte(`{"query":"RETURN 1 AS x"}`)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-API-Key", key)
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil || response.StatusCode != 200 || response.ContentLength != int64(len(content)) {
		t.Errorf("answered %d %s, %v", response.StatusCode, content, err)
	}
}
