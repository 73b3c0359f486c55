package rest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/api/apitest"
	"github.com/hivellm/nexus/mcp"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// world is the door in front of a real one-node cluster with two tenants.
type world struct {
	t        testing.TB
	cluster  *apitest.Cluster
	server   *Server
	operator string
	// one and two are tenants with a key each.
	one, two, oneKey, twoKey, oneName, twoName string
	refusals                                   []string // request ids
}

// newServer starts a node that knows the operator's key, and the door in front of it.
func newServer(t *testing.T) (*apitest.Cluster, *Server) {
	t.Helper()
	cluster := apitest.Start(t, 1)
	cluster.Operator(t, cluster.Nodes[0])
	server, err := New(Config{Service: cluster.Nodes[0].Service, MaxBodyBytes: 2 << 20, Agents: agentsOf(cluster.Nodes[0].Service)})
	if err != nil {
		t.Fatal(err)
	}
	server.damping = nil // the matrix asks as everybody, from one address
	return cluster, server
}

// agentsOf is the agents' door as cmd/nexus fits it to this one.
func agentsOf(service *api.Service) Agents {
	door := mcp.New(mcp.Config{Service: service})
	return func(w http.ResponseWriter, r *http.Request, a Agent) error {
		return door.Serve(w, r, a.Body, mcp.Caller{Principal: a.Principal, RequestID: a.RequestID, ArrivedMs: a.ArrivedMs, Told: a.Told})
	}
}

func newWorld(t *testing.T, cluster *apitest.Cluster, server *Server) *world {
	t.Helper()
	w := &world{t: t, cluster: cluster, server: server, operator: cluster.OperatorKey}
	w.oneName, w.twoName = "one of "+t.Name(), "two of "+t.Name()
	w.one, w.oneKey = w.tenant(w.oneName)
	w.two, w.twoKey = w.tenant(w.twoName)
	return w
}

// tenant makes a tenant and a key of it, through the door.
func (w *world) tenant(name string) (id, key string) {
	w.t.Helper()
	id = w.want(w.do("POST", "/admin/tenants", w.operator, `{"name":"`+name+`"}`), 201).text("id")
	return id, w.key(`{"tenant_id":"` + id + `","name":"k"}`).text("key")
}

func (w *world) key(body string) answer {
	w.t.Helper()
	return w.want(w.do("POST", "/admin/keys", w.operator, body), 201)
}

// do sends one request to the door; headers come in pairs.
func (w *world) do(method, path, key, body string, headers ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	request := httptest.NewRequest(method, path, strings.NewReader(body))
	if key != "" {
		request.Header.Set("Authorization", "Bearer "+key)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	w.server.Handler().ServeHTTP(recorder, request)
	if recorder.Header().Get(headerRequestID) == "" || recorder.Header().Get(headerNode) == "" {
		w.t.Errorf("%s %s: an answer without %s or %s", method, path, headerRequestID, headerNode)
	}
	return recorder
}

// answer is a JSON object that came back.
type answer struct {
	t      testing.TB
	fields map[string]any
	raw    string
}

func (a answer) text(name string) string {
	a.t.Helper()
	text, ok := a.fields[name].(string)
	if !ok {
		a.t.Fatalf("%q is no text in %s", name, a.raw)
	}
	return text
}

// want checks the status and reads the body.
func (w *world) want(r *httptest.ResponseRecorder, status int) answer {
	w.t.Helper()
	if r.Code != status {
		w.t.Fatalf("answered %d %s, wanted %d", r.Code, r.Body, status)
	}
	a := answer{w.t, nil, r.Body.String()}
	if r.Body.Len() > 0 {
		decoder := json.NewDecoder(bytes.NewReader(r.Body.Bytes()))
		decoder.UseNumber()
		if err := decoder.Decode(&a.fields); err != nil {
			w.t.Fatalf("answered no JSON object: %s", r.Body)
		}
	}
	return a
}

// refused checks a refusal's status, code and shape.
func (w *world) refused(r *httptest.ResponseRecorder, status int, code string) answer {
	w.t.Helper()
	a := w.want(r, status)
	if r.Header().Get("Content-Type") != "application/problem+json" || a.text("code") != code {
		w.t.Fatalf("answered %s %s, wanted the problem %s", r.Header().Get("Content-Type"), a.raw, code)
	}
	for _, member := range []string{"type", "title", "detail", "instance"} {
		if a.text(member) == "" {
			w.t.Errorf("the problem lacks %q: %s", member, a.raw)
		}
	}
	if n, ok := a.fields["status"].(json.Number); !ok || n.String() != strconv.Itoa(status) {
		w.t.Errorf("the problem's status is %v, the answer's %d", a.fields["status"], status)
	}
	return a
}

// cypher runs a query that must succeed.
func (w *world) cypher(key, query string) answer {
	w.t.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		w.t.Fatal(err)
	}
	return w.want(w.do("POST", "/cypher", key, string(body)), 200)
}

// digests are this node's, of all databases.
func (w *world) digests() string {
	w.t.Helper()
	a := w.want(w.do("GET", "/cluster/digest", w.operator, ""), 200)
	text, err := json.Marshal(a.fields["databases"])
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}

// past is an instant that is over.
func past() string { return time.Now().Add(-time.Hour).UTC().Format(time.RFC3339) }
