package api_test

import (
	"context"
	"testing"
	"time"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/api/apitest"
)

// endless runs for minutes unless something ends it.
const endless = "UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b WITH a, b WHERE a + b < 0"

// counted makes a query of it that changes nothing.
const counted = " RETURN count(*) AS n"

// running is a query under way.
type running struct {
	what string
	err  chan error
}

func run(n *apitest.Node, key, what string, request api.Request) *running {
	r := &running{what: what, err: make(chan error, 1)}
	principal, err := n.Service.Authenticate(key)
	if err != nil {
		r.err <- err
		return r
	}
	request.Principal, request.Route, request.ArrivedMs = principal, "POST /cypher", time.Now().UnixMilli()
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), apitest.Patience)
		defer cancel()
		_, err := n.Service.Cypher(ctx, request, &answer{})
		r.err <- err
	}()
	return r
}

// TestDrop_EndsWhatRuns drops a database, then a tenant, under queries that would run for minutes.
func TestDrop_EndsWhatRuns(t *testing.T) {
	c := apitest.Start(t, 3)
	account, key := c.Tenant(t, "ann")
	_, other := c.Tenant(t, "bob")
	leader, follower := c.Leader(t), c.Follower(t)
	for _, n := range c.Nodes {
		apitest.Authenticate(t, n, other)
	}
	if _, err := follower.Service.CreateDatabase(t.Context(), apitest.Authenticate(t, follower, key), "second", nil); err != nil {
		t.Fatal(err)
	}
	queries := func(database string) []*running {
		return []*running{
			run(follower, key, "a local read", api.Request{Query: endless + counted, Database: database, Consistency: api.Local}),
			run(leader, key, "a strong read", api.Request{Query: endless + counted, Database: database}),
			run(follower, key, "a forwarded write", api.Request{Query: endless + " CREATE (:Never)", Database: database}),
		}
	}
	cases := []struct {
		what, database string
		drop           func() error
	}{
		{"database", "second", func() error {
			return leader.Service.DropDatabase(t.Context(), apitest.Authenticate(t, leader, key), "second", nil)
		}},
		{"tenant", "", func() error {
			return leader.Service.DeleteTenant(t.Context(), c.Operator(t, leader), account.ID.String())
		}},
	}
	survivor := run(follower, other, "another tenant's read", api.Request{Query: endless + counted, Consistency: api.Local, Timeout: 4 * time.Second})
	for _, one := range cases {
		started := queries(one.database)
		must(t, follower, other, "CREATE (:Beside)") // they have begun by now, or will find nothing to begin on
		if err := one.drop(); err != nil {
			t.Fatal(err)
		}
		for _, r := range started {
			select {
			case err := <-r.err:
				if code(err) != api.CodeNotFound {
					t.Errorf("%s dropped: %s ended with %v", one.what, r.what, err)
				}
			case <-time.After(3 * time.Second):
				t.Errorf("%s dropped: %s goes on", one.what, r.what)
			}
		}
	}
	if err := <-survivor.err; code(err) != api.CodeQueryLimitExceeded {
		t.Errorf("another tenant's read: %v", err)
	}
}
