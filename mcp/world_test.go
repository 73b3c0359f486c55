package mcp

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"go.uber.org/goleak"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/api/apitest"
	"github.com/hivellm/nexus/api/rest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// world is both doors on a port, in front of a real one-node cluster with two tenants.
type world struct {
	t                testing.TB
	cluster          *apitest.Cluster
	http             *httptest.Server
	operator         string
	one, two         string // tenants' ids
	oneKey, otherKey string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	cluster := apitest.Start(t, 1)
	cluster.Operator(t, cluster.Nodes[0])
	service := cluster.Nodes[0].Service
	server, err := rest.New(rest.Config{Service: service, MaxBodyBytes: 8 << 20, Agents: agentsOf(service)})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, cluster: cluster, operator: cluster.OperatorKey, http: httptest.NewServer(server.Handler())}
	t.Cleanup(w.http.Close)
	w.one, w.oneKey = w.tenant("one")
	w.two, w.otherKey = w.tenant("two")
	return w
}

func agentsOf(service *api.Service) rest.Agents {
	door := New(Config{Service: service})
	return func(w http.ResponseWriter, r *http.Request, a rest.Agent) error {
		return door.Serve(w, r, a.Body, Caller{Principal: a.Principal, RequestID: a.RequestID, ArrivedMs: a.ArrivedMs, Told: a.Told})
	}
}

// do sends one HTTP request and returns status, body and headers.
func (w *world) do(method, path, key, body string, headers ...string) (int, string, http.Header) {
	w.t.Helper()
	request, err := http.NewRequest(method, w.http.URL+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if key != "" {
		request.Header.Set("Authorization", "Bearer "+key)
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			request.Host = headers[i+1]
		}
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := w.http.Client().Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return response.StatusCode, string(answer), response.Header
}

// must is do with a status that is wanted, and the answer decoded.
func (w *world) must(status int, method, path, key, body string) map[string]any {
	w.t.Helper()
	got, answer, _ := w.do(method, path, key, body)
	if got != status {
		w.t.Fatalf("%s %s answered %d %s", method, path, got, answer)
	}
	return decode(w.t, []byte(answer))
}

func decode(t testing.TB, text []byte) map[string]any {
	t.Helper()
	if len(text) == 0 {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var out map[string]any
	if err := decoder.Decode(&out); err != nil {
		t.Fatalf("no JSON object: %v: %s", err, text)
	}
	return out
}

func (w *world) tenant(name string) (id, key string) {
	w.t.Helper()
	id = w.must(201, "POST", "/admin/tenants", w.operator, `{"name":"`+name+`"}`)["id"].(string)
	return id, w.key(`"tenant_id":"` + id + `"`)
}

// key makes a key of an owner; with functions, of exactly those.
func (w *world) key(owner string, functions ...string) string {
	w.t.Helper()
	list := ""
	if functions != nil {
		text, err := json.Marshal(functions)
		if err != nil {
			w.t.Fatal(err)
		}
		list = `,"allowed_functions":` + string(text)
	}
	return w.must(201, "POST", "/admin/keys", w.operator, `{`+owner+`,"name":"k"`+list+`}`)["key"].(string)
}

func (w *world) oneOwner() string { return `"tenant_id":"` + w.one + `"` }

func (w *world) cypher(key, query string) map[string]any {
	w.t.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		w.t.Fatal(err)
	}
	return w.must(200, "POST", "/cypher", key, string(body))
}

func (w *world) digests() string {
	w.t.Helper()
	text, err := json.Marshal(w.must(200, "GET", "/cluster/digest", w.operator, "")["databases"])
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}

// message sends one JSON-RPC request of the old era and returns the status and the whole answer.
func (w *world) message(key, method string, params any) (int, string) {
	w.t.Helper()
	body, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
	if err != nil {
		w.t.Fatal(err)
	}
	status, answer, _ := w.do("POST", "/mcp", key, string(body), agentHeaders...)
	return status, answer
}

var agentHeaders = []string{"Content-Type", "application/json", "Accept", "application/json, text/event-stream", "Mcp-Protocol-Version", "2025-11-25"}

// called is a tool's answer.
type called struct {
	raw, text  string
	failed     bool
	structured map[string]any
	protocol   string // the protocol's own error
}

// call calls a tool.
func (w *world) call(key, tool, arguments string) called {
	w.t.Helper()
	status, answer := w.message(key, "tools/call", map[string]any{"name": tool, "arguments": json.RawMessage(arguments)})
	if status != 200 {
		w.t.Fatalf("%s answered %d %s", tool, status, answer)
	}
	var a struct {
		Result struct {
			Content           []struct{ Text string }
			IsError           bool
			StructuredContent json.RawMessage
		}
		Error *struct {
			Code    int
			Message string
		}
	}
	if err := json.Unmarshal([]byte(answer), &a); err != nil {
		w.t.Fatal(err)
	}
	c := called{raw: answer, failed: a.Result.IsError}
	if a.Error != nil {
		c.protocol = a.Error.Message
		return c
	}
	if len(a.Result.Content) > 0 {
		c.text = a.Result.Content[0].Text
	}
	if !c.failed {
		c.structured = decode(w.t, a.Result.StructuredContent)
	}
	return c
}

// works is a call that must succeed.
func (w *world) works(key, tool, arguments string) called {
	w.t.Helper()
	c := w.call(key, tool, arguments)
	if c.failed || c.protocol != "" {
		w.t.Fatalf("%s %s: %s%s", tool, arguments, c.text, c.protocol)
	}
	return c
}

// session is the library's own client, in an era of the protocol.
func (w *world) session(key, version string) *sdk.ClientSession {
	w.t.Helper()
	client := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, nil)
	transport := &sdk.StreamableClientTransport{
		Endpoint: w.http.URL + "/mcp", HTTPClient: &http.Client{Transport: keyed{key, w.http.Client().Transport}}, MaxRetries: -1,
	}
	session, err := client.Connect(context.Background(), transport, &sdk.ClientSessionOptions{ProtocolVersion: version})
	if err != nil {
		w.t.Fatalf("connect as %s: %v", version, err)
	}
	w.t.Cleanup(func() { _ = session.Close() })
	return session
}

type keyed struct {
	key  string
	next http.RoundTripper
}

func (k keyed) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+k.key)
	return k.next.RoundTrip(r)
}
