package rest

import (
	"strings"
	"testing"
	"time"
)

// begin begins a transaction of the first tenant.
func (w *world) begin(body string) (path string) {
	w.t.Helper()
	return "/tx/" + w.want(w.do("POST", "/tx", w.oneKey, body), 201).text("id")
}

// txSample is the sample of a route of transactions.
func txSample(w *world, method, path string) sample {
	const create = `{"query":"CREATE (p:Person) RETURN 1 AS x"}`
	if path == "/tx" {
		return sample{path, `{"timeout_ms":5000}`, 201, func(w *world, a answer) {
			w.want(w.do("DELETE", "/tx/"+a.text("id"), w.oneKey, ""), 204)
		}}
	}
	tx := w.begin("")
	switch method + " " + path {
	case "POST /tx/:id":
		return sample{tx, create, 200, func(w *world, a answer) {
			wantNumber(w, a.fields["stats"], "nodes_created", "1")
			w.want(w.do("DELETE", tx, w.oneKey, ""), 204)
		}}
	case "POST /tx/:id/commit":
		w.want(w.do("POST", tx, w.oneKey, create), 200)
		return sample{tx + "/commit", "", 200, func(w *world, a answer) { wantNumber(w, a.fields["stats"], "nodes_created", "1") }}
	}
	return sample{tx, "", 204, func(w *world, _ answer) {
		w.refused(w.do("POST", tx+"/commit", w.oneKey, ""), 404, "NOT_FOUND")
	}}
}

func testTxShapes(t *testing.T, w *world) {
	begun := w.want(w.do("POST", "/tx", w.oneKey, `{"database":"neo4j","access_mode":"write","timeout_ms":400000}`), 201)
	expires, err := time.Parse(time.RFC3339, begun.text("expires_at"))
	if left := time.Until(expires); err != nil || left < 200*time.Second || left > 301*time.Second {
		t.Errorf("expires_at is %s: %v", begun.text("expires_at"), err)
	}
	tx := "/tx/" + begun.text("id")
	a := w.want(w.do("POST", tx, w.oneKey, `{"query":"CREATE (n:Shape {x: $x}) RETURN n","params":{"x":7}}`), 200)
	if !strings.HasPrefix(a.raw, `{"columns":["n"],"rows":[[{"id":0,"elementId":"n:0","labels":["Shape"],"properties":{"x":7}}]],"stats":{"nodes_created":1,`) {
		t.Errorf("answered %s", a.raw)
	}
	for _, absent := range []string{"bookmark", "consistency"} {
		if strings.Contains(a.raw, `"`+absent+`"`) {
			t.Errorf("a statement's answer has %s: %s", absent, a.raw)
		}
	}
	r := w.do("POST", tx, w.oneKey, `{"query":"MATCH (n:Shape) RETURN n.x AS x"}`, "Accept", mediaLines)
	if lines := strings.Split(r.Body.String(), "\n"); len(lines) != 4 || lines[0] != `{"columns":["x"]}` || lines[1] != "[7]" || !strings.HasPrefix(lines[2], `{"summary":{"stats":`) {
		t.Errorf("in lines: %q", lines)
	}
	done := w.want(w.do("POST", tx+"/commit", w.oneKey, ""), 200)
	wantNumber(w, done.fields["stats"], "nodes_created", "1")
	again := w.want(w.do("POST", tx+"/commit", w.oneKey, ""), 200)
	if !strings.HasSuffix(again.raw, `,"replayed":true}`) || strings.Contains(done.raw, "replayed") {
		t.Errorf("answered %s, then %s", done.raw, again.raw)
	}
	w.want(w.do("POST", "/cypher", w.oneKey, `{"query":"RETURN 1 AS x","bookmark":"`+done.text("bookmark")+`"}`), 200)
}

func testTxRefusals(t *testing.T, w *world) {
	for _, body := range []string{`{"access_mode":"both"}`, `{"timeout_ms":0}`, `{"consistency":"strong"}`, `[]`} {
		w.refused(w.do("POST", "/tx", w.oneKey, body), 400, "BAD_REQUEST")
	}
	w.refused(w.do("POST", "/tx", w.oneKey, `{"database":"none"}`), 404, "NOT_FOUND")
	tx := w.begin(`{"access_mode":"read"}`)
	for _, body := range []string{
		`{"query":"RETURN 1 AS x","consistency":"strong"}`, `{"query":"RETURN 1 AS x","bookmark":"nxb_x"}`,
		`{"query":"RETURN 1 AS x","max_staleness_ms":5}`, `{"query":"RETURN 1 AS x","database":"other"}`,
		`{"query":"CREATE (n) RETURN 1 AS x"}`, `{"query":"CREATE INDEX FOR (n:N) ON (n.x)"}`,
	} {
		w.refused(w.do("POST", tx, w.oneKey, body), 400, "BAD_REQUEST")
	}
	w.refused(w.do("POST", tx, w.oneKey, `{"query":"RETURN 1 AS x"}`, headerIdempotencyKey, "k"), 400, "BAD_REQUEST")
	w.refused(w.do("POST", tx+"/commit", w.oneKey, `{"x":1}`), 400, "BAD_REQUEST")
	w.refused(w.do("POST", tx, w.twoKey, `{"query":"RETURN 1 AS x"}`), 404, "NOT_FOUND")
	w.refused(w.do("DELETE", tx, w.twoKey, ""), 404, "NOT_FOUND")
	w.want(w.do("POST", tx, w.oneKey, `{"query":"RETURN 1 AS x"}`), 200)
	w.want(w.do("DELETE", tx, w.oneKey, ""), 204)
	w.refused(w.do("POST", tx, w.oneKey, `{"query":"RETURN 1 AS x"}`), 404, "NOT_FOUND")
	w.refused(w.do("POST", "/tx/nxt_no", w.oneKey, `{"query":"RETURN 1 AS x"}`), 404, "NOT_FOUND")
	w.refused(w.do("PUT", "/tx/nxt_no", w.oneKey, ""), 405, "METHOD_NOT_ALLOWED")
}
