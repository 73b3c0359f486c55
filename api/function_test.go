package api_test

import (
	"errors"
	"testing"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/api/apitest"
	"github.com/hivellm/nexus/tenancy"
)

// A door may ask for a function of its own instead of the plan's, and for reading only; the leader judges by the same.
func TestCypher_AsksForTheDoorsOwnFunction(t *testing.T) {
	t.Parallel()
	c := apitest.Start(t, 3)
	account, _ := c.Tenant(t, "ann")
	leader, follower := c.Leader(t), c.Follower(t)
	key := func(functions ...string) string {
		t.Helper()
		allowed, err := tenancy.OnlyFunctions(functions...)
		if err != nil {
			t.Fatal(err)
		}
		made, err := leader.Service.CreateKey(t.Context(), c.Operator(t, leader), api.KeySpec{
			Tenant: account.ID.String(), Name: "k", Functions: allowed,
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range c.Nodes {
			apitest.Authenticate(t, n, made.Text)
		}
		return made.Text
	}
	tools, queries := key("mcp.write_cypher", "mcp.read_cypher"), key("cypher.write", "cypher.read")
	write, read := tenancy.FunctionMCPWriteCypher, tenancy.FunctionMCPReadCypher
	for _, n := range []*apitest.Node{leader, follower} {
		for _, one := range []struct {
			name, key, query string
			function         tenancy.Function
			readOnly         bool
			want             api.Code
		}{
			{"a tool's write", tools, "CREATE (:A)", write, false, ""},
			{"a tool's read", tools, "MATCH (n) RETURN count(n)", read, true, ""},
			{"a tool's key at /cypher", tools, "CREATE (:A)", tenancy.Function{}, false, api.CodeFunctionNotAllowed},
			{"another key's tool", queries, "CREATE (:A)", write, false, api.CodeFunctionNotAllowed},
			{"a write of a reader", tools, "MATCH (n) SET n.x = 1", read, true, api.CodeBadRequest},
			{"an index of a reader", tools, "CREATE INDEX FOR (a:A) ON (a.x)", read, true, api.CodeBadRequest},
			{"a write behind a union", tools, "RETURN 1 AS x UNION CREATE (a:A) RETURN 2 AS x", read, true, api.CodeBadRequest},
			{"a write in a subquery", tools, "CALL { CREATE (:A) } RETURN 1", read, true, api.CodeBadRequest},
		} {
			_, err := ask(n, one.key, api.Request{Query: one.query, Function: one.function, ReadOnly: one.readOnly})
			var refused *api.Error
			if errors.As(err, &refused); err == nil && one.want != "" || err != nil && (refused == nil || refused.Code != one.want) {
				t.Errorf("%s on %s: %v, want %q", one.name, n.Name, err, one.want)
			}
		}
	}
	if got := must(t, leader, queries, "MATCH (n) RETURN count(n)").text(); got != "[2]" {
		t.Errorf("%s nodes, want those of the two writes", got)
	}
}
