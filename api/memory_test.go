package api_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/api/apitest"
	"github.com/hivellm/nexus/tenancy"
)

const (
	// textBatch makes nodes of a KiB each.
	textBatch = "UNWIND range(1, 500) AS i CREATE (:Text {i: i, text: '%01024d'})"
	countAll  = "MATCH (t:Text) RETURN count(t) AS n"
)

func write(t *testing.T, n *apitest.Node, key string, batches int) {
	t.Helper()
	for range batches {
		must(t, n, key, fmt.Sprintf(textBatch, 0))
	}
}

// again starts a node with another memory budget.
func again(t *testing.T, n *apitest.Node, budget uint64) {
	t.Helper()
	n.Stop(t)
	n.MemoryBudgetBytes = budget
	n.Restart(t)
}

// tooBig sees that an error refuses for the node's memory and names both sizes.
func tooBig(t *testing.T, what string, err error, want api.Code, budget uint64) {
	t.Helper()
	var e *api.Error
	if !errors.As(err, &e) || e.Code != want {
		t.Fatalf("%s: %v, not %s", what, err, want)
	}
	if e.Quota != string(tenancy.QuotaResidentBytes) || e.Limit != budget || e.Used == 0 || e.Hint == "" {
		t.Errorf("%s: %+v names not both sizes and what helps", what, e)
	}
}

// TestMemory_ADatabaseTooLargeIsRefusedAndKept: a node starts with less memory than a tenant takes. Its reads and writes
// are refused with both sizes, another tenant goes on, and with more memory all of it is there.
func TestMemory_ADatabaseTooLargeIsRefusedAndKept(t *testing.T) {
	c := apitest.Start(t, 1)
	n := c.Nodes[0]
	_, large := c.Tenant(t, "large")
	_, small := c.Tenant(t, "small")
	write(t, n, large, 8)
	must(t, n, small, "CREATE (:Text {i: 0})")
	_, before := n.Machine.Digests()
	const budget = 2 << 20
	again(t, n, budget)
	for _, query := range []string{countAll, "CREATE (:Text {i: -1})", "MATCH (t:Text) DETACH DELETE t", "CREATE INDEX FOR (t:Text) ON (t.i)"} {
		_, err := ask(n, large, api.Request{Query: query})
		tooBig(t, query, err, api.CodeDatabaseUnavailable, budget)
	}
	_, err := begin(c, large, 0, api.TxSpec{})
	tooBig(t, "begin", err, api.CodeDatabaseUnavailable, budget)
	must(t, n, small, "CREATE (:Text {i: 1})")
	if got := must(t, n, small, countAll).text(); got != "[2]" {
		t.Errorf("the other tenant counts %s", got)
	}
	again(t, n, 0)
	if got := must(t, n, large, countAll).text(); got != "[4000]" {
		t.Errorf("with memory enough it counts %s", got)
	}
	_, after := n.Machine.Digests()
	if before[0].Meta.Digest != after[0].Meta.Digest || before[0].Meta.Bytes != after[0].Meta.Bytes {
		t.Errorf("it was %+v and is %+v", before[0].Meta, after[0].Meta)
	}
}

// TestMemory_ATenantThatGrowsIsRefusedInTime: writes, and an index that is only defined, are refused before the tenant is
// too large to be loaded: it can always be read and deleted from, and then it goes on.
func TestMemory_ATenantThatGrowsIsRefusedInTime(t *testing.T) {
	c := apitest.Start(t, 1)
	n := c.Nodes[0]
	_, grows := c.Tenant(t, "grows")
	_, beside := c.Tenant(t, "beside")
	const budget = 4 << 20
	again(t, n, budget)
	acknowledged := 0
	var refused error
	for ; refused == nil && acknowledged < 100; acknowledged++ {
		_, refused = ask(n, grows, api.Request{Query: fmt.Sprintf(textBatch, 0)})
	}
	acknowledged-- // the last one was refused
	tooBig(t, "a write that grows", refused, api.CodeOverloaded, budget)
	_, err := ask(n, grows, api.Request{Query: "CREATE INDEX FOR (t:Text) ON (t.text)"})
	tooBig(t, "an index over texts", err, api.CodeOverloaded, budget)
	again(t, n, budget)
	if got := must(t, n, grows, countAll).text(); got != fmt.Sprintf("[%d]", acknowledged*500) {
		t.Errorf("%d batches were acknowledged, it counts %s", acknowledged, got)
	}
	must(t, n, beside, "CREATE (:Text)")
	must(t, n, grows, "MATCH (t:Text) WHERE t.i > 250 DETACH DELETE t")
	must(t, n, grows, "CREATE (:Text {i: -1})")
	if n.Machine.ResidentBytes() > budget {
		t.Errorf("%d bytes are in memory", n.Machine.ResidentBytes())
	}
}

// TestMemory_TakenByThoseInUse: an open transaction keeps its tenant in memory. Another that does not fit beside it waits
// to its own time limit and is told so; when the first is done, it is served.
func TestMemory_TakenByThoseInUse(t *testing.T) {
	c := apitest.Start(t, 1)
	n := c.Nodes[0]
	_, one := c.Tenant(t, "one")
	_, two := c.Tenant(t, "two")
	write(t, n, one, 4)
	write(t, n, two, 4)
	again(t, n, n.Machine.ResidentBytes()*3/4)
	held, err := begin(c, one, 0, api.TxSpec{})
	if err == nil {
		_, err = held.run(countAll)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{countAll, "CREATE (:Text)"} {
		if _, err := ask(n, two, api.Request{Query: query, Timeout: 300 * time.Millisecond}); code(err) != api.CodeOverloaded && code(err) != api.CodeQueryLimitExceeded {
			t.Errorf("%s with memory in use: %v", query, err)
		}
	}
	if err := held.rollback(); err != nil {
		t.Fatal(err)
	}
	if got := must(t, n, two, countAll).text(); got != "[2000]" {
		t.Errorf("when the other is done it counts %s", got)
	}
}

// TestMemory_AFollowerThatCannotLoad: strong reads at it are served by the leader's copy, as those of a damaged one;
// local ones are told why; writes through it go on, and it applies all of them.
func TestMemory_AFollowerThatCannotLoad(t *testing.T) {
	c := apitest.Start(t, 3)
	leader := c.Leader(t)
	var follower *apitest.Node
	for _, n := range c.Nodes {
		if n != leader {
			follower = n
		}
	}
	_, key := c.Tenant(t, "large")
	write(t, leader, key, 6)
	const budget = 1 << 20
	again(t, follower, budget)
	apitest.Authenticate(t, follower, key)
	served := must(t, follower, key, countAll)
	if served.text() != "[3000]" || served.summary.Node != leader.Name {
		t.Errorf("a strong read at the follower: %s of %s", served.text(), served.summary.Node)
	}
	_, err := ask(follower, key, api.Request{Query: countAll, Consistency: api.Local})
	tooBig(t, "a local read", err, api.CodeDatabaseUnavailable, budget)
	made := must(t, follower, key, "CREATE (:Text {i: -1})")
	_, err = ask(follower, key, api.Request{Query: countAll, Bookmark: made.summary.Bookmark})
	tooBig(t, "a read at a bookmark", err, api.CodeDatabaseUnavailable, budget)
	if follower.Machine.ResidentBytes() > budget {
		t.Errorf("%d bytes are in memory", follower.Machine.ResidentBytes())
	}
	equalDigests(t, c)
}
