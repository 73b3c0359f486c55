package api_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/api/apitest"
	"github.com/hivellm/nexus/api/audit"
)

// A tenant's records come from all nodes, page by page, each once; a node that does not reply is named, and its records
// come when it is back. Others' records do not come at all.
func TestAudit_OwnRecordsOfAllNodes(t *testing.T) {
	c := apitest.Start(t, 3)
	account, key := c.Tenant(t, "ann")
	at := time.Now().Truncate(time.Millisecond)
	want := map[string]bool{}
	for i := range 30 {
		n := c.Nodes[i%3]
		id := fmt.Sprint("r", i)
		want[id] = true
		n.Service.Record(audit.Record{Time: at.Add(time.Duration(i) * time.Millisecond), TenantID: account.ID.String(), Function: "cypher.read", Outcome: audit.OK, RequestID: id})
		n.Service.Record(audit.Record{Time: at, TenantID: "t999", Function: "cypher.read", Outcome: audit.OK, RequestID: "foreign"})
		n.Service.Record(audit.Record{Time: at, TenantID: account.ID.String(), Function: "health.read", Outcome: audit.OK, RequestID: "a probe"})
	}
	asked := c.Follower(t)
	principal := apitest.Authenticate(t, asked, key)
	read := func(q api.AuditQuery) api.AuditPage {
		t.Helper()
		page, err := asked.Service.Audit(t.Context(), principal, q)
		if err != nil {
			t.Fatal(err)
		}
		return page
	}
	apitest.WaitFor(t, "the records written", func() bool { return len(read(api.AuditQuery{Limit: 1000}).Entries) == 30 })
	q, last := api.AuditQuery{Limit: 7}, time.Time{}
	for range 6 {
		page := read(q)
		for _, e := range page.Entries {
			if !want[e.RequestID] || e.Time.Before(last) {
				t.Errorf("%+v: twice, foreign, or out of order", e)
			}
			delete(want, e.RequestID)
			last = e.Time
		}
		q.Since = page.Next
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
	if page := read(api.AuditQuery{Since: at.Add(20 * time.Millisecond).UTC().Format(time.RFC3339Nano)}); len(page.Entries) != 10 {
		t.Errorf("%d records since an instant, want 10", len(page.Entries))
	}
	gone := c.Nodes[0]
	if gone == asked {
		gone = c.Nodes[1]
	}
	gone.Stop(t)
	if page := read(api.AuditQuery{Limit: 1000}); len(page.Missing) != 1 || page.Missing[0] != gone.Name && page.Missing[0] != gone.Raft.Self().ID || len(page.Entries) != 20 {
		t.Errorf("with %s gone: missing %v, %d records", gone.Name, page.Missing, len(page.Entries))
	}
	for _, since := range []string{"x", "!!", "AAAA"} {
		if _, err := asked.Service.Audit(t.Context(), principal, api.AuditQuery{Since: since}); !isCode(err, api.CodeBadRequest) {
			t.Errorf("since %q: %v", since, err)
		}
	}
}

// Each node's head gets into the log, and a log that ends before it was cut short; the chain over administrative commands
// is the same on all nodes.
func TestAudit_HeadsRideInTheLog(t *testing.T) {
	c := apitest.StartWith(t, 3, apitest.Options{AuditHeadsEvery: 50 * time.Millisecond})
	c.Tenant(t, "ann")
	for i, n := range c.Nodes {
		for range 5 + i {
			n.Service.Record(audit.Record{Time: time.Now(), Function: "cypher.read", Outcome: audit.OK})
		}
	}
	leader := c.Leader(t)
	known := func() map[string]audit.Head {
		heads, _, _, err := leader.Service.AuditHeads(c.Operator(t, leader))
		if err != nil {
			t.Fatal(err)
		}
		byNode := map[string]audit.Head{}
		for _, h := range heads {
			byNode[h.NodeID] = audit.Head{Seq: h.Seq, Hash: hex.EncodeToString(h.Hash[:])}
		}
		return byNode
	}
	id := func(n *apitest.Node) string { return n.Raft.Self().ID }
	apitest.WaitFor(t, "all heads in the log", func() bool {
		heads := known()
		for _, n := range c.Nodes {
			if heads[id(n)] != n.Audit.Head() {
				return false
			}
		}
		return true
	})
	heads := known()
	apitest.WaitFor(t, "one chain", func() bool {
		seq, hash := c.Nodes[0].Machine.AdminChain()
		for _, n := range c.Nodes[1:] {
			if otherSeq, other := n.Machine.AdminChain(); otherSeq != seq || other != hash {
				return false
			}
		}
		return seq >= 3 // the cluster, the tenant, its key
	})
	victim := c.Follower(t)
	node := id(victim)
	victim.Stop(t)
	if _, err := audit.Verify(victim.AuditDir(), node, heads[node]); err != nil {
		t.Fatalf("an untouched log: %v", err)
	}
	files, err := filepath.Glob(filepath.Join(victim.AuditDir(), "*.jsonl"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	if err := os.Truncate(files[0], 0); err != nil {
		t.Fatal(err)
	}
	var broken *audit.BrokenError
	if _, err := audit.Verify(victim.AuditDir(), node, heads[node]); !errors.As(err, &broken) {
		t.Errorf("a log that was cut: %v", err)
	}
}
