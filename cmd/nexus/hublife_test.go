package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/cmd/nexus/client"
	"github.com/hivellm/nexus/tenancy"
)

// hubMost is what the hub's word may take to every node, from when the hub took it. The promise is a second on a machine
// that has nothing else to do, which one that runs tests has not.
const hubMost = 4 * time.Second

// hubLife DEVJSON: the whole life of a user over the hub of a development cluster: registered, upgraded, given a key with
// a list of functions, usable on every node; suspended, resumed, revoked: refused on every node at once.
func hubLife(ts *testscript.TestScript, _ bool, arguments []string) {
	state := readDev(ts, arguments[0])
	as := func(key string) *client.Client {
		made, err := client.New(client.Options{Addresses: []string{state.Hub.URL}, Key: tenancy.NewSecret(key)})
		ts.Check(err)
		return made
	}
	ctx, cancel := context.WithTimeout(context.Background(), awaitPatience)
	defer cancel()
	var user struct {
		User struct {
			ID string `json:"id"`
		} `json:"user"`
		Token string `json:"access_token"`
	}
	ts.Check(as("").Into(ctx, http.MethodPost, "/api/auth/register", map[string]string{"email": "eve@example.org", "password": "correct horse", "full_name": "Eve"}, &user))
	own, operator := as(user.Token), as(state.Hub.ServiceKey)
	_, err := own.Do(ctx, http.MethodPost, "/api/subscriptions/upgrade", map[string]string{"plan": "pro"})
	ts.Check(err)
	var key struct {
		ID   string `json:"key_id"`
		Text string `json:"access_key"`
	}
	body := map[string]any{"name": "k", "environment": "live", "allowed_functions": []string{"cypher.read", "stats.read"}}
	ts.Check(own.Into(ctx, http.MethodPost, "/v1/access-keys", body, &key))
	everywhere(ctx, ts, state, key.Text, "RETURN 1 AS x", "")
	everywhere(ctx, ts, state, key.Text, "CREATE (n)", api.CodeFunctionNotAllowed)

	change := func(status string) {
		_, err := operator.Do(ctx, http.MethodPatch, "/dev/users/"+user.User.ID, map[string]string{"status": status})
		ts.Check(err)
	}
	change("suspended")
	everywhere(ctx, ts, state, key.Text, "RETURN 1 AS x", api.CodeTenantSuspended)
	change("active")
	everywhere(ctx, ts, state, key.Text, "RETURN 1 AS x", "")
	_, err = own.Do(ctx, http.MethodDelete, "/v1/access-keys/"+key.ID, nil)
	ts.Check(err)
	everywhere(ctx, ts, state, key.Text, "RETURN 1 AS x", api.CodeInvalidToken)
}

// everywhere waits until each node answers a query of a key with a code, "" for none.
func everywhere(ctx context.Context, ts *testscript.TestScript, state devState, key, query string, want api.Code) {
	began := time.Now()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for _, n := range state.Nodes {
		node, err := client.New(client.Options{Addresses: []string{n.HTTP}, Key: tenancy.NewSecret(key)})
		ts.Check(err)
		for {
			_, err := node.Do(ctx, http.MethodPost, "/cypher", map[string]string{"query": query})
			var problem *client.Problem
			if err == nil && want == "" || errors.As(err, &problem) && problem.Code == want {
				break
			}
			select {
			case <-look.C:
			case <-ctx.Done():
				ts.Fatalf("node %s answers %v, not %q", n.Name, err, want)
			}
		}
	}
	took := time.Since(began)
	ts.Logf("every node answers %q after %s", want, took)
	if took > hubMost {
		ts.Fatalf("that is longer than %s", hubMost)
	}
}
