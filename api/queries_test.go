package api_test

import (
	"errors"
	"testing"
	"time"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/api/apitest"
	"github.com/hivellm/nexus/tenancy"
)

// endedWith waits for the end of a query that something ended at since, and checks how.
func endedWith(t *testing.T, r *running, since time.Time, code api.Code) *api.Error {
	t.Helper()
	var refused *api.Error
	select {
	case err := <-r.err:
		if !errors.As(err, &refused) || refused.Code != code {
			t.Errorf("%s ended with %v, wanted %s", r.what, err, code)
			return &api.Error{}
		}
	case <-time.After(apitest.Patience):
		t.Fatalf("%s goes on", r.what)
	}
	if took := time.Since(since); took > time.Second {
		t.Logf("%s went on for %v: the machine is busy, or it is too long", r.what, took)
	}
	return refused
}

// listed waits until so many queries run on all nodes.
func listed(t *testing.T, c *apitest.Cluster, asked *apitest.Node, count int) (list []api.RunningQuery) {
	t.Helper()
	operator := c.Operator(t, asked)
	apitest.WaitFor(t, "the queries listed", func() bool {
		var missing []string
		var err error
		if list, missing, err = asked.Service.Queries(t.Context(), operator); err != nil || len(missing) > 0 {
			t.Fatalf("list: %v, missing %v", err, missing)
		}
		running := 0
		for _, q := range list {
			if q.State != "waiting" && q.ElapsedMs > 0 {
				running++
			}
		}
		return running == count && len(list) == count
	})
	return list
}

// Every query under way is listed once, by any node, without its text, and can be killed from any node.
func TestQueries_AreListedAndKilledFromAnyNode(t *testing.T) {
	c := apitest.Start(t, 3)
	account, key := c.Tenant(t, "ann")
	leader, follower := c.Leader(t), c.Follower(t)
	operator := c.Operator(t, follower)
	apitest.Authenticate(t, follower, key)
	queries := []*running{
		run(follower, key, "a local read", api.Request{Query: endless + counted, Consistency: api.Local}),
		run(leader, key, "a strong read", api.Request{Query: endless + counted}),
		run(follower, key, "a forwarded write", api.Request{Query: endless + " CREATE (:Never)"}),
	}
	list := listed(t, c, follower, len(queries))
	prints, forwarded := map[string]int{}, 0
	for _, q := range list {
		prints[q.Fingerprint]++
		if q.Forwarded {
			forwarded++
		}
		if q.Tenant != account.ID.String() || q.Database != "default" || q.KeyID == "" || q.Function == "" {
			t.Errorf("listed as %+v", q)
		}
	}
	if len(prints) != 2 || forwarded != 1 {
		t.Errorf("fingerprints %v of two texts, %d of one forwarded", prints, forwarded)
	}
	if _, _, err := follower.Service.Queries(t.Context(), apitest.Authenticate(t, follower, key)); !isCode(err, api.CodeFunctionNotAllowed) {
		t.Errorf("a tenant listed queries: %v", err)
	}
	killed := time.Now()
	for _, q := range list {
		if err := follower.Service.KillQuery(t.Context(), operator, q.ID); err != nil {
			t.Errorf("kill %s: %v", q.ID, err)
		}
	}
	for _, r := range queries {
		endedWith(t, r, killed, api.CodeQueryKilled)
	}
	for _, id := range []string{list[0].ID, "x", "x.1", list[0].ID + "0"} {
		if err := follower.Service.KillQuery(t.Context(), operator, id); !isCode(err, api.CodeNotFound) {
			t.Errorf("kill %s, which is gone: %v", id, err)
		}
	}
	if list := listed(t, c, leader, 0); len(list) != 0 {
		t.Errorf("left: %+v", list)
	}
}

// What a key, its tenant or its grant loses ends what runs with it (R20).
func TestQueries_EndWithTheRightToRun(t *testing.T) {
	c := apitest.Start(t, 1)
	n := c.Nodes[0]
	operator := c.Operator(t, n)
	for _, one := range []struct {
		name string
		take func(account tenancy.Account, key string) error
		code api.Code
	}{
		{"revoked", func(_ tenancy.Account, key string) error {
			parsed, err := tenancy.ParseKey(key)
			if err != nil {
				return err
			}
			_, err = n.Service.RevokeKey(t.Context(), operator, parsed.ID)
			return err
		}, api.CodeInvalidToken},
		{"suspended", func(a tenancy.Account, _ string) error {
			suspended := tenancy.StatusSuspended
			_, err := n.Service.UpdateTenant(t.Context(), operator, api.TenantChange{ID: a.ID.String(), Status: &suspended})
			return err
		}, api.CodeTenantSuspended},
	} {
		account, key := c.Tenant(t, one.name)
		read := run(n, key, one.name+", a read", api.Request{Query: endless + counted})
		write := run(n, key, one.name+", a write", api.Request{Query: endless + " CREATE (:Never)"})
		listed(t, c, n, 2)
		if err := one.take(account, key); err != nil {
			t.Fatal(err)
		}
		taken := time.Now()
		endedWith(t, read, taken, one.code)
		endedWith(t, write, taken, one.code)
	}
}

// The time limit is answered by its name at every door alike: its own or the tenant's, on any node, read or write, and in a
// transaction; a write that it ended in the evaluator did not happen.
func TestLimits_AreNamedAtEveryDoor(t *testing.T) {
	c := apitest.Start(t, 3)
	leader, follower := c.Leader(t), c.Follower(t)
	operator := c.Operator(t, leader)
	account, key := c.Tenant(t, "ann")
	limits := account.Limits
	limits.MaxQueryMs, limits.MaxResultRows, limits.MaxQueryMemoryBytes = tenancy.LimitOf(400), tenancy.LimitOf(50), tenancy.LimitOf(16<<20)
	if _, err := leader.Service.UpdateTenant(t.Context(), operator, api.TenantChange{ID: account.ID.String(), Limits: &limits}); err != nil {
		t.Fatal(err)
	}
	for _, n := range []*apitest.Node{leader, follower} {
		principal := apitest.Authenticate(t, n, key)
		apitest.WaitFor(t, "the limits known", func() bool {
			known, err := n.Service.Tenant(t.Context(), c.Operator(t, n), account.ID.String())
			return err == nil && known.Limits == limits
		})
		for _, one := range []struct {
			what, query string
			timeout     time.Duration
			quota       string
			limit       uint64
		}{
			{"a read", endless + counted, 0, "max_query_ms", 400},
			{"a write", endless + " CREATE (:Never)", 0, "max_query_ms", 400},
			{"a write with a time of its own", endless + " CREATE (:Never)", 200 * time.Millisecond, "timeout_ms", 200},
			{"a read with a time of its own", endless + counted, 200 * time.Millisecond, "timeout_ms", 200},
			{"rows", "UNWIND range(1, 100) AS i RETURN i", 0, "max_result_rows", 50},
			{"rows of a write", "UNWIND range(1, 100) AS i CREATE (n:Never) RETURN i", 0, "max_result_rows", 50},
			{"memory", "WITH reduce(t = 'x', k IN range(1, 10) | t + t) AS t UNWIND range(1, 1000000) AS i RETURN size(collect(t + i)) AS n", 0, "max_query_memory_bytes", 16 << 20},
			{"memory of a write", "WITH reduce(t = 'x', k IN range(1, 10) | t + t) AS t UNWIND range(1, 1000000) AS i WITH collect(t + i) AS l CREATE (:Never {n: size(l)})", 0, "max_query_memory_bytes", 16 << 20},
		} {
			request := api.Request{Query: one.query, Timeout: one.timeout}
			refused := endedWith(t, run(n, key, one.what, request), time.Now(), api.CodeQueryLimitExceeded)
			if refused.Quota != one.quota || refused.Limit != one.limit {
				t.Errorf("%s on %s: %s %d (%s), wanted %s %d", one.what, n.Name, refused.Quota, refused.Limit, refused.Detail, one.quota, one.limit)
			}
			tx, err := n.Service.BeginTx(t.Context(), principal, api.TxSpec{})
			if err != nil {
				t.Fatal(err)
			}
			request.Principal = principal
			_, err = n.Service.TxCypher(t.Context(), tx.ID, request, &answer{})
			if !errors.As(err, &refused) || refused.Code != api.CodeQueryLimitExceeded || refused.Quota != one.quota || refused.Limit != one.limit {
				t.Errorf("%s in a transaction on %s: %v, wanted %s", one.what, n.Name, err, one.quota)
			}
			if err := n.Service.RollbackTx(t.Context(), principal, tx.ID); err != nil {
				t.Error(err)
			}
		}
	}
	if got := must(t, leader, key, "MATCH (n:Never) RETURN count(n)").text(); got != "[0]" {
		t.Errorf("%s nodes of writes that a limit ended", got)
	}
}

func isCode(err error, code api.Code) bool {
	var refused *api.Error
	return errors.As(err, &refused) && refused.Code == code
}
