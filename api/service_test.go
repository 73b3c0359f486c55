package api_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/api/apitest"
	"github.com/hivellm/nexus/graph/value"
	"github.com/hivellm/nexus/tenancy"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/hashicorp/memberlist.(*Memberlist).probeNode"))
}

// answer collects an answer as text.
type answer struct {
	columns []string
	rows    []string
	summary api.Summary
}

func (a *answer) Columns(names []string) error {
	a.columns = names
	return nil
}

func (a *answer) Row(encoded []byte) error {
	a.rows = append(a.rows, string(encoded))
	return nil
}

func (a *answer) text() string { return strings.Join(a.rows, "") }

func ask(n *apitest.Node, key string, request api.Request) (*answer, error) {
	principal, err := n.Service.Authenticate(key)
	if err != nil {
		return nil, err
	}
	request.Principal, request.Route, request.ArrivedMs = principal, "POST /cypher", time.Now().UnixMilli()
	ctx, cancel := context.WithTimeout(context.Background(), apitest.Patience)
	defer cancel()
	out := &answer{}
	out.summary, err = n.Service.Cypher(ctx, request, out)
	return out, err
}

func must(t *testing.T, n *apitest.Node, key, query string) *answer {
	t.Helper()
	out, err := ask(n, key, api.Request{Query: query})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return out
}

func code(err error) api.Code {
	var e *api.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func TestService_ThreeNodes(t *testing.T) {
	c := apitest.Start(t, 3)
	_, ann := c.Tenant(t, "ann")
	_, bob := c.Tenant(t, "bob")
	for _, n := range c.Nodes {
		apitest.Authenticate(t, n, bob)
	}
	t.Run("a write on any node is read strongly on any other", func(t *testing.T) {
		for i := range 30 {
			from, to := c.Nodes[i%3], c.Nodes[(i+1)%3]
			must(t, from, ann, fmt.Sprintf("CREATE (:Step {n: %d})", i))
			if got := must(t, to, ann, "MATCH (s:Step) RETURN count(s) AS n, max(s.n) AS m").text(); got != fmt.Sprintf("[%d,%d]", i+1, i) {
				t.Fatalf("after %d writes another node reads %s", i+1, got)
			}
		}
	})
	t.Run("another tenant sees nothing of it", func(t *testing.T) {
		for _, n := range c.Nodes {
			if got := must(t, n, bob, "MATCH (n) RETURN count(n) AS n").text(); got != "[0]" {
				t.Errorf("the other tenant counts %s", got)
			}
		}
	})
	t.Run("a bookmark is reached, and only its tenant's", func(t *testing.T) {
		made := must(t, c.Nodes[0], ann, "CREATE (:Mark)")
		for _, n := range c.Nodes {
			got, err := ask(n, ann, api.Request{Query: "MATCH (m:Mark) RETURN count(m) AS n", Bookmark: made.summary.Bookmark})
			if err != nil || got.text() != "[1]" || got.summary.Consistency != api.AtBookmark {
				t.Errorf("at the bookmark: %v, %v", got, err)
			}
			if _, err := ask(n, bob, api.Request{Query: "RETURN 1 AS n", Bookmark: made.summary.Bookmark}); code(err) != api.CodeBookmarkInvalid {
				t.Errorf("another tenant's bookmark: %v", err)
			}
		}
	})
	t.Run("a key is replayed with its answer, on any node", func(t *testing.T) {
		request := api.Request{Query: "CREATE (k:Keyed {x: $x}) RETURN k.x AS x", IdempotencyKey: "once", Parameters: value.NewMap([]string{"x"}, []value.Value{value.Int(7)})}
		for i := range 6 {
			got, err := ask(c.Nodes[i%3], ann, request)
			if err != nil || got.text() != "[7]" || got.summary.Replayed != (i > 0) {
				t.Fatalf("try %d: %v, %v", i, got, err)
			}
		}
		if got := must(t, c.Nodes[0], ann, "MATCH (k:Keyed) RETURN count(k) AS n").text(); got != "[1]" {
			t.Errorf("the keyed write happened %s times", got)
		}
		request.Query = "CREATE (:Other)"
		if _, err := ask(c.Nodes[1], ann, request); code(err) != api.CodeIdempotencyMismatch {
			t.Errorf("the key with another body: %v", err)
		}
	})
	t.Run("errors keep their code over a hop", func(t *testing.T) {
		must(t, c.Nodes[0], ann, "CREATE CONSTRAINT one FOR (u:User) REQUIRE u.mail IS UNIQUE")
		for i, n := range c.Nodes {
			_, err := ask(n, ann, api.Request{Query: "CREATE (:User {mail: 'a'})"})
			if want := api.CodeConstraintViolation; i > 0 && code(err) != want {
				t.Errorf("a doubled value on %d: %v", i, err)
			}
			if _, err := ask(n, ann, api.Request{Query: "CREATE (:X) RETURN y"}); code(err) != api.CodeQuerySemantic && code(err) != api.CodeQuerySyntax {
				t.Errorf("an undefined variable: %v", err)
			}
			if _, err := ask(n, ann, api.Request{Query: "RETURN 1 AS n", Database: "nowhere"}); code(err) != api.CodeNotFound {
				t.Errorf("a database that is not there: %v", err)
			}
		}
	})
	t.Run("leadership moves under writers and nothing is lost or doubled", func(t *testing.T) { moveLeadership(t, c, ann) })
	t.Run("digests are equal at equal index", func(t *testing.T) { equalDigests(t, c) })
}

// moveLeadership writes through all nodes with keys of its own while leadership goes round.
func moveLeadership(t *testing.T, c *apitest.Cluster, key string) {
	const writers, each = 6, 40
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for i := range each {
				request := api.Request{Query: fmt.Sprintf("CREATE (:Moved {w: %d, i: %d})", w, i), IdempotencyKey: fmt.Sprintf("m-%d-%d", w, i)}
				if err := untilAnswered(c, key, request, w+i); err != nil {
					t.Errorf("write %d of %d: %v", i, w, err)
				}
			}
		})
	}
	for range 4 {
		leader := c.Leader(t)
		if err := leader.Service.TransferLeadership(t.Context(), c.Operator(t, leader), ""); err != nil {
			t.Logf("transfer: %v", err)
		}
	}
	group.Wait()
	got := must(t, c.Nodes[0], key, "MATCH (m:Moved) RETURN count(m) AS n, count(DISTINCT m.w * 1000 + m.i) AS d").text()
	if want := fmt.Sprintf("[%d,%d]", writers*each, writers*each); got != want {
		t.Errorf("after the moves there are %s, want %s", got, want)
	}
}

// untilAnswered asks again, under the same key, whatever says that it may be asked again.
func untilAnswered(c *apitest.Cluster, key string, request api.Request, first int) error {
	var err error
	for try := range 20 {
		if _, err = ask(c.Nodes[(first+try)%len(c.Nodes)], key, request); err == nil {
			return nil
		}
		if e := new(api.Error); !errors.As(err, &e) || e.RetryAfter() == 0 && e.Code != api.CodeUnknownOutcome {
			return err
		}
	}
	return err
}

func equalDigests(t *testing.T, c *apitest.Cluster) {
	apitest.WaitFor(t, "equal digests at one index", func() bool {
		first, want := c.Nodes[0].Machine.Digests()
		for _, n := range c.Nodes[1:] {
			index, got := n.Machine.Digests()
			if index != first || fmt.Sprint(got) != fmt.Sprint(want) {
				return false
			}
		}
		return len(want) > 0
	})
}

func TestService_RevokedAndSuspended(t *testing.T) {
	c := apitest.Start(t, 1)
	node := c.Nodes[0]
	operator := c.Operator(t, node)
	account, key := c.Tenant(t, "ann")
	suspended, active := tenancy.StatusSuspended, tenancy.StatusActive
	if _, err := node.Service.UpdateTenant(t.Context(), operator, api.TenantChange{ID: account.ID.String(), Status: &suspended}); err != nil {
		t.Fatal(err)
	}
	if _, err := node.Service.Authenticate(key); code(err) != api.CodeTenantSuspended {
		t.Errorf("a suspended tenant: %v", err)
	}
	if _, err := node.Service.UpdateTenant(t.Context(), operator, api.TenantChange{ID: account.ID.String(), Status: &active}); err != nil {
		t.Fatal(err)
	}
	principal := apitest.Authenticate(t, node, key)
	if _, err := node.Service.RevokeKey(t.Context(), operator, principal.KeyID()); err != nil {
		t.Fatal(err)
	}
	if _, err := node.Service.Authenticate(key); code(err) != api.CodeInvalidToken {
		t.Errorf("a revoked key: %v", err)
	}
	if _, err := node.Service.CreateTenant(t.Context(), principal, api.TenantSpec{Name: "x"}); code(err) != api.CodeFunctionNotAllowed {
		t.Errorf("a tenant's key making tenants: %v", err)
	}
}

func TestService_StateQuotaIsExact(t *testing.T) {
	c := apitest.Start(t, 1)
	node := c.Nodes[0]
	account, key := c.Tenant(t, "ann")
	limits := tenancy.Limits{MaxNodes: tenancy.LimitOf(3)}
	if _, err := node.Service.UpdateTenant(t.Context(), c.Operator(t, node), api.TenantChange{ID: account.ID.String(), Limits: &limits}); err != nil {
		t.Fatal(err)
	}
	must(t, node, key, "UNWIND range(1, 3) AS i CREATE (:N)")
	_, err := ask(node, key, api.Request{Query: "CREATE (:N)"})
	var e *api.Error
	if !errors.As(err, &e) || e.Code != api.CodeStorageQuotaExceeded || e.Quota != "nodes" || e.Limit != 3 || e.Used != 3 {
		t.Fatalf("one node too many: %+v", e)
	}
	must(t, node, key, "MATCH (n:N) WITH n LIMIT 1 DELETE n")
	must(t, node, key, "CREATE (:N)")
	if got := must(t, node, key, "MATCH (n) RETURN count(n) AS n").text(); got != "[3]" {
		t.Errorf("at the limit there are %s", got)
	}
}
