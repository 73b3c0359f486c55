package devhub

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/hivellm/nexus/hivehub"
	"github.com/hivellm/nexus/tenancy"
)

const serviceKey = "service-key-of-tests"

// rig is a hub that listens, and what tests ask of it.
type rig struct {
	t      *testing.T
	hub    *Hub
	server *httptest.Server
	client *hivehub.Client
}

func newRig(t *testing.T, change ...func(*Options)) *rig {
	t.Helper()
	options := Options{Dir: t.TempDir(), ServiceKey: tenancy.NewSecret(serviceKey)}
	for _, c := range change {
		c(&options)
	}
	hub, err := Open(options)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, hub: hub, server: httptest.NewServer(hub)}
	r.client, err = hivehub.New(hivehub.Config{URL: r.server.URL, ServiceKey: options.ServiceKey})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.close)
	return r
}

func (r *rig) close() {
	r.client.Close()
	r.hub.faults.clear()
	r.server.Close()
	if err := r.hub.Close(); err != nil {
		r.t.Error(err)
	}
}

// do sends a body with a token and gives status and answer.
func (r *rig) do(method, path, token, body string, headers ...string) (int, map[string]any) {
	r.t.Helper()
	sent, err := http.NewRequestWithContext(r.t.Context(), method, r.server.URL+path, bytes.NewReader([]byte(body)))
	if err != nil {
		r.t.Fatal(err)
	}
	if token != "" {
		sent.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(headers); i += 2 {
		sent.Header.Set(headers[i], headers[i+1])
	}
	got, err := http.DefaultClient.Do(sent)
	if err != nil {
		return 0, nil
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		return 0, nil
	}
	var answer map[string]any
	if err := json.Unmarshal(text, &answer); err != nil {
		r.t.Fatalf("%s %s answers %d %q", method, path, got.StatusCode, text)
	}
	return got.StatusCode, answer
}

// must is do that must be answered with a status.
func (r *rig) must(status int, method, path, token, body string, headers ...string) map[string]any {
	r.t.Helper()
	got, answer := r.do(method, path, token, body, headers...)
	if got != status {
		r.t.Fatalf("%s %s: %d %v, not %d", method, path, got, answer, status)
	}
	return answer
}

// register makes a user and gives its id and token.
func (r *rig) register(email string) (id, token string) {
	r.t.Helper()
	answer := r.must(201, "POST", "/api/auth/register", "", `{"email":"`+email+`","password":"correct horse","full_name":"A Person"}`)
	return answer["user"].(map[string]any)["id"].(string), answer["access_token"].(string)
}

// makeKey makes a key and gives its id and text.
func (r *rig) makeKey(token, body string) (id, text string) {
	r.t.Helper()
	answer := r.must(201, "POST", "/v1/access-keys", token, body)
	return answer["key_id"].(string), answer["access_key"].(string)
}

func (r *rig) fault(body string) {
	r.t.Helper()
	r.must(200, "POST", "/dev/faults", serviceKey, body)
}

func usage(user string, seq, requests uint64) hivehub.UsageReport {
	return hivehub.UsageReport{
		ClusterID: "c1", UserID: user, Period: time.Now().UTC().Format("2006-01"), Seq: seq,
		Totals: hivehub.UsageTotals{Requests: requests}, State: tenancy.Usage{Nodes: requests, Bytes: 2 << 20, Databases: 1},
	}
}

// serverAt stands for a server that somebody else runs.
func serverAt(address string) *httptest.Server {
	never := httptest.NewUnstartedServer(nil)
	never.URL = "http://" + address
	return never
}

func clientTo(t *testing.T, url string) *hivehub.Client {
	t.Helper()
	client, err := hivehub.New(hivehub.Config{URL: url, ServiceKey: tenancy.NewSecret(serviceKey)})
	if err != nil {
		t.Fatal(err)
	}
	return client
}
