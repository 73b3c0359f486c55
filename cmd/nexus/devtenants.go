package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/cmd/nexus/client"
	"github.com/hivellm/nexus/cmd/nexus/output"
	"github.com/hivellm/nexus/cmd/nexus/provision"
	"github.com/hivellm/nexus/tenancy"
)

// devTenants are the tenants of a development cluster; the first gets the sample graph.
var devTenants = []string{"acme", "globex"}

// populate makes the tenants, their keys and the sample graph, as far as an earlier run has not, and writes dev.json.
func (d *development) populate(ctx context.Context) error {
	admin, err := client.New(client.Options{Addresses: d.addresses(), Key: d.operator})
	if err != nil {
		return err
	}
	earlier := d.state
	d.state = devState{OperatorKey: d.operator.Reveal(), Hub: d.hub.state()}
	for _, n := range d.nodes {
		d.state.Nodes = append(d.state.Nodes, n.devNodeState)
	}
	for i, name := range devTenants {
		if k := slices.IndexFunc(earlier.Tenants, func(t devTenantState) bool { return t.Name == name }); k >= 0 {
			d.state.Tenants = append(d.state.Tenants, earlier.Tenants[k])
			continue
		}
		made, err := d.makeTenant(ctx, admin, name)
		if err != nil {
			return err
		}
		d.state.Tenants = append(d.state.Tenants, made)
		if i == 0 && !d.options.noSample {
			if err := d.loadSampleOf(ctx, made); err != nil {
				return err
			}
		}
	}
	d.described = true
	return writeDevState(d.dir, d.state)
}

// makeTenant makes a tenant with a key that every node knows, at the hub where there is one.
func (d *development) makeTenant(ctx context.Context, admin *client.Client, name string) (devTenantState, error) {
	if d.hub != nil {
		made := d.hub.tenants[name]
		if err := d.awaitKey(ctx, made); err != nil {
			return made, err
		}
		return nameDevTenant(ctx, admin, made)
	}
	made, err := makeDevTenant(ctx, admin, name)
	if err != nil {
		return made, err
	}
	return made, d.awaitKey(ctx, made)
}

func (d *development) addresses() []string {
	var list []string
	for _, n := range d.nodes {
		list = append(list, n.HTTP)
	}
	return list
}

// makeDevTenant makes a tenant, or finds it when an earlier run ended before it could write dev.json, and gives it a key.
func makeDevTenant(ctx context.Context, admin *client.Client, name string) (devTenantState, error) {
	id, err := devTenantID(ctx, admin, name)
	if err != nil {
		return devTenantState{}, fmt.Errorf("make tenant %s: %w", name, err)
	}
	var key struct {
		Key string `json:"key"`
	}
	if err := admin.Into(ctx, http.MethodPost, "/admin/keys", map[string]string{"tenant_id": id, "name": "dev"}, &key); err != nil {
		return devTenantState{}, fmt.Errorf("make a key for tenant %s: %w", name, err)
	}
	return devTenantState{ID: id, Name: name, Key: key.Key}, nil
}

func devTenantID(ctx context.Context, admin *client.Client, name string) (string, error) {
	var made struct {
		ID string `json:"id"`
	}
	err := admin.Into(ctx, http.MethodPost, "/admin/tenants", map[string]string{"name": name}, &made)
	var problem *client.Problem
	if !errors.As(err, &problem) || problem.Code != api.CodeAlreadyExists {
		return made.ID, err
	}
	all, err := listDevTenants(ctx, admin)
	if err != nil {
		return "", err
	}
	for _, t := range all {
		if t.Name == name {
			return t.ID, nil
		}
	}
	return "", problem
}

// listDevTenants lists all tenants, without keys.
func listDevTenants(ctx context.Context, admin *client.Client) ([]devTenantState, error) {
	var all struct {
		Tenants []devTenantState `json:"tenants"`
	}
	return all.Tenants, admin.Into(ctx, http.MethodGet, "/admin/tenants", nil, &all)
}

// keyPatience bounds the wait until every node knows a new key.
const keyPatience = 10 * time.Second

// awaitKey waits until every node has applied a new key: on a follower that is a heartbeat later.
func (d *development) awaitKey(ctx context.Context, tenant devTenantState) error {
	ctx, cancel := context.WithTimeoutCause(ctx, keyPatience, fmt.Errorf("a node does not know tenant %s's key after %s", tenant.Name, keyPatience))
	defer cancel()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for _, n := range d.nodes {
		node, err := client.New(client.Options{Addresses: []string{n.HTTP}, Key: tenancy.NewSecret(tenant.Key)})
		if err != nil {
			return err
		}
		for {
			if _, err := node.Do(ctx, http.MethodGet, "/health", nil); err == nil {
				break
			}
			select {
			case <-look.C:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	}
	return nil
}

// loadSampleOf writes the sample graph into a tenant's database.
func (d *development) loadSampleOf(ctx context.Context, tenant devTenantState) error {
	// Through the last node: with luck a follower, which forwards.
	addresses := d.addresses()
	slices.Reverse(addresses)
	own, err := client.New(client.Options{Addresses: addresses, Key: tenancy.NewSecret(tenant.Key)})
	if err != nil {
		return err
	}
	return loadSample(ctx, own)
}

// loadSample writes the sample graph, unless there is one.
func loadSample(ctx context.Context, own *client.Client) error {
	var stats struct {
		Nodes uint64 `json:"node_count"`
	}
	if err := own.Into(ctx, http.MethodGet, "/stats", nil, &stats); err != nil {
		return fmt.Errorf("look at the sample's database: %w", err)
	}
	if stats.Nodes > 0 {
		return nil
	}
	if _, err := own.Do(ctx, http.MethodPost, "/cypher", question{Query: sampleGraph}); err != nil {
		return fmt.Errorf("load the sample graph: %w", err)
	}
	return nil
}

// sampleGraph is a small graph of people, teams and the services they look after.
const sampleGraph = `CREATE
  (ada:Person {name: "Ada", joined: 2019}), (grace:Person {name: "Grace", joined: 2020}), (alan:Person {name: "Alan", joined: 2021}),
  (edsger:Person {name: "Edsger", joined: 2021}), (barbara:Person {name: "Barbara", joined: 2023}),
  (storage:Team {name: "storage"}), (edge:Team {name: "edge"}),
  (graphs:Service {name: "graphs", tier: 1}), (billing:Service {name: "billing", tier: 1}), (search:Service {name: "search", tier: 2}),
  (ada)-[:MEMBER_OF {lead: true}]->(storage), (grace)-[:MEMBER_OF]->(storage), (alan)-[:MEMBER_OF]->(edge),
  (edsger)-[:MEMBER_OF {lead: true}]->(edge), (barbara)-[:MEMBER_OF]->(edge),
  (ada)-[:KNOWS {since: 2019}]->(grace), (grace)-[:KNOWS {since: 2020}]->(alan), (alan)-[:KNOWS {since: 2021}]->(edsger),
  (edsger)-[:KNOWS {since: 2023}]->(barbara), (barbara)-[:KNOWS {since: 2023}]->(ada),
  (storage)-[:OWNS]->(graphs), (storage)-[:OWNS]->(search), (edge)-[:OWNS]->(billing),
  (billing)-[:DEPENDS_ON]->(graphs), (search)-[:DEPENDS_ON]->(graphs)`

// describe prints the nodes, the keys and three commands to paste.
func (d *development) describe(ctx context.Context) error {
	admin, err := client.New(client.Options{Addresses: d.addresses(), Key: d.operator})
	if err != nil {
		return err
	}
	var status struct {
		Nodes []struct {
			ID   string `json:"id"`
			Role string `json:"role"`
		} `json:"nodes"`
	}
	if err := admin.Into(ctx, http.MethodGet, "/cluster/status", nil, &status); err != nil {
		return fmt.Errorf("look at the cluster: %w", err)
	}
	table := output.Table{Columns: []string{"node", "http", "role", "pid", "data"}}
	for _, n := range d.nodes {
		role := ""
		for _, s := range status.Nodes {
			if s.ID == n.ID {
				role = s.Role
			}
		}
		table.Rows = append(table.Rows, []string{n.Name, n.HTTP, role, fmt.Sprint(n.Pid), n.Data})
	}
	keys := output.Table{Columns: []string{"tenant", "id", "key"}}
	for _, t := range d.state.Tenants {
		keys.Rows = append(keys.Rows, []string{t.Name, t.ID, t.Key})
	}
	printer := d.program.printer()
	if err := printer.Table(table); err != nil {
		return err
	}
	fmt.Fprintln(d.program.out)
	if err := printer.Table(keys); err != nil {
		return err
	}
	_, err = fmt.Fprint(d.program.out, d.commands())
	return err
}

// commands are three lines to paste: one through each of the first nodes, one for the operator.
func (d *development) commands() string {
	first, last := d.nodes[0], d.nodes[min(1, len(d.nodes)-1)]
	key := d.state.Tenants[0].Key
	curl := func(n *devNode, query string) string {
		return fmt.Sprintf("  curl -s http://%s/cypher -H 'Authorization: Bearer %s' -d '{\"query\": \"%s\"}'\n", n.HTTP, key, query)
	}
	return "\nTry:\n" +
		curl(first, `CREATE (p:Person {name: \"Me\"}) RETURN p`) +
		curl(last, "MATCH (p:Person) RETURN p.name ORDER BY p.name") +
		fmt.Sprintf("  %s cluster status --addr %s --key-file %s\n", commandName(), first.HTTP, filepath.Join(d.dir, provision.FileOperatorKey))
}
