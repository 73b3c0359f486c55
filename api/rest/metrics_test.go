package rest

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// testMetrics holds what is served against the document, and looks for what must never be there.
func testMetrics(t *testing.T, w *world) {
	w.cypher(w.oneKey, "CREATE (:Canary {name: 'canary-in-a-value'}) RETURN 1 AS x")
	w.do("GET", "/canary-in-a-path", w.oneKey, "")
	answer := w.do("GET", "/metrics", w.operator, "")
	text := answer.Body.String()
	if answer.Code != 200 || !strings.HasPrefix(answer.Header().Get("Content-Type"), "text/plain") {
		t.Fatalf("answered %d %s", answer.Code, answer.Header().Get("Content-Type"))
	}
	for _, want := range []string{
		`nexus_requests_total{class="2xx",function="cypher.write"}`, `nexus_requests_total{class="4xx",function="unknown path"}`,
		`nexus_request_seconds_bucket{function="cypher.write",le="0.01"}`, "nexus_raft_leading 1", "nexus_queries_started_total",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not served", want)
		}
	}
	for _, secret := range []string{"canary", w.oneName, keyID(w.oneKey), secretOf(w.oneKey), secretOf(w.operator), `"` + w.one + `"`} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is served", secret)
		}
	}
	document, err := os.ReadFile("../../docs/METRICS.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range regexp.MustCompile(`(?m)^# TYPE (nexus_\S+)`).FindAllStringSubmatch(text, -1) {
		if !strings.Contains(string(document), found[1]) {
			t.Errorf("%s is not in docs/METRICS.md", found[1])
		}
	}
}
