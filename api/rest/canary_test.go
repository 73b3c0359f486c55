package rest

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/hivellm/nexus/api/apitest"
	"github.com/hivellm/nexus/api/audit"
)

// shared is a buffer that several goroutines write to.
type shared struct {
	mu     sync.Mutex // guards buffer
	buffer bytes.Buffer
}

// Write implements io.Writer.
func (s *shared) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buffer.Write(p)
}

// String is what was written so far.
func (s *shared) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buffer.String()
}

// testCanaries puts words that stand nowhere else into all that is a tenant's (texts, values, parameters, names of keys'
// secrets) and looks for them in the node's log at its most talkative, in its metrics, its audit files, the list of what runs, and
// the answers to another tenant.
func testCanaries(t *testing.T, _ *world) {
	log := &shared{}
	logger := slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	cluster := apitest.StartWith(t, 1, apitest.Options{Logger: logger})
	cluster.Operator(t, cluster.Nodes[0])
	server, err := New(Config{Service: cluster.Nodes[0].Service, Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, cluster, server)
	canaries := []string{"canaryvalue", "canaryliteral", "canarylabel", "canaryparameter", "canarykey", secretOf(w.oneKey), secretOf(w.twoKey), secretOf(w.operator)}
	var said strings.Builder
	for _, query := range []string{
		`CREATE (:canarylabel {name: 'canaryvalue', canarykey: $p}) RETURN 1 AS x`,
		`MATCH (n) WHERE n.name = 'canaryliteral' RETURN n`,
		`MATCH (n) RETURN n.name + 1 / 0 + 'canaryliteral'`,
		`MATCH (n WHERE canaryliteral`,
		`UNWIND range(1, 10) AS i RETURN toInteger('canaryliteral') / 0`,
		`CREATE CONSTRAINT FOR (n:canarylabel) REQUIRE n.canarykey IS UNIQUE`,
		`CREATE (:canarylabel {canarykey: $p})`, `CREATE (:canarylabel {canarykey: $p})`,
	} {
		body, err := json.Marshal(map[string]any{"query": query, "parameters": map[string]any{"p": "canaryparameter"}})
		if err != nil {
			t.Fatal(err)
		}
		w.do("POST", "/cypher", w.oneKey, string(body))
		w.do("POST", "/cypher?canaryliteral", withSecret(t, w.oneKey), string(body))
		w.do("POST", "/cypher", w.oneKey, `{"query": "canaryliteral`)
	}
	for _, path := range []string{"/schema", "/stats", "/databases", "/audit", "/cluster/stats/self"} {
		said.WriteString(w.do("GET", path, w.twoKey, "").Body.String())
	}
	for _, path := range []string{"/metrics", "/admin/audit?limit=1000", "/admin/queries", "/cluster/status", "/cluster/digest", "/admin/tenants", "/admin/keys"} {
		said.WriteString(w.do("GET", path, w.operator, "").Body.String())
	}
	apitest.WaitFor(t, "the records written", func() bool {
		page, err := cluster.Nodes[0].Audit.Read(0, audit.Filter{}, audit.MaxPage)
		return err == nil && len(page.Entries) > 20 && cluster.Nodes[0].Audit.Waiting() == 0
	})
	files, err := filepath.Glob(filepath.Join(cluster.Nodes[0].AuditDir(), "*"))
	if err != nil || len(files) == 0 {
		t.Fatal("no audit files", err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		said.Write(content)
	}
	for _, canary := range canaries {
		if strings.Contains(said.String(), canary) {
			t.Errorf("%q is in an answer of the operator's, another tenant's, or in the audit log", canary)
		}
		if text := log.String(); strings.Contains(text, canary) {
			at := strings.Index(text, canary)
			t.Errorf("%q is in the log: …%s…", canary, text[max(0, at-200):min(len(text), at+100)])
		}
	}
	if len(log.String()) == 0 {
		t.Error("the log is empty: nothing was looked through")
	}
	t.Logf("%d canaries in %d bytes of log and %d bytes of answers and audit files", len(canaries), len(log.String()), said.Len())
}
